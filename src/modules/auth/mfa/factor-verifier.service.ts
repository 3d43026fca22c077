import { Injectable } from '@nestjs/common';
import { Clock } from '../../../platform/clock/clock.js';
import { Kms } from '../../../platform/crypto/index.js';
import { Problem } from '../../../platform/problem/index.js';
import { hashWithAttempt, Passwords, reserveAttempt, type AttemptReservation } from '../passwords/index.js';
import { FactorsRepository, type Factors } from './factors.repository.js';
import { PasskeyCeremonies } from './passkey-ceremonies.js';
import { meantCode } from './recovery-codes.js';
import type { FactorKind, FactorInput, PresentedFactor } from './presented-factor.js';
import { totpStep } from './totp.js';
import { UserKey } from './user-key.js';

/** What became of a proof: what it shows, nothing where it is wrong. */
export interface Proof {
  kind: FactorKind | 'password';
  shown: PresentedFactor | null;
  /** A passkey answered rightly with a count that has been seen: there is a copy of it. */
  copied: boolean;
}

/** Finds out whether what somebody gave shows who they are; the database then decides whether it still counts. */
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
   * Takes one of five tries and evaluates one proof. No transaction may be open: the try is durable before.
   * @param secret of the session, or of the sign-in under way
   * @param browser the random cookie that a passkey's challenge is bound to
   * Throws invalid_request unless exactly one proof is given, account_locked, sign_in_expired.
   */
  async evaluate(
    secret: string,
    { userId, ...factors }: Factors,
    given: FactorInput,
    browser: string | undefined,
  ): Promise<Proof> {
    const kind = kindOf(given);
    const key = factors.wrapped === null ? null : await UserKey.unwrap(this.kms, userId, factors.wrapped);
    const lookup = given.recoveryCode === undefined || key === null ? null : key.lookup(meantCode(given.recoveryCode));
    const slow = given.password ?? (given.recoveryCode === undefined ? undefined : meantCode(given.recoveryCode));
    const begin = () => this.factors.begin(secret, lookup);
    const { state, evaluated }: AttemptReservation & { evaluated?: Buffer | null } =
      slow === undefined ? await reserveAttempt(begin) : await hashWithAttempt(this.passwords, begin, slow);
    if (state === 'expired') throw new Problem('sign_in_expired');
    if (given.passkey !== undefined) return this.byPasskey(given.passkey, userId, browser);
    if (given.totp !== undefined)
      return proof(kind, key === null ? null : this.byTotp(key, { userId, ...factors }, given.totp));
    if (kind === 'password') return proof(kind, { kind, proof: evaluated! });
    return proof(kind, lookup === null ? null : { kind: 'recovery-code', proof: evaluated!, lookup });
  }

  /** The step that a code shows, while the enrolment is open as well. */
  byTotp(key: UserKey, { userId, totp }: Pick<Factors, 'userId' | 'totp'>, code: string): PresentedFactor | null {
    if (totp === null) return null;
    const { proof: sealedProof, secret } = key.open('totp_factors', userId, totp);
    const step = totpStep(secret, code, this.clock.seconds());
    return step === null ? null : { kind: 'totp', proof: sealedProof, step };
  }

  private async byPasskey(
    answer: Record<string, unknown>,
    userId: string,
    browser: string | undefined,
  ): Promise<Proof> {
    try {
      if (browser === undefined) return proof('passkey', null);
      const { shown, counterBefore } = await this.ceremonies.shown(answer, { purpose: 'prove', browser, userId });
      return { kind: 'passkey', shown, copied: counterBefore > 0 && shown.counter <= counterBefore };
    } catch (error) {
      if (error instanceof Problem && error.code === 'passkey_verification_failed') return proof('passkey', null);
      throw error;
    }
  }
}

function proof(kind: Proof['kind'], shown: PresentedFactor | null): Proof {
  return { kind, shown, copied: false };
}

/** Throws invalid_request unless exactly one is given. */
function kindOf({ totp, recoveryCode, passkey, password }: FactorInput): Proof['kind'] {
  const kinds = Object.entries({ totp, 'recovery-code': recoveryCode, passkey, password })
    .filter(([, value]) => value !== undefined)
    .map(([kind]) => kind);
  if (kinds.length !== 1) throw new Problem('invalid_request', { detail: 'give exactly one proof' });
  return kinds[0] as Proof['kind'];
}

/** The kinds of factors that a user can show. */
export function methodsOf({ totpConfirmedAt, passkeys, recoveryCodes }: Factors): FactorKind[] {
  const methods: [FactorKind, boolean][] = [
    ['totp', totpConfirmedAt !== null],
    ['passkey', passkeys.length > 0],
    ['recovery-code', recoveryCodes > 0],
  ];
  return methods.filter(([, has]) => has).map(([kind]) => kind);
}
