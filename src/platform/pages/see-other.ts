import type { Response } from 'express';

/** Redirects with 303, so that the back button does not post the form again. Returns the empty body. */
export function seeOther(response: Response, path: string): string {
  response.status(303).setHeader('Location', path);
  return '';
}
