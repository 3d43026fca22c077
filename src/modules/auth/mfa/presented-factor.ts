/** The kinds of second factors in responses and in the audit log. */
export type FactorKind = 'totp' | 'passkey' | 'recovery-code';

/** The factor that the user entered: exactly one of the fields. */
export interface FactorInput {
  totp?: string;
  recoveryCode?: string;
  /** The result of `navigator.credentials.get()` as JSON (WebAuthn level 3, section 5.1.8). */
  passkey?: Record<string, unknown>;
  password?: string;
}

/**
 * A verified factor for the database: an `app.presented_factor`. The proof is available only after the decryption of
 * the stored factor or the hashing of the entered one.
 */
export type PresentedFactor =
  | { kind: 'totp'; proof: Buffer; step: number }
  | { kind: 'recovery-code'; proof: Buffer; lookup: Buffer }
  | { kind: 'passkey'; proof: Buffer; credentialId: Buffer; counter: number }
  | { kind: 'password'; proof: Buffer };

/** Returns the value for the placeholder that {@link presentedFactorParam} writes; null when no factor is valid. */
export function presentedFactorValue(factor: PresentedFactor | null): string | null {
  if (factor === null) return null;
  const { credentialId, ...rest } = { credentialId: undefined, ...factor };
  const columns = Object.entries({ ...rest, credential_id: credentialId }).map(([name, value]) => [
    name,
    Buffer.isBuffer(value) ? hex(value) : value,
  ]);
  return JSON.stringify(Object.fromEntries(columns));
}

/** Returns the SQL expression that reads a presented factor from the nth parameter of a statement. */
export function presentedFactorParam(n: number): string {
  return `jsonb_populate_record(NULL::app.presented_factor, $${n}::jsonb)`;
}

/** Returns bytes in the hex format that Postgres reads from JSON. */
export function hex(bytes: Buffer): string {
  return `\\x${bytes.toString('hex')}`;
}
