import type { Request } from 'express';
import type { AppConfig } from '../config/app.config.js';
import { hasBody, isJson } from './body.js';
import { Problem } from '../problem/problem.js';

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Rejects a mutating request that another site can have sent. `Sec-Fetch-Site` and `Origin`, if present, must name the
 * application's origin. Without `Origin`, a body must be JSON, which a foreign form cannot send: browsers send the
 * origin with every form (Fetch, "append a request `Origin` header"). This protects sessions, and sign-in: otherwise
 * another site could sign the user in to an account of its choice (login CSRF). Throws csrf_check_failed.
 */
export function assertSameOrigin(request: Request, app: AppConfig): void {
  if (SAFE_METHODS.has(request.method)) return;
  assertNotFromElsewhere(request);
  const { origin } = request.headers;
  if (origin !== undefined && !isOwnForm(request, app)) throw new Problem('csrf_check_failed');
  if (origin === undefined && hasBody(request) && !isJson(request.headers))
    throw new Problem('csrf_check_failed', { detail: 'the body must be JSON' });
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
