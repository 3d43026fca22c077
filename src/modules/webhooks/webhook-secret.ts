import { randomBytes } from 'node:crypto';
import { sha256 } from '../../platform/crypto/index.js';

const PREFIX = 'whsec_';
const MIN_BYTES = 24;
const MAX_BYTES = 64;
const NEW_BYTES = 32;
const DB_SECRET_LABEL = Buffer.from('vouchsafe/v1/webhook-entrance\0');

/** Returns a new signing secret: `whsec_` and 32 random bytes in base64 (Standard Webhooks 1.0.0). */
export function newSecret(): string {
  return PREFIX + randomBytes(NEW_BYTES).toString('base64');
}

/** Returns the key of `whsec_<base64 of 24 to 64 bytes>`. Throws TypeError otherwise, without repeating the secret. */
export function secretKey(secret: string): Buffer {
  const text = secret.startsWith(PREFIX) ? secret.slice(PREFIX.length) : '';
  const key = Buffer.from(text, 'base64');
  if (key.toString('base64') !== text || key.length < MIN_BYTES || key.length > MAX_BYTES) {
    throw new TypeError(`a webhook secret consists of ${PREFIX} and ${MIN_BYTES} to ${MAX_BYTES} bytes in base64`);
  }
  return key;
}

/**
 * Returns the secret with which a source enters the database: SHA-256 of a fixed text and the key. The database stores
 * only its digest, so that read access to the table allows neither signing nor entering.
 */
export function dbSecret(key: Buffer): Buffer {
  return sha256(Buffer.concat([DB_SECRET_LABEL, key]));
}
