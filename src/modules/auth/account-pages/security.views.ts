import { alert, field, hidden, html, markup, page } from '../../../platform/pages/index.js';
import { passkeyBox } from './passkey-box.js';

/** The user's enrolled factors. */
export interface SecurityView {
  readonly totpConfirmedAt: Date | null;
  readonly recoveryCodesLeft: number;
  readonly passkeys: readonly { readonly name: string; readonly createdAt: Date }[];
}

const CODE_INPUT = html`inputmode="numeric" autocomplete="one-time-code" pattern="[0-9]{6}" maxlength="6" required
  autofocus`;
const PASSWORD_INPUT = html`type="password" autocomplete="current-password" maxlength="1000" required autofocus`;

const formatDate = (at: Date) => at.toISOString().slice(0, 10);

export function securityPage({ totpConfirmedAt, recoveryCodesLeft, passkeys }: SecurityView): string {
  return page(
    { title: 'Second factors and passkeys', script: 'passkeys' },
    html`<h2>Authenticator app</h2>
${
  totpConfirmedAt === null
    ? html`<p>An app on your phone shows a new code every 30 seconds.</p>
<form method="post" action="/account/security/totp"><button>Set up an authenticator app</button></form>`
    : html`<p>Set up on ${formatDate(totpConfirmedAt)}. ${recoveryCodesLeft} recovery codes left.</p>`
}
<h2>Passkeys</h2>
${
  passkeys.length > 0 &&
  html`<ul>${passkeys.map(({ name, createdAt }) => html`<li>${name}, added on ${formatDate(createdAt)}</li>`)}</ul>`
}
${passkeyBox('add', '/account/security', 'Add a passkey')}
<noscript><p>Passkeys need JavaScript.</p></noscript>
<p><a href="/account">Back to your account</a></p>`,
  );
}

/**
 * Returns the page that enrolls an authenticator app. `secret` is its key in base32. `picture` is the QR code as SVG;
 * the page that follows a wrong code has none.
 */
export function totpPage({ secret, picture, problem }: { secret: string; picture?: string; problem?: string }): string {
  return page(
    { title: 'Set up an authenticator app' },
    html`${alert(problem)}
${
  picture !== undefined &&
  html`<p>Scan this code with the app, or enter the key.</p>
<div role="img" aria-label="QR code of the key below">${markup(picture)}</div>`
}
<p class="code" id="key">${secret.replaceAll(/(.{4})/g, '$1 ').trim()}</p>
<form method="post" action="/account/security/totp/confirm">
${field('Code from the app', 'code', CODE_INPUT, problem !== undefined)}
${hidden({ secret })}
<button>Confirm</button>
</form>`,
  );
}

export function recoveryCodesPage(codes: readonly string[]): string {
  return page(
    { title: 'Your recovery codes' },
    html`<p>Use a recovery code to sign in when your other factors are not available. Each code works once.</p>
<p>We show the codes only now. Store them in a safe place.</p>
<ul class="code">${codes.map((code) => html`<li>${code}</li>`)}</ul>
<p><a class="button" href="/account/security">I have saved the codes</a></p>`,
  );
}

/** Returns the page that asks the user for a factor or the password before a sensitive action. */
export function stepUpPage({
  returnTo,
  problem,
  hasFactor,
  passkeys,
}: {
  returnTo: string;
  problem?: string;
  hasFactor: boolean;
  passkeys: boolean;
}): string {
  return page(
    { title: 'Confirm your identity', script: 'passkeys' },
    html`${alert(problem)}
<p>This action requires you to confirm your identity again.</p>
${passkeys && passkeyBox('step-up', returnTo, 'Use a passkey')}
<form method="post" action="/account/step-up">
${
  hasFactor
    ? field('Code from your authenticator app', 'totp', CODE_INPUT, problem !== undefined)
    : field('Password', 'password', PASSWORD_INPUT, problem !== undefined)
}
${hidden({ returnTo })}
<button>Continue</button>
</form>`,
  );
}
