import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../../platform/audit/audit-log.js';
import { currentContext } from '../../../platform/context/context.js';
import { newId } from '../../../platform/clock/id.js';
import { randomToken } from '../../../platform/crypto/index.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { RateLimiter } from '../../../platform/http/index.js';
import { Problem } from '../../../platform/problem/index.js';
import { newSession, type OpenedSession } from '../sessions/index.js';
import { locked } from '../passwords/index.js';
import { SIGN_IN_IP_RATE_LIMITS } from './sign-in-limits.js';
import {
  type FactorKind,
  FactorVerifier,
  type Factors,
  FactorsRepository,
  type FactorInput,
  methodsOf,
  type NewDevice,
  PasskeyCeremonies,
  type Proof,
  type MfaOutcome,
} from '../mfa/index.js';

/**
 * A new session and, if the user requested it, a remembered device. Their secrets go into cookies. The server stores
 * only hashes of them.
 */
export interface FinishedSignIn {
  session: OpenedSession;
  device: { secret: string; expiresAt: Date } | null;
}

/** A sign-in after a correct password, and the kinds of factors that can complete it. */
export interface PendingSignIn {
  secret: string;
  methods: FactorKind[];
}

export interface FinishOptions {
  rememberDevice?: boolean;
  browser?: string;
}

/** Completes a password sign-in with a second factor. */
@Injectable()
export class MfaService {
  constructor(
    private readonly factors: FactorsRepository,
    private readonly verifier: FactorVerifier,
    private readonly ceremonies: PasskeyCeremonies,
    private readonly unitOfWork: UnitOfWork,
    private readonly audit: AuditLog,
    private readonly limiter: RateLimiter,
  ) {}

  /**
   * Returns the kinds of factors that the user has enrolled, and admits one factor of this browser. Throws
   * `sign_in_expired` when the pending sign-in has expired.
   */
  async methods(secret: string): Promise<FactorKind[]> {
    const methods = methodsOf(await this.pendingFactors(secret));
    await this.limiter.admitNext(SIGN_IN_IP_RATE_LIMITS.mfa, secret);
    return methods;
  }

  /**
   * Returns the WebAuthn request options for a passkey as the second factor. Throws `sign_in_expired` when the pending
   * sign-in has expired.
   */
  async passkeyOptions(secret: string, browser: string) {
    const { userId, passkeys } = await this.pendingFactors(secret);
    return this.ceremonies.requestOptions({ purpose: 'prove', browser, userId }, passkeys);
  }

  /**
   * Verifies a factor and opens the session. Throws `mfa_failed` when the factor is incorrect. Throws `account_locked`
   * after five failed attempts. Throws `sign_in_expired` when the pending sign-in has expired. Throws `invalid_request`
   * unless the input has exactly one factor.
   */
  async finish(
    secret: string,
    input: FactorInput,
    { rememberDevice, browser }: FinishOptions = {},
  ): Promise<FinishedSignIn> {
    const proof = await this.verifier.verify(secret, await this.pendingFactors(secret), input, browser);
    const session = newSession();
    const device: NewDevice | null = rememberDevice ? { id: newId(), secret: randomToken() } : null;
    const context = this.factors.completion(secret, proof.presented, session, device);
    const outcome = await this.unitOfWork.run(context, (row) => this.recordOutcome(row, proof, device));
    if (outcome.state === 'expired') throw new Problem('sign_in_expired');
    if (outcome.state === 'locked') throw locked();
    if (outcome.state === 'refused') throw new Problem('mfa_failed');
    await currentContext().uncount();
    return {
      session: {
        secret: session.secret,
        organizationId: outcome.org_id,
        expiresAt: outcome.expires_at,
        remembered: outcome.remembered,
      },
      device:
        device === null || outcome.device_expires_at === null
          ? null
          : { secret: device.secret, expiresAt: outcome.device_expires_at },
    };
  }

  private async pendingFactors(secret: string): Promise<Factors> {
    const factors = await this.factors.pending(secret);
    if (factors === null) throw new Problem('sign_in_expired');
    return factors;
  }

  private recordOutcome(outcome: MfaOutcome, { kind, copied }: Proof, device: NewDevice | null): MfaOutcome {
    const ok = outcome.state === 'ok';
    const target = outcome.user_id === null ? undefined : ({ type: 'user', id: outcome.user_id } as const);
    if (ok) {
      this.audit.record('auth.signed_in', { target, meta: { method: 'password', factor: kind } });
      if (kind === 'recovery-code') this.audit.record('auth.recovery_code_used', { target });
      if (device !== null && outcome.device_expires_at !== null)
        this.audit.record('auth.device_remembered', { target: { type: 'device', id: device.id } });
      return outcome;
    }
    this.audit.record('auth.sign_in_failed', {
      target,
      outcome: 'failure',
      meta: { method: kind, reason: outcome.state === 'expired' ? 'sign_in_expired' : 'mfa_failed' },
    });
    if (copied) this.audit.record('auth.passkey_clone_suspected', { target, outcome: 'failure' });
    if (outcome.state === 'locked') this.audit.record('auth.locked', { target, outcome: 'failure' });
    return outcome;
  }
}
