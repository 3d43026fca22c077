import { crc32 } from 'node:zlib';
import { randomToken } from '../crypto/token.js';

const SUM = 6;
const RANDOM = 43;
const RECOGNIZED = 6;
const URL_SAFE = /^[\w-]+$/;

/**
 * A new secret for machines: what tells its kind (`vs_`, `vs_scim_`), 256 random bits in base64url (43 characters), and
 * the
 * CRC-32 (ISO/IEC 3309) of all that in base64url (6 characters). The sum tells a typo, and a scanner that it found a
 * secret,
 * before anybody is asked.
 */
export function newSecret(kind: string): string {
  const random = randomToken(kind);
  return random + checkOf(random);
}

/** Whether a text is a secret of a kind as we make them; not whether anybody has it. */
export function isSecret(kind: string, text: string): boolean {
  return (
    text.startsWith(kind) &&
    text.length === kind.length + RANDOM + SUM &&
    URL_SAFE.test(text) &&
    checkOf(text.slice(0, -SUM)) === text.slice(-SUM)
  );
}

/** The beginning of a secret, by which its owner recognizes it: 36 of its 256 bits. */
export function secretPrefix(kind: string, secret: string): string {
  return secret.slice(0, kind.length + RECOGNIZED);
}

/** The secret of a kind in an Authorization header (RFC 6750 section 2.1); undefined for anything else. */
export function bearerSecret(kind: string, authorization: string): string | undefined {
  const [scheme = '', secret = '', ...rest] = authorization.split(' ');
  return scheme.toLowerCase() === 'bearer' && rest.length === 0 && isSecret(kind, secret) ? secret : undefined;
}

function checkOf(text: string): string {
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(text));
  return sum.toString('base64url');
}
