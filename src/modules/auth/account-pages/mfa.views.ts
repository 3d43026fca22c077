import { alert, field, hidden, html, page } from '../../../platform/pages/index.js';
import type { FactorKind } from '../mfa/index.js';
import { passkeyBox } from './passkey-box.js';
import type { SignInView } from './sign-in.views.js';

/** The attributes of a field for a code of an authenticator app. */
export const CODE_INPUT = html`inputmode="numeric" autocomplete="one-time-code" pattern="[0-9]{6}" maxlength="6"
required autofocus`;

/** Returns the last page of a sign-in, with a form for each kind of factor that the user has. */
export function mfaPage({ methods, returnTo, problem }: SignInView & { methods: readonly FactorKind[] }): string {
  const action = '/sign-in/mfa';
  return page(
    { title: 'Second factor', script: 'passkeys' },
    html`${alert(problem)}
${methods.includes('passkey') && passkeyBox('mfa', returnTo, 'Use a passkey')}
${
  methods.includes('totp') &&
  html`<form method="post" action="${action}">
${field('Code from your authenticator app', 'totp', CODE_INPUT, problem !== undefined)}
<label class="check">
<input type="checkbox" name="rememberDevice" value="on"> Remember this device, if your organization allows it
</label>
${hidden({ returnTo })}
<button>Continue</button>
</form>`
}
${
  methods.includes('recovery-code') &&
  html`<details${!methods.includes('totp') && html` open`}><summary>Use a recovery code</summary>
<form method="post" action="${action}">
${field('Recovery code', 'recoveryCode', html`autocomplete="off" maxlength="40" required`)}
${hidden({ returnTo })}
<button class="second">Continue</button>
</form></details>`
}
<p><a href="/sign-in">Start again</a></p>`,
  );
}
