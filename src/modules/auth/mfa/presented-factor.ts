/** Kinds of second factors, as answers and the log name them. */
export type FactorKind = 'totp' | 'passkey' | 'recovery-code';

/** What the user gave to show who they are: exactly one of these. */
export interface FactorInput {
  totp?: string;
  recoveryCode?: string;
  /** The answer of `navigator.credentials.get()` as JSON (WebAuthn level 3, section 5.1.8). */
  passkey?: Record<string, unknown>;
  password?: string;
}

/**
 * What was found right of it, for the database: an `app.presented_factor`. Bytes are what only who unsealed or hashed has.
 */
export type PresentedFactor =
  | { kind: 'totp'; proof: Buffer; step: number }
  | { kind: 'recovery-code'; proof: Buffer; lookup: Buffer }
  | { kind: 'passkey'; proof: Buffer; credentialId: Buffer; counter: number }
  | { kind: 'password'; proof: Buffer };

/** The parameter for the placeholder that {@link presentedFactorParam} writes; null where nothing holds. */
export function presentedFactorValue(shown: PresentedFactor | null): string | null {
  if (shown === null) return null;
  const { credentialId, ...rest } = { credentialId: undefined, ...shown };
  const columns = Object.entries({ ...rest, credential_id: credentialId }).map(([name, value]) => [
    name,
    Buffer.isBuffer(value) ? hex(value) : value,
  ]);
  return JSON.stringify(Object.fromEntries(columns));
}

/** The SQL of what was shown, as the nth parameter of a statement. */
export function presentedFactorParam(n: number): string {
  return `jsonb_populate_record(NULL::app.presented_factor, $${n}::jsonb)`;
}

/** Bytes as JSON carries them to the database. */
export function hex(bytes: Buffer): string {
  return `\\x${bytes.toString('hex')}`;
}
