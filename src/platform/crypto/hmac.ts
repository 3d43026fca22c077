import { createHmac, createSecretKey } from 'node:crypto';

/**
 * Returns the HMAC-SHA-256 (RFC 2104, 32 bytes) of the concatenated parts, with text as UTF-8. Node processes a key
 * object several times faster than the same key as bytes.
 */
export function hmac(key: Buffer, ...parts: readonly (Buffer | string)[]): Buffer {
  const mac = createHmac('sha256', createSecretKey(key));
  for (const part of parts) mac.update(part);
  return mac.digest();
}
