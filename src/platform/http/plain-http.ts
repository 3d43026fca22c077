import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { Problem } from '../problem/problem.js';
import { isSecure, type Trust } from './client-ip.js';

/**
 * Rejects requests without TLS. The proxy reports TLS in `X-Forwarded-Proto`. GET requests to /health/ are allowed,
 * because local probes use plain HTTP.
 */
export function refusePlainHttp(trust: Trust): RequestHandler {
  return (request: Request, _response: Response, next: NextFunction) => {
    if (isSecure(request, trust) || (request.path.startsWith('/health/') && request.method === 'GET')) return next();
    next(new Problem('forbidden', { detail: 'use https' }));
  };
}
