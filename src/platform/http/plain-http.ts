import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { Problem } from '../problem/problem.js';

/**
 * Refuses requests that reached us without TLS; the proxy in front tells by `X-Forwarded-Proto`. Probes of this machine
 * pass.
 */
export function refusePlainHttp(): RequestHandler {
  return (request: Request, _response: Response, next: NextFunction) => {
    if (request.secure || (request.path.startsWith('/health/') && request.method === 'GET')) return next();
    next(new Problem('forbidden', { detail: 'use https' }));
  };
}
