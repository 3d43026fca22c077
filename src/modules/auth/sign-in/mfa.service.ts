import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../../platform/audit/audit-log.js';
import { newId } from '../../../platform/clock/id.js';
import { randomToken } from '../../../platform/crypto/index.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { Problem } from '../../../platform/problem/index.js';
import { newSession, type OpenedSession } from '../sessions/index.js';
import { locked } from '../passwords/index.js';
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
 * A session, and where it was asked for a device that is remembered: its secret goes into a cookie and is kept nowhere.
 */
export interface FinishedSignIn {
  session: OpenedSession;
  device: { secret: string; expiresAt: Date } | null;
}

/** A sign-in whose password was right, and what may come next. */
export interface PendingSignIn {
  secret: string;
  methods: FactorKind[];
}

export interface FinishOptions {
  rememberDevice?: boolean;
  browser?: string;
}

/** The second half of a sign-in whose password was right. */
@Injectable()
export class MfaService {
  constructor(
    private readonly factors: FactorsRepository,
    private readonly proofs: FactorVerifier,
    private readonly ceremonies: PasskeyCeremonies,
    private readonly unitOfWork: UnitOfWork,
    private readonly audit: AuditLog,
  ) {}

  /** What the user can show. Throws sign_in_expired. */
  async methods(secret: string): Promise<FactorKind[]> {
    return methodsOf(await this.behind(secret));
  }

  /** For a passkey as the second factor. Throws sign_in_expired. */
  async passkeyOptions(secret: string, browser: string) {
    const { userId, passkeys } = await this.behind(secret);
    return this.ceremonies.requestOptions({ purpose: 'prove', browser, userId }, passkeys);
  }

  /** Throws mfa_failed, account_locked, sign_in_expired, invalid_request. */
  async finish(
    secret: string,
    given: FactorInput,
    { rememberDevice, browser }: FinishOptions = {},
  ): Promise<FinishedSignIn> {
    const proof = await this.proofs.evaluate(secret, await this.behind(secret), given, browser);
    const visit = newSession();
    const device: NewDevice | null = rememberDevice ? { id: newId(), secret: randomToken() } : null;
    const entrance = this.factors.completion(secret, proof.shown, visit, device);
    const outcome = await this.unitOfWork.run(entrance, (row) => this.recorded(row, proof, device));
    if (outcome.state === 'expired') throw new Problem('sign_in_expired');
    if (outcome.state === 'locked') throw locked();
    if (outcome.state === 'refused') throw new Problem('mfa_failed');
    return {
      session: {
        secret: visit.secret,
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

  private async behind(secret: string): Promise<Factors> {
    const factors = await this.factors.pending(secret);
    if (factors === null) throw new Problem('sign_in_expired');
    return factors;
  }

  private recorded(outcome: MfaOutcome, { kind, copied }: Proof, device: NewDevice | null): MfaOutcome {
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
