import { randomBytes } from 'node:crypto';
import { generateURI, ScureBase32Plugin, verifySync } from 'otplib';

/** 160 bits, as RFC 4226 section 4 recommends. */
const SECRET_BYTES = 20;
const STEP_SECONDS = 30;
const ISSUER = 'Vouchsafe';
const base32 = new ScureBase32Plugin();

/** Returns a new secret of 20 bytes. */
export function newTotpSecret(): Buffer {
  return randomBytes(SECRET_BYTES);
}

/** Returns the secret for manual entry: base32 (RFC 4648) without padding. */
export function totpText(secret: Buffer): string {
  return base32.encode(secret, { padding: false });
}

/** Returns the `otpauth:` URI that authenticator apps read from a QR code. */
export function totpUri(secret: Buffer, email: string): string {
  return generateURI({ issuer: ISSUER, label: email, secret: totpText(secret) });
}

/**
 * Returns the time step of a code (RFC 6238, SHA-1, 6 digits, 30 seconds). Accepts the current, the previous, and the
 * next step; returns null for any other code.
 * @param seconds the time since the Unix epoch
 */
export function totpStep(secret: Buffer, code: string, seconds: number): number | null {
  if (!/^\d{6}$/.test(code)) return null;
  const result = verifySync({ secret, token: code, epoch: seconds, epochTolerance: STEP_SECONDS });
  return result.valid ? Math.floor(seconds / STEP_SECONDS) + result.delta : null;
}
