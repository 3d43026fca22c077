import { alert, field, hidden, html, page, type Html } from '../../../platform/pages/index.js';
import { passkeyBox } from './passkey-box.js';

/** A connection that somebody may sign in through. */
export interface SsoChoice {
  readonly name: string;
  readonly loginUrl: string;
}

/** What a sign-in page is told beside its own fields. */
export interface Shown {
  /** Where to go afterwards; a path on this host. */
  readonly returnTo: string;
  readonly problem?: string;
}

export interface MethodShown extends Shown {
  readonly email: string;
  readonly password: boolean;
  readonly connections: readonly SsoChoice[];
  readonly rememberMe?: boolean;
}

/** First page: who are you? */
export function addressPage({ returnTo, problem }: Shown): string {
  return page(
    { title: 'Sign in', script: 'passkeys' },
    html`${alert(problem)}
<form method="get" action="/sign-in">
${field('E-mail address', 'email', html`type="email" autocomplete="username webauthn" maxlength="254" required autofocus`, problem !== undefined)}
${hidden({ returnTo })}
<button>Continue</button>
</form>
${passkeyBox('sign-in', returnTo, 'Sign in with a passkey')}`,
  );
}

/** Second page: the institution's single sign-on, the password, or both, as the address's domain has it. */
export function methodPage({ email, password, connections, returnTo, problem, rememberMe }: MethodShown): string {
  return page(
    { title: 'Sign in' },
    html`<p class="quiet">${email} · <a href="/sign-in?${new URLSearchParams({ returnTo }).toString()}">not you?</a></p>
${alert(problem)}
${connections.map((connection) => html`<a class="button" href="${connection.loginUrl}">Continue with ${connection.name}</a>`)}
${connections.length > 0 && password && html`<h2>Or with a password</h2>`}
${password && passwordForm({ email, returnTo, rememberMe }, problem !== undefined)}`,
  );
}

function passwordForm(
  { email, returnTo, rememberMe = false }: { email: string; returnTo: string; rememberMe?: boolean },
  wrong: boolean,
): Html {
  return html`<form method="post" action="/sign-in/password">
<input type="hidden" name="email" value="${email}" autocomplete="username">
${field('Password', 'password', html`type="password" autocomplete="current-password" maxlength="1000" required autofocus`, wrong)}
<label class="check"><input type="checkbox" name="rememberMe" value="on"${rememberMe && html` checked`}> Stay signed in on this device, where your organization allows it</label>
${hidden({ returnTo })}
<button>Sign in</button>
</form>
<p><a href="/account/forgot">Forgot your password?</a></p>`;
}
