import { alert, field, html, page, type Html } from '../../../platform/pages/index.js';
import type { LinkView } from '../linking/index.js';
import { CODE_INPUT } from './mfa.views.js';
import { passkeyBox } from './passkey-box.js';

const PAGE = '/sign-in/link';
const PASSWORD_INPUT = html`type="password" autocomplete="current-password" maxlength="1000" required autofocus`;

/** Returns the page that links a single sign-on to an account that exists, at the step that comes next. */
export function linkPage(link: LinkView, problem?: string): string {
  return page(
    { title: link.step === 'confirm' ? 'Link your account' : 'You already have an account', script: 'passkeys' },
    html`${whatHappened(link)}
${alert(problem)}
${link.step === 'password' && passwordStep(link, problem !== undefined)}
${link.step === 'factor' && factorStep(link, problem !== undefined)}
${link.step === 'confirm' && confirmStep(link)}
<p><a href="/sign-in">Do not link. Start again</a></p>`,
  );
}

function whatHappened({ connection, organization, email, providerName, step }: LinkView): Html {
  return html`<p>${connection} signed you in as <strong>${providerName ?? email}</strong>. The organization
${organization} has an account for <strong>${email}</strong> that is not linked to ${connection}.</p>
${
  step !== 'confirm' &&
  html`<p>To link them, prove that the account is yours. If you did not start this sign-in yourself, do not
continue.</p>`
}`;
}

function passwordStep({ email }: LinkView, wrong: boolean): Html {
  return html`<form method="post" action="${PAGE}/proof">
<input type="hidden" name="username" value="${email}" autocomplete="username" disabled>
${field('Password of the account', 'password', PASSWORD_INPUT, wrong)}
<button>Continue</button>
</form>
${passkeyBox('link', PAGE, 'Use a passkey of the account')}`;
}

function factorStep({ methods }: LinkView, wrong: boolean): Html {
  return html`${methods.includes('passkey') && passkeyBox('link', PAGE, 'Use a passkey')}
${
  methods.includes('totp') &&
  html`<form method="post" action="${PAGE}/proof">
${field('Code from your authenticator app', 'totp', CODE_INPUT, wrong)}
<button>Continue</button>
</form>`
}
${
  methods.includes('recovery-code') &&
  html`<details${!methods.includes('totp') && html` open`}><summary>Use a recovery code</summary>
<form method="post" action="${PAGE}/proof">
${field('Recovery code', 'recoveryCode', html`autocomplete="off" maxlength="40" required`)}
<button class="second">Continue</button>
</form></details>`
}`;
}

function confirmStep({ connection, email, name, role, newRole }: LinkView): Html {
  return html`<p>You proved the account of ${name ?? email}. From now on, ${connection} signs you in to this
account.</p>
${
  newRole !== null &&
  newRole !== role &&
  html`<p><strong>Your role changes from ${role} to ${newRole}</strong>, because ${connection} decides the role.</p>`
}
<form method="post" action="${PAGE}/confirm">
<button>Link and sign in</button>
</form>`;
}
