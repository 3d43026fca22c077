import type { Request } from 'express';

const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json\b/i;

/**
 * Returns true if a browser opens the response as a page: a link, a redirect, or a form. Browsers say so in
 * `Sec-Fetch-Mode` (Fetch Metadata). Old browsers ask for HTML, and send neither JSON nor credentials in the
 * Authorization header, as programs do.
 */
export function isNavigation({ headers }: Request): boolean {
  if (headers['sec-fetch-mode'] === 'navigate') return true;
  const isProgram = headers.authorization !== undefined || JSON_TYPE.test(headers['content-type'] ?? '');
  return !isProgram && (headers.accept ?? '').includes('text/html');
}
