import { crc32 } from 'node:zlib';
import { randomToken } from '../crypto/token.js';
import { errorDefinition, type ErrorCode } from '../feature/registry.js';
import { Problem } from '../http/problem.js';
import type { Attempt } from './attempt.js';

const KEY = /^vs_[\w-]{49}$/;
const CHECKED = 46;
const RECOGNIZED = 9;

/**
 * A new API key: `vs_`, 256 random bits in base64url (43 characters), and the CRC-32 (ISO/IEC 3309) of all that in
 * base64url (6 characters). The sum tells a typo, and a scanner that it found a key, before anybody is asked.
 */
export function newApiKey(): string {
  const random = randomToken('vs_');
  return random + checkOf(random);
}

/** Whether a text is a key as we make them; not whether anybody has it. */
export function isApiKey(text: string): boolean {
  return KEY.test(text) && checkOf(text.slice(0, CHECKED)) === text.slice(CHECKED);
}

/** The beginning of a key, by which its owner recognizes it: 36 of its 256 bits. */
export function keyPrefix(key: string): string {
  return key.slice(0, RECOGNIZED);
}

/** The key in an Authorization header (RFC 6750 section 2.1); undefined for anything else. */
export function bearerKey(authorization: string): string | undefined {
  const [scheme = '', key = '', ...rest] = authorization.split(' ');
  return scheme.toLowerCase() === 'bearer' && rest.length === 0 && isApiKey(key) ? key : undefined;
}

/** The refusal of a request; where it came with an Authorization header, a 401 names the scheme (RFC 9110 section 11.6.1). */
export function refusalOf({ request }: Pick<Attempt, 'request'>, code: ErrorCode): Problem {
  const named = request.headers.authorization !== undefined && errorDefinition(code).status === 401;
  return new Problem(code, named ? { headers: { 'WWW-Authenticate': 'Bearer' } } : {});
}

function checkOf(text: string): string {
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(text));
  return sum.toString('base64url');
}
