import { hkdfSync } from 'node:crypto';
import { assertKey, KEY_BYTES } from './gcm.js';

/**
 * A 32-byte key for one purpose, from a 32-byte key that is never used for that purpose itself
 * (HKDF-SHA256, RFC 5869). Different purposes give independent keys.
 *
 * @param purpose says what the key does, such as `blind-index/people.email`
 * @param salt optional random bytes that make the key unique to one use
 */
export function deriveKey(key: Buffer, purpose: string, salt: Buffer = Buffer.alloc(0)): Buffer {
  assertKey(key);
  if (purpose === '' || !purpose.isWellFormed()) throw new TypeError('a key must be derived for a named purpose');
  return Buffer.from(hkdfSync('sha256', key, salt, `vouchsafe/v1/${purpose}`, KEY_BYTES));
}
