import { html } from './html.js';
import { page } from './layout.js';

/** Returns a page with one message and a link to the next page. */
export function notePage(title: string, text: string, next: { href: string; label: string }): string {
  return page({ title }, html`<p role="status">${text}</p><p><a href="${next.href}">${next.label}</a></p>`);
}
