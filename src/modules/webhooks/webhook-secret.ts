import { randomBytes } from 'node:crypto';
import { sha256 } from '../../platform/crypto/index.js';

const PREFIX = 'whsec_';
const LEAST_BYTES = 24;
const MAX_BYTES = 64;
const NEW_BYTES = 32;
const ENTRANCE = Buffer.from('vouchsafe/v1/webhook-entrance\0');

/**
 * A new signing secret: `whsec_` and 32 random bytes in base64, as the Standard Webhooks specification serializes it.
 */
export function newSecret(): string {
  return PREFIX + randomBytes(NEW_BYTES).toString('base64');
}

/** The key in `whsec_<base64 of 24 to 64 bytes>`; throws TypeError for any other form, without repeating it. */
export function secretKey(secret: string): Buffer {
  const text = secret.startsWith(PREFIX) ? secret.slice(PREFIX.length) : '';
  const key = Buffer.from(text, 'base64');
  if (key.toString('base64') !== text || key.length < LEAST_BYTES || key.length > MAX_BYTES) {
    throw new TypeError(`a webhook secret is ${PREFIX} and ${LEAST_BYTES} to ${MAX_BYTES} bytes in base64`);
  }
  return key;
}

/**
 * What opens the database's entrance for a source: SHA-256 of a fixed text and the key. The database stores only its
 * digest, so that whoever reads the table can neither sign nor enter.
 */
export function dbSecret(key: Buffer): Buffer {
  return sha256(Buffer.concat([ENTRANCE, key]));
}
