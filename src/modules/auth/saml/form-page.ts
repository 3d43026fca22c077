import { createHash } from 'node:crypto';
import type { OutgoingForm } from './saml-stores.js';

const SUBMIT = 'document.forms[0].submit();';
const SUBMIT_HASH = createHash('sha256').update(SUBMIT).digest('base64');

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

/**
 * A page that posts a form to another host by itself, or by its button where scripts do not run (saml-bindings-2.0-os,
 * section 3.5.4).
 */
export function formPage({ action, fields }: OutgoingForm): string {
  const inputs = Object.entries(fields)
    .map(([name, value]) => `<input type="hidden" name="${escaped(name)}" value="${escaped(value)}">`)
    .join('');
  return (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Continue</title></head><body><form ' +
    `method="post" action="${escaped(action)}">${inputs}` +
    `<p>Your organization's sign-in page is next.</p><button type="submit">Continue</button></form>` +
    `<script>${SUBMIT}</script></body></html>`
  );
}

/**
 * The content security policy of that page: this one script and nothing else. Where the form may go is left open, since
 * browsers hold the rule against every redirect that follows too; the page is ours and holds no other form.
 */
export const FORM_PAGE_POLICY = [
  "default-src 'none'",
  `script-src 'sha256-${SUBMIT_HASH}'`,
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');
