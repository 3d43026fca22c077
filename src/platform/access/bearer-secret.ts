import { crc32 } from 'node:zlib';
import { randomToken } from '../crypto/token.js';

const CHECKSUM_LENGTH = 6;
const RANDOM_LENGTH = 43;
const PREFIX_LENGTH = 6;
const URL_SAFE = /^[\w-]+$/;

/**
 * Generates a bearer secret: a prefix for its kind (`vs_`, `vs_scim_`), 43 characters of secret, and 6 characters of
 * checksum. The secret is 256 random bits in base64url. The checksum is the CRC-32 (ISO/IEC 3309) of prefix and secret
 * in base64url. It detects typos without a database query and helps secret scanners to avoid false positives.
 */
export function newSecret(kind: string): string {
  const random = randomToken(kind);
  return random + checksumOf(random);
}

/** Returns true if the text has the format and checksum of the kind. It does not check that the secret exists. */
export function isSecret(kind: string, text: string): boolean {
  return (
    text.startsWith(kind) &&
    text.length === kind.length + RANDOM_LENGTH + CHECKSUM_LENGTH &&
    URL_SAFE.test(text) &&
    checksumOf(text.slice(0, -CHECKSUM_LENGTH)) === text.slice(-CHECKSUM_LENGTH)
  );
}

/** Returns the prefix of a secret (36 of its 256 bits), by which its owner recognizes it. */
export function secretPrefix(kind: string, secret: string): string {
  return secret.slice(0, kind.length + PREFIX_LENGTH);
}

/** Returns the secret of an Authorization header (RFC 6750 section 2.1), or undefined. */
export function bearerSecret(kind: string, authorization: string): string | undefined {
  const [scheme = '', secret = '', ...rest] = authorization.split(' ');
  return scheme.toLowerCase() === 'bearer' && rest.length === 0 && isSecret(kind, secret) ? secret : undefined;
}

function checksumOf(text: string): string {
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(text));
  return sum.toString('base64url');
}
