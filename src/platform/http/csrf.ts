import type { Request } from 'express';
import type { AppConfig } from '../config/app.config.js';
import { hasBody } from './body.js';
import { Problem } from '../problem/problem.js';

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Rejects a mutating request that another site can have sent with the session cookie. `Sec-Fetch-Site` and `Origin`, if
 * present, must name the application's origin. Without `Origin`, a body must be JSON, which a foreign form cannot send.
 * Only for requests with the session cookie; signed and bearer requests cannot be forged. Throws csrf_check_failed.
 */
export function assertSameOrigin(request: Request, app: AppConfig): void {
  if (SAFE_METHODS.has(request.method)) return;
  assertNotFromElsewhere(request);
  const { origin } = request.headers;
  if (origin !== undefined && !isOwnForm(request, app)) throw new Problem('csrf_check_failed');
  if (
    origin === undefined &&
    hasBody(request) &&
    !/^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(request.headers['content-type'] ?? '')
  ) {
    throw new Problem('csrf_check_failed', { detail: 'the body must be JSON' });
  }
}

/**
 * Rejects a form that was not posted from the application's own pages. Browsers send the origin with every form (Fetch,
 * "append a request `Origin` header"). This prevents login CSRF, in which another site signs the user in to an account
 * of its choice. Throws csrf_check_failed.
 */
export function assertOwnForm(request: Request, app: AppConfig): void {
  if (!isOwnForm(request, app)) throw new Problem('csrf_check_failed');
}

/** Returns true if a page of the application sent the request. */
export function isOwnForm(request: Request, app: AppConfig): boolean {
  const { origin } = request.headers;
  return origin !== undefined && (origin === app.origin || isOwnHost(origin, request, app));
}

/** Rejects a request to which another site directed the browser. Throws csrf_check_failed. */
export function assertNotFromElsewhere({ headers }: Request): void {
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') throw new Problem('csrf_check_failed');
}

/** Returns true for any host name of the server in development. */
function isOwnHost(origin: string, request: Request, app: AppConfig): boolean {
  return !app.deployed && request.headers.host !== undefined && origin === `http://${request.headers.host}`;
}
