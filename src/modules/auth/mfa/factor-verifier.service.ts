import { Injectable } from '@nestjs/common';
import { Clock } from '../../../platform/clock/clock.js';
import { Kms } from '../../../platform/crypto/index.js';
import { Problem } from '../../../platform/problem/index.js';
import { hashWithAttempt, Passwords, reserveAttempt, type AttemptReservation } from '../passwords/index.js';
import type { Ceremony } from './challenges.js';
import { FactorsRepository, type Factors } from './factors.repository.js';
import { PasskeyCeremonies } from './passkey-ceremonies.js';
import { normalizeCode } from './recovery-codes.js';
import type { FactorKind, FactorInput, PresentedFactor } from './presented-factor.js';
import { totpStep } from './totp.js';
import { readable, UserKey } from './user-key.js';

/**
 * The result of verifying a factor. `presented` is null when the application has found the factor wrong. Otherwise the
 * database makes the final check.
 */
export interface Proof {
  kind: FactorKind | 'password';
  presented: PresentedFactor | null;
  /** Whether a passkey sent a valid signature with a used counter, which indicates a cloned passkey. */
  copied: boolean;
}

/** Verifies the factor that a user entered. The database then decides whether the factor was used before. */
@Injectable()
export class FactorVerifier {
  constructor(
    private readonly factors: FactorsRepository,
    private readonly ceremonies: PasskeyCeremonies,
    private readonly passwords: Passwords,
    private readonly kms: Kms,
    private readonly clock: Clock,
  ) {}

  /**
   * Reserves one of five attempts and verifies one factor. The caller must have no open transaction, because the
   * reservation must be committed first. Throws `account_locked` after five failed attempts. Throws `sign_in_expired`
   * when the secret is no longer valid. Throws `invalid_request` unless the input has exactly one factor.
   * @param secret the secret of the session or of the pending sign-in
   * @param browser the random cookie that a passkey challenge is bound to
   */
  async verify(
    secret: string,
    { userId, ...factors }: Factors,
    input: FactorInput,
    browser: string | undefined,
  ): Promise<Proof> {
    const kind = kindOf(input);
    const usesKey = kind === 'totp' || kind === 'recovery-code';
    const key = usesKey ? await this.keyOf({ userId, ...factors }) : null;
    const recoveryCode = input.recoveryCode === undefined ? undefined : normalizeCode(input.recoveryCode);
    const lookup = recoveryCode === undefined || key === null ? null : key.lookup(recoveryCode);
    const slowHashed = input.password ?? recoveryCode;
    const reserve = () => this.factors.begin(secret, lookup);
    const { state, hash }: AttemptReservation & { hash?: Buffer | null } =
      slowHashed === undefined
        ? await reserveAttempt(reserve)
        : await hashWithAttempt(this.passwords, reserve, slowHashed);
    if (state === 'expired') throw new Problem('sign_in_expired');
    if (input.passkey !== undefined) return this.verifyPasskey(input.passkey, userId, browser);
    if (input.totp !== undefined) return proof(kind, await this.verifyTotp(key, { userId, ...factors }, input.totp));
    if (kind === 'password') return proof(kind, { kind, proof: hash! });
    return proof(kind, lookup === null ? null : { kind: 'recovery-code', proof: hash!, lookup });
  }

  /** Returns the user's data key, or null if the user has none or it is unreadable. */
  async keyOf({ userId, wrapped }: Pick<Factors, 'userId' | 'wrapped'>): Promise<UserKey | null> {
    return wrapped === null ? null : readable(() => UserKey.unwrap(this.kms, userId, wrapped));
  }

  /**
   * Returns the factor with the time step of the code, or null when the code is wrong or the factor is unreadable.
   * Accepts a code of an unconfirmed factor too.
   */
  async verifyTotp(
    key: UserKey | null,
    { userId, totp }: Pick<Factors, 'userId' | 'totp'>,
    code: string,
  ): Promise<PresentedFactor | null> {
    if (key === null || totp === null) return null;
    const opened = await readable(() => key.open('totp_factors', userId, totp));
    const step = opened === null ? null : totpStep(opened.secret, code, this.clock.seconds());
    return opened === null || step === null ? null : { kind: 'totp', proof: opened.proof, step };
  }

  private async verifyPasskey(
    answer: Record<string, unknown>,
    userId: string,
    browser: string | undefined,
  ): Promise<Proof> {
    try {
      if (browser === undefined) return proof('passkey', null);
      const ceremony: Ceremony = { purpose: 'prove', browser, userId };
      const { presented, counterBefore } = await this.ceremonies.verifyAssertion(answer, ceremony);
      return { kind: 'passkey', presented, copied: counterBefore > 0 && presented.counter <= counterBefore };
    } catch (error) {
      if (error instanceof Problem && error.code === 'passkey_verification_failed') return proof('passkey', null);
      throw error;
    }
  }
}

function proof(kind: Proof['kind'], presented: PresentedFactor | null): Proof {
  return { kind, presented, copied: false };
}

/** Returns the kind of the factor in the input. Throws `invalid_request` unless the input has exactly one factor. */
function kindOf({ totp, recoveryCode, passkey, password }: FactorInput): Proof['kind'] {
  const kinds = Object.entries({ totp, 'recovery-code': recoveryCode, passkey, password })
    .filter(([, value]) => value !== undefined)
    .map(([kind]) => kind);
  if (kinds.length !== 1) throw new Problem('invalid_request', { detail: 'Provide exactly one factor.' });
  return kinds[0] as Proof['kind'];
}

/** Returns the kinds of factors that a user has. */
export function methodsOf({ totpConfirmedAt, passkeys, recoveryCodes }: Factors): FactorKind[] {
  const methods: [FactorKind, boolean][] = [
    ['totp', totpConfirmedAt !== null],
    ['passkey', passkeys.length > 0],
    ['recovery-code', recoveryCodes > 0],
  ];
  return methods.filter(([, has]) => has).map(([kind]) => kind);
}
