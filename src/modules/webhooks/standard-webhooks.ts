import { timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { hmac } from '../../platform/crypto/index.js';

/** The maximum difference between a timestamp and the current time, in both directions. */
export const TOLERANCE_SECONDS = 300;

/** Without a full stop, the separator of the signed text: `a.1` + `2` and `a` + `1.2` would be the same bytes. */
const MESSAGE_ID = /^[A-Za-z0-9_:+/=~-]{1,255}$/;
const TIMESTAMP = /^(?:0|[1-9]\d{0,11})$/;
const SIGNATURE = /^v\d{1,2}[a-z]?,[A-Za-z0-9+/]{1,512}={0,2}$/;
const MAX_SIGNATURES = 10;
const VERSION = 'v1,';

/** The headers of a delivery, syntactically valid and not yet verified. */
export interface MessageHeaders {
  readonly id: string;
  /** Unix time in seconds as text, because the signature covers the digits. */
  readonly timestamp: string;
  readonly signatures: readonly string[];
}

/**
 * Reads `webhook-id`, `webhook-timestamp` and `webhook-signature` (Standard Webhooks 1.0.0, "Webhook headers").
 * Returns undefined when one is missing, repeated, or malformed. It does not trim or guess.
 */
export function readHeaders(headers: IncomingHttpHeaders): MessageHeaders | undefined {
  const id = headers['webhook-id'];
  const timestamp = headers['webhook-timestamp'];
  const list = headers['webhook-signature'];
  if (typeof id !== 'string' || typeof timestamp !== 'string' || typeof list !== 'string') return undefined;
  const signatures = list.split(' ');
  const wellFormed =
    MESSAGE_ID.test(id) &&
    TIMESTAMP.test(timestamp) &&
    signatures.length <= MAX_SIGNATURES &&
    signatures.every((one) => SIGNATURE.test(one));
  return wellFormed ? { id, timestamp, signatures } : undefined;
}

/** Returns whether a timestamp is within the tolerance before or after the current time. */
export function isTimely({ timestamp }: MessageHeaders, nowSeconds: number): boolean {
  return Math.abs(Number(timestamp) - nowSeconds) <= TOLERANCE_SECONDS;
}

/** Returns `v1,` and the base64 HMAC-SHA256 over `id.timestamp.body`, with the received bytes of the body. */
export function signature(
  key: Buffer,
  { id, timestamp }: Pick<MessageHeaders, 'id' | 'timestamp'>,
  body: Buffer,
): string {
  return VERSION + hmac(key, `${id}.${timestamp}.`, body).toString('base64');
}

/**
 * Returns the first secret for which a signature is valid; undefined when there is none. It ignores signatures of other
 * versions. It compares every secret with every signature, so that the time reveals nothing.
 */
export function signedBy<S extends { readonly key: Buffer }>(
  secrets: readonly S[],
  headers: MessageHeaders,
  body: Buffer,
): S | undefined {
  const given = headers.signatures.map((one) => Buffer.from(one));
  let found: S | undefined;
  for (const secret of secrets) {
    const expected = Buffer.from(signature(secret.key, headers, body));
    for (const one of given) {
      if (one.length === expected.length && timingSafeEqual(one, expected)) found ??= secret;
    }
  }
  return found;
}
