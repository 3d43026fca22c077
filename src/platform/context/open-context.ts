import { isIP } from 'node:net';
import type { NextFunction, Request, Response } from 'express';
import { requestIdOf } from '../http/request-id.js';
import { Context, withContext } from './context.js';

/**
 * Opens the request's context, and makes sure that its transaction ends with the connection at the latest. Comes after
 * the body has been read, because the events of a socket do not carry the context along.
 */
export function openContext(request: Request, response: Response, next: NextFunction): void {
  const context = new Context(requestIdOf(request));
  context.ip = addressOf(request);
  context.userAgent = request.headers['user-agent']?.slice(0, 500) ?? null;
  response.once('close', () => void context.transaction?.rollback());
  withContext(context, next);
}

/** The caller's address, without the name of a network interface; null where a proxy reports something else. */
function addressOf({ ip = '' }: Request): string | null {
  const address = ip.split('%')[0]!;
  return isIP(address) === 0 ? null : address;
}
