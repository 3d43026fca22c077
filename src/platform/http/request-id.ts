import type { NextFunction, Request, Response } from 'express';
import { newId } from '../clock/id.js';

const ACCEPTED = /^[A-Za-z0-9._-]{8,64}$/;

interface Identified {
  id?: string;
}

/**
 * The first middleware. Keeps a well-formed `X-Request-Id` of the caller or generates an id, and returns it in the
 * response.
 */
export function requestId(request: Request, response: Response, next: NextFunction): void {
  const given = request.headers['x-request-id'];
  const id = typeof given === 'string' && ACCEPTED.test(given) ? given : newId();
  (request as Identified).id = id;
  response.setHeader('X-Request-Id', id);
  next();
}

/** Returns the id of the request, which log lines, problem details, and audit events contain. */
export function requestIdOf(request: Request): string {
  const identified = request as Identified;
  return (identified.id ??= newId());
}
