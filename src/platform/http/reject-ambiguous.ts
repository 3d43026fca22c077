import type { NextFunction, Request, Response } from 'express';
import { Problem } from '../problem/problem.js';

/** Node keeps the first of several. A proxy can keep the last, and then it decides about another request. */
const ONCE = ['host', 'authorization', 'content-type'];

/**
 * Rejects a request that a proxy and this server can understand differently: a repeated header that must occur once
 * (RFC 9110 section 5.3, RFC 9112 section 3.2). Throws invalid_request.
 */
export function rejectAmbiguous({ rawHeaders }: Request, _response: Response, next: NextFunction): void {
  const seen = new Set<string>();
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!.toLowerCase();
    if (!ONCE.includes(name)) continue;
    if (seen.has(name)) {
      const detail = `the header ${name} must occur once`;
      throw new Problem('invalid_request', { detail, headers: { Connection: 'close' } });
    }
    seen.add(name);
  }
  next();
}
