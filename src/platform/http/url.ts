import type { NextFunction, Request, Response } from 'express';
import { assertText, decode, parsePairs } from './text.js';

/** Validates the text of path and query before routing and parses the query once. */
export function checkUrl(request: Request, _response: Response, next: NextFunction): void {
  const { url } = request;
  const queryStart = url.indexOf('?');
  assertText(decode(queryStart === -1 ? url : url.slice(0, queryStart)));
  const value = parsePairs(queryStart === -1 ? '' : url.slice(queryStart + 1));
  Object.defineProperty(request, 'query', { value, writable: false, enumerable: true, configurable: true });
  next();
}
