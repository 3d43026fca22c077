import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { Problem } from '../problem/problem.js';

/**
 * Rejects requests without TLS. The proxy reports TLS in `X-Forwarded-Proto`. GET requests to /health/ are allowed,
 * because local probes use plain HTTP.
 */
export function refusePlainHttp(): RequestHandler {
  return (request: Request, _response: Response, next: NextFunction) => {
    if (request.secure || (request.path.startsWith('/health/') && request.method === 'GET')) return next();
    next(new Problem('forbidden', { detail: 'use https' }));
  };
}
