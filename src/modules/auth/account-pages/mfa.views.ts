import { alert, field, hidden, html, page } from '../../../platform/pages/index.js';
import type { FactorKind } from '../mfa/index.js';
import { passkeyBox } from './passkey-box.js';
import type { Shown } from './sign-in.views.js';

const CODE = html`inputmode="numeric" autocomplete="one-time-code" pattern="[0-9]{6}" maxlength="6" required autofocus`;

/** Last page of a sign-in: whichever second factor one has. */
export function secondFactorPage({ methods, returnTo, problem }: Shown & { methods: readonly FactorKind[] }): string {
  const action = '/sign-in/mfa';
  return page(
    { title: 'Second factor', script: 'passkeys' },
    html`${alert(problem)}
${methods.includes('passkey') && passkeyBox('mfa', returnTo, 'Use a passkey')}
${
  methods.includes('totp') &&
  html`<form method="post" action="${action}">
${field('Code of your authenticator app', 'totp', CODE, problem !== undefined)}
<label class="check"><input type="checkbox" name="rememberDevice" value="on"> Do not ask on this device for a while, where your organization allows it</label>
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
<p><a href="/sign-in">Begin again</a></p>`,
  );
}
