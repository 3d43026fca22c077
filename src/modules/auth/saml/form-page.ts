import { createHash } from 'node:crypto';
import type { OutgoingForm } from './saml-stores.js';

const SUBMIT = 'document.forms[0].submit();';
const SUBMIT_HASH = createHash('sha256').update(SUBMIT).digest('base64');

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

/**
 * Returns a page that posts a form to another host: by a script, or by its button in a browser without scripts
 * (saml-bindings-2.0-os, section 3.5.4).
 */
export function formPage({ action, fields }: OutgoingForm): string {
  const inputs = Object.entries(fields)
    .map(([name, value]) => `<input type="hidden" name="${escaped(name)}" value="${escaped(value)}">`)
    .join('');
  return (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Continue</title></head><body><form ' +
    `method="post" action="${escaped(action)}">${inputs}` +
    `<p>Continue to the sign-in page of your organization.</p><button type="submit">Continue</button></form>` +
    `<script>${SUBMIT}</script></body></html>`
  );
}

const RULES = ["default-src 'none'", `script-src 'sha256-${SUBMIT_HASH}'`, "base-uri 'none'"];

/**
 * The content security policy of that page. It allows this one script only. It has no `form-action`, because browsers
 * also apply that rule to every later redirect. The page contains no other form.
 */
export const FORM_PAGE_POLICY = [...RULES, "frame-ancestors 'none'"].join('; ');

/** Returns the policy of that page for a frame in pages of these origins. */
export function framedFormPolicy(origins: readonly string[]): string {
  return [...RULES, `frame-ancestors ${origins.join(' ')}`].join('; ');
}
