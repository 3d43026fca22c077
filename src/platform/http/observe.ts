import type { NextFunction, Request, RequestHandler, Response } from 'express';
import type { AppLogger } from '../logging/logger.js';
import type { Metrics } from '../telemetry/metrics.js';
import { requestIdOf } from './request-id.js';

/**
 * Writes one log line and one metrics sample per request, when its response was sent or the client disconnected. It
 * records the route pattern instead of the URL, because paths and queries contain ids and personal data.
 */
export function observeRequests(logger: AppLogger, metrics: Metrics): RequestHandler {
  return (request: Request, response: Response, next: NextFunction) => {
    const started = performance.now();
    response.once('close', () => {
      const ms = performance.now() - started;
      const { method } = request;
      const route = routeOf(request);
      const status = response.writableFinished ? response.statusCode : 499;
      metrics.observeRequest({ method, route, status, seconds: ms / 1000 });
      logger.log('request', { requestId: requestIdOf(request), method, route, status, ms: Math.round(ms * 100) / 100 });
    });
    next();
  };
}

function routeOf(request: Request): string {
  const route = request.route as { path?: unknown } | undefined;
  return typeof route?.path === 'string' ? route.path : 'none';
}
