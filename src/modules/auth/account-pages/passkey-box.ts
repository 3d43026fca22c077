import { field, html, type Html } from '../../../platform/pages/index.js';

/** Shown by the script where the browser knows passkeys. `purpose` tells the script what for. */
export function passkeyBox(purpose: 'sign-in' | 'mfa' | 'step-up' | 'add', returnTo: string, label: string): Html {
  return html`<div id="passkey" data-purpose="${purpose}" data-return-to="${returnTo}" hidden>
${purpose === 'add' && field('Name of the passkey', 'passkey-name', html`maxlength="100" value="Passkey"`)}
<button type="button" class="second">${label}</button>
<p role="status"></p>
</div>`;
}
