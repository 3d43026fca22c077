import type { NextFunction, Request, Response } from 'express';
import { assertText, decode, parsePairs } from './text.js';

/** Checks the text of path and query before any route sees them, and parses the query once. */
export function checkUrl(request: Request, _response: Response, next: NextFunction): void {
  const { url } = request;
  const mark = url.indexOf('?');
  assertText(decode(mark === -1 ? url : url.slice(0, mark)));
  const value = parsePairs(mark === -1 ? '' : url.slice(mark + 1));
  Object.defineProperty(request, 'query', { value, writable: false, enumerable: true, configurable: true });
  next();
}
