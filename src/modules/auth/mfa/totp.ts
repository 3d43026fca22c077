import { randomBytes } from 'node:crypto';
import { generateURI, ScureBase32Plugin, verifySync } from 'otplib';

/** Of RFC 4226 section 4: 160 bits. */
const SECRET_BYTES = 20;
const STEP_SECONDS = 30;
const ISSUER = 'Vouchsafe';
const base32 = new ScureBase32Plugin();

/** A new secret, 20 bytes. */
export function newTotpSecret(): Buffer {
  return randomBytes(SECRET_BYTES);
}

/** The secret as people type it: base32 (RFC 4648) without padding. */
export function totpText(secret: Buffer): string {
  return base32.encode(secret, { padding: false });
}

/** The `otpauth:` address that authenticators read from a QR code. */
export function totpUri(secret: Buffer, email: string): string {
  return generateURI({ issuer: ISSUER, label: email, secret: totpText(secret) });
}

/**
 * The time step that a code belongs to (RFC 6238, SHA-1, 6 digits, 30 seconds): the present one, the one before or the
 * one
 * after; null for any other code.
 * @param seconds since the Unix epoch
 */
export function totpStep(secret: Buffer, code: string, seconds: number): number | null {
  if (!/^\d{6}$/.test(code)) return null;
  const result = verifySync({ secret, token: code, epoch: seconds, epochTolerance: STEP_SECONDS });
  return result.valid ? Math.floor(seconds / STEP_SECONDS) + result.delta : null;
}
