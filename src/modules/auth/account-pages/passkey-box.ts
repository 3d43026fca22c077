import { field, html, type Html } from '../../../platform/pages/index.js';

/** Returns a box that the script shows if the browser supports passkeys. `purpose` selects the action of the script. */
export function passkeyBox(
  purpose: 'sign-in' | 'mfa' | 'link' | 'step-up' | 'add',
  returnTo: string,
  label: string,
): Html {
  return html`<div id="passkey" data-purpose="${purpose}" data-return-to="${returnTo}" hidden>
${purpose === 'add' && field('Name of the passkey', 'passkey-name', html`maxlength="100" value="Passkey"`)}
<button type="button" class="second">${label}</button>
<p role="status"></p>
</div>`;
}
