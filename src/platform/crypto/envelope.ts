import { randomBytes } from 'node:crypto';
import { DecryptionFailed } from './errors.js';
import { gcmOpen, gcmSeal, IV_BYTES, TAG_BYTES } from './gcm.js';
import { associatedData, cipherContextLabel, type CipherContext } from './cipher-context.js';

/** Version byte, IV and tag: what sealing adds to the plaintext's length. */
export const SEAL_OVERHEAD = 1 + IV_BYTES + TAG_BYTES;

/** Finds the 32-byte data key of a key version; throws its own error when there is none (any more). */
export type KeyFor = (keyVersion: number) => Buffer;

/** @throws RangeError unless the key version fits the version byte and is not zero */
export function assertKeyVersion(keyVersion: number): void {
  if (!Number.isInteger(keyVersion) || keyVersion < 1 || keyVersion > 255) {
    throw new RangeError('a data key version is a whole number from 1 to 255');
  }
}

/** `seal` with the IV given, so that known answers can be tested. Never call it from elsewhere. */
export function sealWithIv(
  key: Buffer,
  keyVersion: number,
  iv: Buffer,
  plaintext: Buffer | string,
  place: CipherContext,
): Buffer {
  assertKeyVersion(keyVersion);
  if (typeof plaintext === 'string' && !plaintext.isWellFormed()) {
    throw new TypeError('text to seal must be well-formed Unicode: a lone surrogate would not come back the same');
  }
  const bytes = typeof plaintext === 'string' ? Buffer.from(plaintext, 'utf8') : plaintext;
  return Buffer.concat([Buffer.of(keyVersion), iv, gcmSeal(key, iv, bytes, associatedData(place))]);
}

/**
 * Seals a value for one place:
 * version byte (the data key's key version, 1…255) ‖ 96-bit random IV ‖ ciphertext ‖ 16-byte tag,
 * AES-256-GCM with the place as associated data. With random IVs one key is good for 2^32 values
 * (NIST SP 800-38D section 8.3); rotate the data key before that.
 *
 * @throws TypeError on a key, text or place of the wrong form; RangeError on a wrong key version
 */
export function seal(key: Buffer, keyVersion: number, plaintext: Buffer | string, place: CipherContext): Buffer {
  return sealWithIv(key, keyVersion, randomBytes(IV_BYTES), plaintext, place);
}

/** The data key version a sealed value names, before anything is proved about it. */
export function keyVersionOf(sealed: Buffer): number {
  const keyVersion = sealed[0];
  if (keyVersion === undefined || keyVersion === 0) throw new DecryptionFailed('a sealed value');
  return keyVersion;
}

/**
 * Opens what `seal` made, at the same place only.
 *
 * @throws DecryptionFailed when it is damaged, forged, sealed under another key or moved from
 * another place; whatever `keyFor` throws passes through, so that "key destroyed" stays tellable
 */
export function open(keyFor: KeyFor, sealed: Buffer, place: CipherContext): Buffer {
  const what = cipherContextLabel(place);
  const aad = associatedData(place);
  if (sealed.length < SEAL_OVERHEAD || sealed[0] === 0) throw new DecryptionFailed(what);
  const iv = sealed.subarray(1, 1 + IV_BYTES);
  return gcmOpen(keyFor(keyVersionOf(sealed)), iv, sealed.subarray(1 + IV_BYTES), aad, what);
}

/** `open` for values that were sealed from text. */
export function openText(keyFor: KeyFor, sealed: Buffer, place: CipherContext): string {
  return open(keyFor, sealed, place).toString('utf8');
}

/** `seal` for a nullable column: null stays null. */
export function sealNullable(
  key: Buffer,
  keyVersion: number,
  plaintext: Buffer | string | null,
  place: CipherContext,
): Buffer | null {
  return plaintext === null ? null : seal(key, keyVersion, plaintext, place);
}

/** `open` for a nullable column: null stays null. */
export function openNullable(keyFor: KeyFor, sealed: Buffer | null, place: CipherContext): Buffer | null {
  return sealed === null ? null : open(keyFor, sealed, place);
}

/** `openText` for a nullable column: null stays null. */
export function openTextNullable(keyFor: KeyFor, sealed: Buffer | null, place: CipherContext): string | null {
  return sealed === null ? null : openText(keyFor, sealed, place);
}
