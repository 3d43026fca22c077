import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { clientIp, type Trust } from './client-ip.js';
import type { DeviceCookie } from './device-cookie.js';
import { requestIdOf } from './request-id.js';
import type { GeoIp } from '../geoip/index.js';
import { Context, withContext } from '../context/context.js';

/**
 * Opens the context of a request. Rolls back its open transactions when the connection closes. Throws
 * client_ip_unreadable when a trusted proxy does not report an IP.
 */
export function openContext(cookie: DeviceCookie, geoIp: GeoIp, trust: Trust): RequestHandler {
  return (request: Request, response: Response, next: NextFunction) => {
    const ip = clientIp(request, trust);
    const context = new Context({
      requestId: requestIdOf(request),
      ip,
      userAgent: request.headers['user-agent']?.slice(0, 500) ?? null,
      ...cookie.read(request.headers.cookie),
      location: () => geoIp.of(ip),
    });
    response.once('close', () => context.work.transactions.forEach((transaction) => void transaction.rollback()));
    withContext(context, next);
  };
}
