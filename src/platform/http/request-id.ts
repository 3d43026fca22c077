import type { NextFunction, Request, Response } from 'express';
import { newId } from '../clock/id.js';

const ACCEPTED = /^[A-Za-z0-9._-]{8,64}$/;

interface Identified {
  id?: string;
}

/**
 * First of all middleware: takes over the caller's `X-Request-Id` when it is harmless, else makes one; sends it back.
 */
export function requestId(request: Request, response: Response, next: NextFunction): void {
  const given = request.headers['x-request-id'];
  const id = typeof given === 'string' && ACCEPTED.test(given) ? given : newId();
  (request as Identified).id = id;
  response.setHeader('X-Request-Id', id);
  next();
}

/** The id of this request, which log lines, problem details and audit rows share. */
export function requestIdOf(request: Request): string {
  const identified = request as Identified;
  return (identified.id ??= newId());
}
