import type { Response } from 'express';

/**
 * Lets pages of other sites show the response in a frame. The policy must name them in `frame-ancestors`, because
 * `X-Frame-Options` cannot name an origin.
 */
export function allowFrame(response: Response, policy: string): void {
  response.removeHeader('X-Frame-Options');
  response.setHeader('Content-Security-Policy', policy);
}
