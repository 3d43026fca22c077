import { hash, randomBytes, timingSafeEqual } from 'node:crypto';

/**
 * A secret that cannot be guessed: 256 random bits in base64url (43 characters).
 * @param prefix put in front as it is, so that a token found in the wild tells what it is
 */
export function randomToken(prefix = ''): string {
  return prefix + randomBytes(32).toString('base64url');
}

/** The SHA-256 digest, 32 bytes. Text is read as UTF-8. */
export function sha256(data: Buffer | string): Buffer {
  return hash('sha256', data, 'buffer');
}

/**
 * What is stored in place of a token. A plain digest is enough, since 256 random bits cannot be
 * tried out; never use it for anything a person chose or typed from a short list.
 */
export function hashToken(token: string): Buffer {
  return sha256(token);
}

/** Whether two secrets are equal, in a time that tells nothing of where or how much they differ. */
export function constantTimeEqual(a: Buffer | string, b: Buffer | string): boolean {
  return timingSafeEqual(sha256(a), sha256(b));
}
