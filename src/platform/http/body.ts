import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { isUtf8 } from 'node:buffer';
import { Problem } from '../problem/problem.js';
import { readBytes } from './read-bytes.js';
import { assertJson, assertText, parsePairs } from './text.js';

/** Bodies under this path are signed: `req.rawBody` and `req.body` are the received bytes of any content type. */
export const SIGNED_PATH = '/v1/webhooks/';
/** Under these paths, identity providers and the application's pages post HTML forms. */
export const FORM_PATHS = ['/v1/sso/saml/', '/v1/sso/oidc/', '/sign-in', '/account/', '/invites/accept'];
const FORM_LIMIT_BYTES = 512 * 1024;

const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i;
const FORM_TYPE = /^application\/x-www-form-urlencoded\s*(?:;|$)/i;
const OTHER_CHARSET = /;\s*charset\s*=\s*(?!"?utf-8"?\s*(?:;|$))/i;

/** A request with the received bytes, for signature verification. */
export interface SignedRequest extends Request {
  rawBody: Buffer;
}

/**
 * Returns the middleware that parses bodies: strict JSON of at most `limit` bytes; forms and raw bytes only under the
 * paths above. Problems: payload_too_large, unsupported_media_type, malformed_json, invalid_text, invalid_request.
 */
export function bodyParser(limit: number): RequestHandler {
  return (request, _response: Response, next: NextFunction) => {
    if (!hasBody(request)) return next();
    if (request.path.startsWith(SIGNED_PATH)) return read(request, limit, next, keepBytes);
    const type = request.headers['content-type'] ?? '';
    if (JSON_TYPE.test(type)) return read(request, limit, next, parseJson);
    if (FORM_TYPE.test(type) && FORM_PATHS.some((path) => request.path.startsWith(path)))
      return read(request, FORM_LIMIT_BYTES, next, parseForm);
    next(new Problem('unsupported_media_type', { headers: { Connection: 'close' } }));
  };
}

/** Returns true if the request announces at least one byte. */
export function hasBody({ headers }: Request): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
}

function read(
  request: Request,
  limit: number,
  next: NextFunction,
  parse: (bytes: Buffer, request: Request) => unknown,
): void {
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity' || OTHER_CHARSET.test(request.headers['content-type'] ?? '')) {
    return next(new Problem('unsupported_media_type', { headers: { Connection: 'close' } }));
  }
  readBytes(request, limit, (problem, bytes) => {
    if (problem !== undefined) return next(problem);
    try {
      request.body = parse(bytes, request);
    } catch (error) {
      return next(error);
    }
    next();
  });
}

function keepBytes(bytes: Buffer, request: Request): Buffer {
  (request as SignedRequest).rawBody = bytes;
  return bytes;
}

/**
 * Parses strict JSON: an object or array of storable text; returns undefined for an empty body. Throws malformed_json,
 * invalid_text, or invalid_request.
 */
export function parseJson(bytes: Buffer): unknown {
  const text = utf8(bytes);
  if (text === '') return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Problem('malformed_json'); // the message of the parser would quote the body
  }
  if (typeof value !== 'object' || value === null)
    throw new Problem('invalid_request', { detail: 'the body must be a JSON object or array' });
  assertJson(value);
  return value;
}

function parseForm(bytes: Buffer): Record<string, string> {
  const text = utf8(bytes);
  assertText(text);
  return parsePairs(text);
}

function utf8(bytes: Buffer): string {
  if (!isUtf8(bytes)) throw new Problem('invalid_text');
  return bytes.toString('utf8');
}
