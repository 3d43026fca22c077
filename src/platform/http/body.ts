import type { Request } from 'express';
import type { IncomingHttpHeaders } from 'node:http';
import { isUtf8 } from 'node:buffer';
import { MIMEType } from 'node:util';
import { Problem } from '../problem/problem.js';
import { assertBounded } from './json-bounds.js';
import { readBytes } from './read-bytes.js';
import { assertJson, assertText, parsePairs } from './text.js';

/** The body that a route takes. */
export interface BodyRule {
  /**
   * `json`, the default: strict JSON. `form`: an HTML form. `page`: an HTML form or JSON. `signed`: bytes of any
   * content type, unparsed, because a signature covers them.
   */
  readonly format?: 'json' | 'form' | 'page' | 'signed';
  /** The maximum size. Default: BODY_LIMIT_BYTES. */
  readonly maxBytes?: number;
  /** The maximum number of JSON values, see {@link assertBounded}. */
  readonly maxValues?: number;
}

/** For routes without authentication: e-mail address, password, token. */
export const PUBLIC_BODY: BodyRule = { maxBytes: 4 * 1024 };
/** For routes that accept a passkey response: two ids of up to 1023 bytes and an RSA signature in base64url. */
export const PASSKEY_BODY: BodyRule = { maxBytes: 16 * 1024 };
/** For SCIM clients: a group of 5,000 members with up to four values each. */
export const SCIM_BODY: BodyRule = { maxValues: 30_000 };
/** For the server's own pages. A passkey response in a form field has up to 6 KiB. */
export const PAGE_FORM: BodyRule = { format: 'page', maxBytes: 16 * 1024 };

export const DEFAULT_MAX_VALUES = 10_000;

const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json$/;
const PLAIN_JSON = new MIMEType('application/json');
const FORM_TYPE = 'application/x-www-form-urlencoded';
/** Names of UTF-8 (WHATWG Encoding) and of its subset ASCII. */
const UTF8_NAMES: ReadonlySet<string> = new Set(['utf-8', 'utf8', 'us-ascii', 'ascii']);
const BYTE_ORDER_MARK = 0xfeff;

/** A request with the received bytes. */
export interface SignedRequest extends Request {
  rawBody: Buffer;
}

/** Returns true if the request announces at least one byte. */
export function hasBody({ headers }: Request): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
}

/** Returns true if the Content-Type is JSON. */
export function isJson(headers: IncomingHttpHeaders): boolean {
  return isJsonType(mediaTypeOf(headers));
}

/**
 * Reads the body into `rawBody` without parsing it. Returns undefined if there is none. Throws
 * unsupported_media_type, payload_too_large, or invalid_request for a body that ends early.
 */
export function receiveBody(request: Request, rule: BodyRule, defaultMaxBytes: number): Promise<void> | undefined {
  if (!hasBody(request)) return undefined;
  assertMediaType(request.headers, rule);
  return readBytes(request, rule.maxBytes ?? defaultMaxBytes).then((bytes) => {
    (request as SignedRequest).rawBody = bytes;
  });
}

/** Sets `body` from the received bytes. Throws malformed_json, invalid_text, payload_too_large, or invalid_request. */
export function parseBody(request: Request, { format, maxValues }: BodyRule): void {
  const { rawBody: bytes } = request as Partial<SignedRequest>;
  if (bytes === undefined) return;
  if (format === 'signed') request.body = bytes;
  else if (isJson(request.headers)) request.body = parseJson(bytes, maxValues);
  else request.body = parseForm(bytes);
}

/**
 * Parses strict JSON: an object or array of storable text; returns undefined for an empty body. Ignores a byte order
 * mark (RFC 8259 section 8.1). Throws malformed_json, invalid_text, payload_too_large, or invalid_request.
 */
export function parseJson(bytes: Buffer, maxValues = DEFAULT_MAX_VALUES): unknown {
  const text = utf8(bytes);
  if (text === '') return undefined;
  assertBounded(bytes, maxValues);
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

/** Returns the fields of a posted form, also when the access checks failed before it was parsed. */
export function formFields(request: Request): Record<string, unknown> {
  const { body, rawBody } = request as Partial<SignedRequest>;
  if (body !== undefined) return body as Record<string, unknown>;
  if (rawBody === undefined || mediaTypeOf(request.headers)?.essence !== FORM_TYPE) return {};
  try {
    return parseForm(rawBody);
  } catch {
    return {};
  }
}

function parseForm(bytes: Buffer): Record<string, string> {
  const text = utf8(bytes);
  assertText(text);
  return parsePairs(text);
}

/** Decodes UTF-8 without its byte order mark. */
function utf8(bytes: Buffer): string {
  if (!isUtf8(bytes)) throw new Problem('invalid_text');
  const text = bytes.toString('utf8');
  return text.charCodeAt(0) === BYTE_ORDER_MARK ? text.slice(1) : text;
}

function assertMediaType(headers: IncomingHttpHeaders, { format = 'json' }: BodyRule): void {
  const type = mediaTypeOf(headers);
  const charset = type?.params.get('charset')?.toLowerCase() ?? 'utf-8';
  const isForm = type?.essence === FORM_TYPE;
  const expected = {
    json: isJsonType(type),
    form: isForm,
    page: isForm || isJsonType(type),
    signed: true,
  }[format];
  const encoded = (headers['content-encoding'] ?? 'identity') !== 'identity';
  if (!expected || encoded || !UTF8_NAMES.has(charset))
    throw new Problem('unsupported_media_type', { headers: { Connection: 'close' } });
}

function isJsonType(type: MIMEType | undefined): boolean {
  return type !== undefined && JSON_TYPE.test(type.essence);
}

/** Returns the parsed Content-Type, or undefined when it is absent or malformed. */
function mediaTypeOf({ 'content-type': text = '' }: IncomingHttpHeaders): MIMEType | undefined {
  if (text === PLAIN_JSON.essence) return PLAIN_JSON; // most requests
  try {
    return new MIMEType(text);
  } catch {
    return undefined;
  }
}
