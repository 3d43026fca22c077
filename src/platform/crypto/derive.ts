import { hkdfSync } from 'node:crypto';
import { assertKey, KEY_BYTES } from './gcm.js';

/**
 * Derives a 32-byte key for one purpose from a 32-byte parent key (HKDF-SHA256, RFC 5869). Keys for different purposes
 * are independent.
 *
 * @param purpose names the use of the key, such as `blind-index/people.email`
 * @param salt optional random bytes that make the key unique to one use
 */
export function deriveKey(key: Buffer, purpose: string, salt: Buffer = Buffer.alloc(0)): Buffer {
  assertKey(key);
  if (purpose === '' || !purpose.isWellFormed()) throw new TypeError('a key must be derived for a named purpose');
  return Buffer.from(hkdfSync('sha256', key, salt, `vouchsafe/v1/${purpose}`, KEY_BYTES));
}
