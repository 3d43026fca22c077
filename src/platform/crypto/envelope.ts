import { randomBytes } from 'node:crypto';
import { DecryptionFailed } from './errors.js';
import { gcmOpen, gcmSeal, IV_BYTES, TAG_BYTES } from './gcm.js';
import { associatedData, placeName, type Place } from './place.js';

/** Version byte, IV and tag: what sealing adds to the plaintext's length. */
export const SEAL_OVERHEAD = 1 + IV_BYTES + TAG_BYTES;

/** Finds the 32-byte data key of a generation; throws its own error when there is none (any more). */
export type KeyFor = (generation: number) => Buffer;

/** @throws RangeError unless the generation fits the version byte and is not zero */
export function assertGeneration(generation: number): void {
  if (!Number.isInteger(generation) || generation < 1 || generation > 255) {
    throw new RangeError('a data key generation is a whole number from 1 to 255');
  }
}

/** `seal` with the IV given, so that known answers can be tested. Never call it from elsewhere. */
export function sealWithIv(
  key: Buffer,
  generation: number,
  iv: Buffer,
  plaintext: Buffer | string,
  place: Place,
): Buffer {
  assertGeneration(generation);
  if (typeof plaintext === 'string' && !plaintext.isWellFormed()) {
    throw new TypeError('text to seal must be well-formed Unicode: a lone surrogate would not come back the same');
  }
  const bytes = typeof plaintext === 'string' ? Buffer.from(plaintext, 'utf8') : plaintext;
  return Buffer.concat([Buffer.of(generation), iv, gcmSeal(key, iv, bytes, associatedData(place))]);
}

/**
 * Seals a value for one place:
 * version byte (the data key's generation, 1…255) ‖ 96-bit random IV ‖ ciphertext ‖ 16-byte tag,
 * AES-256-GCM with the place as associated data. With random IVs one key is good for 2^32 values
 * (NIST SP 800-38D section 8.3); rotate the data key before that.
 *
 * @throws TypeError on a key, text or place of the wrong form; RangeError on a wrong generation
 */
export function seal(key: Buffer, generation: number, plaintext: Buffer | string, place: Place): Buffer {
  return sealWithIv(key, generation, randomBytes(IV_BYTES), plaintext, place);
}

/** The data key generation a sealed value names, before anything is proved about it. */
export function generationOf(sealed: Buffer): number {
  const generation = sealed[0];
  if (generation === undefined || generation === 0) throw new DecryptionFailed('a sealed value');
  return generation;
}

/**
 * Opens what `seal` made, at the same place only.
 *
 * @throws DecryptionFailed when it is damaged, forged, sealed under another key or moved from
 * another place; whatever `keyFor` throws passes through, so that "key destroyed" stays tellable
 */
export function open(keyFor: KeyFor, sealed: Buffer, place: Place): Buffer {
  const what = placeName(place);
  const aad = associatedData(place);
  if (sealed.length < SEAL_OVERHEAD || sealed[0] === 0) throw new DecryptionFailed(what);
  const iv = sealed.subarray(1, 1 + IV_BYTES);
  return gcmOpen(keyFor(generationOf(sealed)), iv, sealed.subarray(1 + IV_BYTES), aad, what);
}

/** `open` for values that were sealed from text. */
export function openText(keyFor: KeyFor, sealed: Buffer, place: Place): string {
  return open(keyFor, sealed, place).toString('utf8');
}

/** `seal` for a nullable column: null stays null. */
export function sealNullable(
  key: Buffer,
  generation: number,
  plaintext: Buffer | string | null,
  place: Place,
): Buffer | null {
  return plaintext === null ? null : seal(key, generation, plaintext, place);
}

/** `open` for a nullable column: null stays null. */
export function openNullable(keyFor: KeyFor, sealed: Buffer | null, place: Place): Buffer | null {
  return sealed === null ? null : open(keyFor, sealed, place);
}

/** `openText` for a nullable column: null stays null. */
export function openTextNullable(keyFor: KeyFor, sealed: Buffer | null, place: Place): string | null {
  return sealed === null ? null : openText(keyFor, sealed, place);
}
