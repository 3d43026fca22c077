import { hash, randomBytes, timingSafeEqual } from 'node:crypto';

/**
 * Generates a secret of 256 random bits in base64url (43 characters).
 *
 * @param prefix identifies the kind of a token in logs and secret scans
 */
export function randomToken(prefix = ''): string {
  return prefix + randomBytes(32).toString('base64url');
}

/** Returns the SHA-256 digest (32 bytes). Text is encoded as UTF-8. */
export function sha256(data: Buffer | string): Buffer {
  return hash('sha256', data, 'buffer');
}

/**
 * Returns the digest that is stored instead of a token. A plain hash is sufficient, because 256 random bits cannot be
 * enumerated. Do not use it for values that a person chose.
 */
export function hashToken(token: string): Buffer {
  return sha256(token);
}

/** Returns true if two secrets are equal. The time does not depend on their content. */
export function constantTimeEqual(a: Buffer | string, b: Buffer | string): boolean {
  return timingSafeEqual(sha256(a), sha256(b));
}
