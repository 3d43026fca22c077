import { alert, field, hidden, html, page, type Html } from '../../../platform/pages/index.js';
import { passkeyBox } from './passkey-box.js';

/** An SSO connection that the user can sign in through. */
export interface SsoChoice {
  readonly name: string;
  readonly loginUrl: string;
}

/** The data that all sign-in pages share. */
export interface SignInView {
  /** The path on this host to open after sign-in. */
  readonly returnTo: string;
  readonly problem?: string;
}

export interface MethodView extends SignInView {
  readonly email: string;
  readonly password: boolean;
  readonly connections: readonly SsoChoice[];
  readonly rememberMe?: boolean;
}

const EMAIL_INPUT = html`type="email" autocomplete="username webauthn" maxlength="254" required autofocus`;
const PASSWORD_INPUT = html`type="password" autocomplete="current-password" maxlength="1000" required autofocus`;

/** Returns the first page of a sign-in, which asks for the e-mail address. */
export function emailPage({ returnTo, problem }: SignInView): string {
  return page(
    { title: 'Sign in', script: 'passkeys' },
    html`${alert(problem)}
<form method="get" action="/sign-in">
${field('E-mail address', 'email', EMAIL_INPUT, problem !== undefined)}
${hidden({ returnTo })}
<button>Continue</button>
</form>
${passkeyBox('sign-in', returnTo, 'Sign in with a passkey')}`,
  );
}

/** Returns the second page of a sign-in, with the methods of the e-mail domain: SSO, the password, or both. */
export function methodPage({ email, password, connections, returnTo, problem, rememberMe }: MethodView): string {
  return page(
    { title: 'Sign in' },
    html`<p class="quiet">${email} · <a href="${urlOf({ returnTo })}">Not you?</a></p>
${alert(problem)}
${connections.map(({ name, loginUrl }) => html`<a class="button" href="${loginUrl}">Continue with ${name}</a>`)}
${connections.length > 0 && password && html`<h2>Or sign in with a password</h2>`}
${password && passwordForm({ email, returnTo, rememberMe }, problem !== undefined)}
${!password && linkTo('Sign in another way', { email, returnTo, anotherWay: 'yes' })}`,
  );
}

/**
 * Returns the page with the local methods: the password and a passkey. It is the same for all addresses of a domain.
 * The organization decides after the sign-in whether the user may use these methods.
 */
export function anotherWayPage({ email, returnTo }: MethodView): string {
  return page(
    { title: 'Sign in another way', script: 'passkeys' },
    html`<p class="quiet">${email} · <a href="${urlOf({ email, returnTo })}">Back</a></p>
<p>If your organization requires single sign-on, only its owners can sign in here. They need a passkey, or a password
and a second factor.</p>
${passkeyBox('sign-in', returnTo, 'Sign in with a passkey')}
${passwordForm({ email, returnTo }, false)}`,
  );
}

function linkTo(label: string, query: Record<string, string>): Html {
  return html`<p class="quiet"><a href="${urlOf(query)}">${label}</a></p>`;
}

function urlOf(query: Record<string, string>): string {
  return `/sign-in?${new URLSearchParams(query).toString()}`;
}

function passwordForm(
  { email, returnTo, rememberMe = false }: { email: string; returnTo: string; rememberMe?: boolean },
  wrong: boolean,
): Html {
  return html`<form method="post" action="/sign-in/password">
<input type="hidden" name="email" value="${email}" autocomplete="username">
${field('Password', 'password', PASSWORD_INPUT, wrong)}
<label class="check">
<input type="checkbox" name="rememberMe" value="on"${rememberMe && html` checked`}>
Stay signed in on this device, if your organization allows it
</label>
${hidden({ returnTo })}
<button>Sign in</button>
</form>
<p><a href="/account/forgot">Forgot your password?</a></p>`;
}
