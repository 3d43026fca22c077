import { alert, html, page, type Html } from '../../../platform/pages/index.js';
import type { RoleRule, TestResult, TestWarning } from '../sso/index.js';

/** The last test of a connection by the user of the page. */
export interface TestView extends TestResult {
  readonly at: Date;
  readonly passed: boolean;
  readonly reason: string | null;
  /** What an administrator changes; null when no setting removes the reason. */
  readonly advice: string | null;
  readonly warnings: readonly TestWarning[];
}

export interface SsoTestView {
  readonly id: string;
  readonly name: string;
  readonly enabled: boolean;
  /** Whether the provider's data is missing. */
  readonly draft: boolean;
  /** Whether a test has succeeded since the last change of the connection. */
  readonly tested: boolean;
  readonly test: TestView | null;
  /** The last attempts that the server rejected. */
  readonly rejected: readonly {
    readonly at: Date;
    readonly reason: string | null;
    readonly advice: string | null;
    readonly requestId: string;
  }[];
  /** Whether the organization enforces SSO, and whether the user may change that. */
  readonly enforced: boolean;
  readonly mayEnforce: boolean;
  readonly problem?: string;
}

const WARNINGS: Readonly<Record<TestWarning, string>> = {
  email_missing: 'No e-mail address was received. New members need one. Set emailAttribute of the connection.',
  name_missing: 'No name was received. Members get their e-mail address as a name. Set nameAttribute.',
  groups_missing: 'The mapping uses groups, and no group was received. Set groupAttribute, or send groups.',
  default_role_applied: 'No group of the mapping was received, so the default role applied.',
  email_domain_unverified:
    'Your organization has not verified the domain of this address. Existing accounts are not found by their address.',
  own_account_unused:
    'You have not signed in through this connection yourself. Sign in through it once before you enforce it.',
  own_role_differs: 'Your own account would get another role than the one you have now.',
};

const NO_ROLE = 'none: no rule applies, and the sign-in is rejected';

const DRAFT = 'The connection is a draft. Add the data of the identity provider first.';
const DISABLED = 'The connection is disabled. Enable it first.';

const formatTime = (at: Date) => `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`;

/** Returns the page that tests a connection, shows the last test, and then offers to enforce SSO. */
export function ssoTestPage(view: SsoTestView): string {
  const { id, name, enabled, test, problem } = view;
  return page(
    { title: 'Test the connection' },
    html`${alert(problem)}
<p>${name}</p>
${test !== null && resultOf(test)}
${view.rejected.length > 0 && rejections(view)}
<h2>${test === null ? 'Begin a test' : 'Test again'}</h2>
<p>You sign in at the identity provider. The test opens no session and changes no account.</p>
${
  problem !== undefined
    ? html`<p><a href="/sso-test/${id}">Back to the test</a></p>`
    : enabled && !view.draft
      ? html`<form method="post" action="/sso-test/${id}/start"><button>Begin the test</button></form>`
      : html`<p>${view.draft ? DRAFT : DISABLED}</p>`
}
${enforcement(view)}
<p><a href="/account">Back to your account</a></p>`,
  );
}

function resultOf({
  at,
  passed,
  reason,
  advice,
  email,
  name,
  groups,
  attributes,
  role,
  rule,
  warnings,
}: TestView): Html {
  return html`<h2>${passed ? 'The test was successful' : 'The test failed'}</h2>
<p class="quiet">${formatTime(at)}${reason !== null && html`, reason: <span class="code">${reason}</span>`}</p>
${advice !== null && html`<p>${advice}</p>`}
<dl>
<dt>Name</dt><dd>${name ?? 'not received'}</dd>
<dt>E-mail address</dt><dd>${email ?? 'not received'}</dd>
<dt>Groups</dt><dd>${groups.length === 0 ? 'not received' : groups.join(', ')}</dd>
<dt>Role</dt><dd>${role === null ? NO_ROLE : `${role}, ${because(rule)}`}</dd>
</dl>
${
  warnings.length > 0 &&
  html`<h3>Warnings</h3>
<ul>${warnings.map((warning) => html`<li>${WARNINGS[warning]}</li>`)}</ul>`
}
<details><summary>All received attributes</summary>
<ul>${attributes.map((one) => html`<li><span class="code">${one.name}</span>: ${one.values.join(', ')}</li>`)}</ul>
</details>`;
}

function because(rule: RoleRule | null): string {
  if (rule === null || rule.kind === 'default') return 'the default role';
  return rule.kind === 'group' ? `by the group ${rule.group}` : `by ${rule.attribute} = ${rule.value}`;
}

function rejections({ rejected }: SsoTestView): Html {
  return html`<h2>Rejected answers</h2>
<ul>${rejected.map(
    ({ at, reason, advice, requestId }) =>
      html`<li>${formatTime(at)}: <span class="code">${reason}</span> <span class="quiet">${requestId}</span>
${advice !== null && html`<br>${advice}`}</li>`,
  )}</ul>`;
}

function enforcement({ id, tested, enforced, mayEnforce }: SsoTestView): Html {
  if (enforced) return html`<h2>Enforcement</h2><p>Members must sign in through single sign-on.</p>`;
  return html`<h2>Enforce single sign-on</h2>
<p>Members then sign in through the identity provider only. Their sessions by password end. Owners can still sign in
with a password and a second factor, or with a passkey.</p>
${
  !tested
    ? html`<p>Complete a test first. A change of the connection needs a new test.</p>`
    : mayEnforce
      ? html`<form method="post" action="/sso-test/${id}/enforce"><button>Enforce single sign-on</button></form>`
      : html`<p>Ask a member who may change the sign-in policy.</p>`
}`;
}
