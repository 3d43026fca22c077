import { isIP } from 'node:net';
import { parse } from 'cookie';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import type { AppConfig } from '../config/index.js';
import { requestIdOf } from './request-id.js';
import type { GeoIp } from '../geoip/index.js';
import { Context, withContext } from '../context/context.js';

/** As `randomToken` makes them. */
const TOKEN = /^[\w-]{43}$/;

/**
 * Opens the request's context, and makes sure that its transaction ends with the connection at the latest. Comes after
 * the body has been read, because the events of a socket do not carry the context along.
 */
export function openContext(app: AppConfig, places: GeoIp): RequestHandler {
  return (request: Request, response: Response, next: NextFunction) => {
    const ip = addressOf(request);
    const context = new Context({
      requestId: requestIdOf(request),
      ip,
      userAgent: request.headers['user-agent']?.slice(0, 500) ?? null,
      device: deviceOf(request, app.deviceCookieName),
      location: () => places.of(ip),
    });
    response.once('close', () => context.work.transactions.forEach((transaction) => void transaction.rollback()));
    withContext(context, next);
  };
}

/**
 * The token of the device cookie; null for anything that is not one of ours. Other requests' cookies are not taken
 * apart.
 */
function deviceOf({ headers: { cookie } }: Request, name: string): string | null {
  if (cookie === undefined || !cookie.includes(name)) return null;
  const token = parse(cookie)[name];
  return token !== undefined && TOKEN.test(token) ? token : null;
}

/** The caller's address, without the name of a network interface; null where a proxy reports something else. */
function addressOf({ ip = '' }: Request): string | null {
  const address = ip.split('%')[0]!;
  return isIP(address) === 0 ? null : address;
}
