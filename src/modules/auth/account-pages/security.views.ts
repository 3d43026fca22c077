import { alert, field, hidden, html, markup, page } from '../../../platform/pages/index.js';
import { passkeyBox } from './passkey-box.js';

/** What is enrolled. */
export interface SecurityShown {
  readonly totpConfirmedAt: Date | null;
  readonly recoveryCodesLeft: number;
  readonly passkeys: readonly { readonly name: string; readonly createdAt: Date }[];
}

const day = (at: Date) => at.toISOString().slice(0, 10);

export function securityPage({ totpConfirmedAt, recoveryCodesLeft, passkeys }: SecurityShown): string {
  return page(
    { title: 'Second factors and passkeys', script: 'passkeys' },
    html`<h2>Authenticator app</h2>
${
  totpConfirmedAt === null
    ? html`<p>An app on your phone shows a new code every half minute.</p><form method="post" action="/account/security/totp"><button>Set up an authenticator app</button></form>`
    : html`<p>Set up on ${day(totpConfirmedAt)}. ${recoveryCodesLeft} recovery codes left.</p>`
}
<h2>Passkeys</h2>
${passkeys.length > 0 && html`<ul>${passkeys.map(({ name, createdAt }) => html`<li>${name}, added on ${day(createdAt)}</li>`)}</ul>`}
${passkeyBox('add', '/account/security', 'Add a passkey')}
<noscript><p>Passkeys need JavaScript.</p></noscript>
<p><a href="/account">Back to your account</a></p>`,
  );
}

/**
 * The key of an authenticator app (base32), to be confirmed by a code. `picture` is its QR code as SVG, where it was
 * not scanned yet.
 */
export function totpPage({ secret, picture, problem }: { secret: string; picture?: string; problem?: string }): string {
  return page(
    { title: 'Set up an authenticator app' },
    html`${alert(problem)}
${picture !== undefined && html`<p>Scan this with the app, or type the key in.</p><div role="img" aria-label="QR code of the key below">${markup(picture)}</div>`}
<p class="code" id="key">${secret.replaceAll(/(.{4})/g, '$1 ').trim()}</p>
<form method="post" action="/account/security/totp/confirm">
${field('The code that the app shows', 'code', html`inputmode="numeric" autocomplete="one-time-code" pattern="[0-9]{6}" maxlength="6" required autofocus`, problem !== undefined)}
${hidden({ secret })}
<button>Confirm</button>
</form>`,
  );
}

export function recoveryCodesPage(codes: readonly string[]): string {
  return page(
    { title: 'Your recovery codes' },
    html`<p>Each of them works once, when your other factors are not at hand. They are shown this once: keep them where only you find them.</p>
<ul class="code">${codes.map((code) => html`<li>${code}</li>`)}</ul>
<p><a class="button" href="/account/security">I have kept them</a></p>`,
  );
}

/** Asks once more who one is, before something that matters. */
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
    { title: 'Is it still you?', script: 'passkeys' },
    html`${alert(problem)}
<p>What you are about to do needs a fresh proof.</p>
${passkeys && passkeyBox('step-up', returnTo, 'Use a passkey')}
<form method="post" action="/account/step-up">
${
  hasFactor
    ? field(
        'Code of your authenticator app',
        'totp',
        html`inputmode="numeric" autocomplete="one-time-code" pattern="[0-9]{6}" maxlength="6" required autofocus`,
        problem !== undefined,
      )
    : field(
        'Password',
        'password',
        html`type="password" autocomplete="current-password" maxlength="1000" required autofocus`,
        problem !== undefined,
      )
}
${hidden({ returnTo })}
<button>Continue</button>
</form>`,
  );
}
