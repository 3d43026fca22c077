import type { Request } from 'express';
import type { AppConfig } from '../config/app.config.js';
import { hasBody } from './body.js';
import { Problem } from '../problem/problem.js';

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Refuses a changing request that another site may have sent with the user's cookie: `Sec-Fetch-Site` and `Origin`,
 * where the browser gives them, must name our own origin. A body must be JSON, which a foreign form cannot send, unless
 * the browser did name our own origin.
 * For requests authenticated by the session cookie; signed and bearer requests have nothing to forge.
 * Throws csrf_check_failed.
 */
export function assertSameOrigin(request: Request, app: AppConfig): void {
  if (SAFE_METHODS.has(request.method)) return;
  assertNotFromElsewhere(request);
  const { origin } = request.headers;
  if (origin !== undefined && origin !== app.origin && !isOwnHost(origin, request, app))
    throw new Problem('csrf_check_failed');
  if (
    origin === undefined &&
    hasBody(request) &&
    !/^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(request.headers['content-type'] ?? '')
  ) {
    throw new Problem('csrf_check_failed', { detail: 'the body must be JSON' });
  }
}

/**
 * Refuses a form that no page of ours can have sent: browsers name the origin with every form (Fetch, "append a request
 * `Origin` header"), and it must be our own. So nobody is signed in to an account that another site chose.
 * Throws csrf_check_failed.
 */
export function assertOwnForm(request: Request, app: AppConfig): void {
  const { origin } = request.headers;
  if (origin === undefined || (origin !== app.origin && !isOwnHost(origin, request, app)))
    throw new Problem('csrf_check_failed');
}

/** Refuses a request for a page that another site sent the browser to. Throws csrf_check_failed. */
export function assertNotFromElsewhere({ headers }: Request): void {
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') throw new Problem('csrf_check_failed');
}

/** In development the server is reached under several names of this machine. */
function isOwnHost(origin: string, request: Request, app: AppConfig): boolean {
  return !app.deployed && request.headers.host !== undefined && origin === `http://${request.headers.host}`;
}
