import { randomBytes } from 'node:crypto';
import { DecryptionFailed } from './errors.js';
import { gcmOpen, gcmSeal, IV_BYTES, TAG_BYTES } from './gcm.js';
import { associatedData, cipherContextLabel, type CipherContext } from './cipher-context.js';

/** The bytes that sealing adds to the plaintext: version byte, IV, and tag. */
export const SEAL_OVERHEAD = 1 + IV_BYTES + TAG_BYTES;

/** Returns the 32-byte data key of a key version. Throws its own error when the key does not exist or was destroyed. */
export type KeyFor = (keyVersion: number) => Buffer;

/** @throws RangeError unless the key version fits the version byte and is not zero */
export function assertKeyVersion(keyVersion: number): void {
  if (!Number.isInteger(keyVersion) || keyVersion < 1 || keyVersion > 255) {
    throw new RangeError('a data key version is a whole number from 1 to 255');
  }
}

/** `seal` with a given IV, for known-answer tests only. */
export function sealWithIv(
  key: Buffer,
  keyVersion: number,
  iv: Buffer,
  plaintext: Buffer | string,
  context: CipherContext,
): Buffer {
  assertKeyVersion(keyVersion);
  if (typeof plaintext === 'string' && !plaintext.isWellFormed()) {
    throw new TypeError('text to seal must be well-formed Unicode: a lone surrogate would not come back the same');
  }
  const bytes = typeof plaintext === 'string' ? Buffer.from(plaintext, 'utf8') : plaintext;
  return Buffer.concat([Buffer.of(keyVersion), iv, gcmSeal(key, iv, bytes, associatedData(context))]);
}

/**
 * Encrypts a value for one context with AES-256-GCM and the context as associated data.
 * Format: version byte (the version of the data key, 1…255) ‖ 96-bit random IV ‖ ciphertext ‖ 16-byte tag.
 * With random IVs, one key can encrypt 2^32 values (NIST SP 800-38D section 8.3); rotate the data key before that.
 *
 * @throws TypeError for a malformed key, text, or context; RangeError for an invalid key version
 */
export function seal(key: Buffer, keyVersion: number, plaintext: Buffer | string, context: CipherContext): Buffer {
  return sealWithIv(key, keyVersion, randomBytes(IV_BYTES), plaintext, context);
}

/** Returns the key version of a sealed value. The value is not yet authenticated. */
export function keyVersionOf(sealed: Buffer): number {
  const keyVersion = sealed[0];
  if (keyVersion === undefined || keyVersion === 0) throw new DecryptionFailed('a sealed value');
  return keyVersion;
}

/**
 * Decrypts a value of `seal` in the same context.
 *
 * @throws DecryptionFailed when the value is damaged, forged, sealed under another key, or moved from another context.
 * Rethrows the errors of `keyFor`, so that callers can recognize a destroyed key.
 */
export function open(keyFor: KeyFor, sealed: Buffer, context: CipherContext): Buffer {
  const what = cipherContextLabel(context);
  const aad = associatedData(context);
  if (sealed.length < SEAL_OVERHEAD || sealed[0] === 0) throw new DecryptionFailed(what);
  const iv = sealed.subarray(1, 1 + IV_BYTES);
  return gcmOpen(keyFor(keyVersionOf(sealed)), iv, sealed.subarray(1 + IV_BYTES), aad, what);
}

/** `open` for text values. */
export function openText(keyFor: KeyFor, sealed: Buffer, context: CipherContext): string {
  return open(keyFor, sealed, context).toString('utf8');
}

/** `seal` for a nullable column: null stays null. */
export function sealNullable(
  key: Buffer,
  keyVersion: number,
  plaintext: Buffer | string | null,
  context: CipherContext,
): Buffer | null {
  return plaintext === null ? null : seal(key, keyVersion, plaintext, context);
}

/** `open` for a nullable column: null stays null. */
export function openNullable(keyFor: KeyFor, sealed: Buffer | null, context: CipherContext): Buffer | null {
  return sealed === null ? null : open(keyFor, sealed, context);
}

/** `openText` for a nullable column: null stays null. */
export function openTextNullable(keyFor: KeyFor, sealed: Buffer | null, context: CipherContext): string | null {
  return sealed === null ? null : openText(keyFor, sealed, context);
}
