import { parse } from 'cookie';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import type { AppConfig } from '../config/index.js';
import { clientIp, type Trust } from './client-ip.js';
import { requestIdOf } from './request-id.js';
import type { GeoIp } from '../geoip/index.js';
import { Context, withContext } from '../context/context.js';

/** The format of `randomToken`. */
const TOKEN = /^[\w-]{43}$/;

/**
 * Opens the context of a request. Rolls back its open transactions when the connection closes. Throws
 * client_ip_unreadable when a trusted proxy does not report an IP.
 */
export function openContext(app: AppConfig, geoIp: GeoIp, trust: Trust): RequestHandler {
  return (request: Request, response: Response, next: NextFunction) => {
    const ip = clientIp(request, trust);
    const context = new Context({
      requestId: requestIdOf(request),
      ip,
      userAgent: request.headers['user-agent']?.slice(0, 500) ?? null,
      device: deviceOf(request, app.deviceCookieName),
      location: () => geoIp.of(ip),
    });
    response.once('close', () => context.work.transactions.forEach((transaction) => void transaction.rollback()));
    withContext(context, next);
  };
}

/**
 * Returns the token of the device cookie, or null if it is malformed. Parses the cookies only if the header contains
 * the name.
 */
function deviceOf({ headers: { cookie } }: Request, name: string): string | null {
  if (cookie === undefined || !cookie.includes(name)) return null;
  const token = parse(cookie)[name];
  return token !== undefined && TOKEN.test(token) ? token : null;
}
