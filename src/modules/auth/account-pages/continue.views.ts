import { html, page } from '../../../platform/pages/index.js';

/**
 * Returns a page from which the browser continues at the identity provider at once. A redirect would not work: the
 * policy `form-action 'self'` also applies to the redirect after a form (Content Security Policy Level 3, section
 * 6.4.1).
 */
export function continuePage(title: string, sentence: string, url: string): string {
  return page(
    { title, continueAt: url },
    html`<p role="status">${sentence}</p>
<p><a class="button" href="${url}">Continue</a></p>`,
  );
}
