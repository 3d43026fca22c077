import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../../platform/audit/audit-log.js';
import { currentContext, currentMember } from '../../../platform/context/context.js';
import { randomToken } from '../../../platform/crypto/index.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { Problem } from '../../../platform/problem/index.js';
import type { OpenedSession } from '../sessions/index.js';
import { locked } from '../passwords/index.js';
import { FactorVerifier, methodsOf } from './factor-verifier.service.js';
import { FactorsRepository } from './factors.repository.js';
import { PasskeyCeremonies } from './passkey-ceremonies.js';
import type { FactorInput } from './presented-factor.js';

/** Authenticates the user of an existing session again. */
@Injectable()
export class StepUpService {
  constructor(
    private readonly factors: FactorsRepository,
    private readonly verifier: FactorVerifier,
    private readonly ceremonies: PasskeyCeremonies,
    private readonly unitOfWork: UnitOfWork,
    private readonly audit: AuditLog,
  ) {}

  /** Returns the WebAuthn request options for the caller's passkeys. */
  async passkeyOptions(browser: string) {
    const { userId, passkeys } = await this.factors.own();
    return this.ceremonies.requestOptions({ purpose: 'prove', browser, userId }, passkeys);
  }

  /**
   * Verifies a factor and rotates the session's secret. A user without a factor presents the password instead. The
   * request's transaction ends first, so a later rollback cannot undo the counted attempt. Throws `step_up_failed` when
   * the verification fails. Throws `account_locked` after five failed attempts. Throws `reauthenticate_at_idp` when the
   * user has neither a factor nor a password.
   */
  async stepUp(secret: string, input: FactorInput, browser: string | undefined): Promise<OpenedSession> {
    const { userId, orgId } = currentMember();
    const own = await this.factors.own();
    if (methodsOf(own).length === 0 && !own.hasPassword) throw new Problem('reauthenticate_at_idp');
    await this.unitOfWork.commit();
    const { kind, presented, copied } = await this.verifier.verify(secret, own, input, browser);
    const newSecret = randomToken();
    const target = { type: 'user', id: userId } as const;
    const expiresAt =
      presented === null
        ? null
        : await this.unitOfWork.run(this.factors.session(secret), async () => {
            const expiry = await this.factors.stepUp(secret, presented, newSecret);
            if (expiry === null) return this.rollBack();
            this.audit.record('auth.step_up_completed', { target, meta: { method: kind } });
            if (kind === 'recovery-code') this.audit.record('auth.recovery_code_used', { target });
            return expiry;
          });
    if (expiresAt === null) return this.fail(secret, copied);
    await currentContext().uncount();
    return { secret: newSecret, organizationId: orgId, expiresAt, remembered: false };
  }

  /** Rolls back, so that an invalid factor changes nothing. `fail` releases the reserved attempt. */
  private async rollBack(): Promise<null> {
    await this.unitOfWork.rollback();
    return null;
  }

  private async fail(secret: string, copied: boolean): Promise<never> {
    const state = await this.factors.fail(secret);
    const target = { type: 'user', id: currentMember().userId } as const;
    await this.unitOfWork.run(this.factors.session(secret), () => {
      this.audit.record('auth.step_up_failed', { target, outcome: 'failure' });
      if (copied) this.audit.record('auth.passkey_clone_suspected', { target, outcome: 'failure' });
      if (state === 'locked') this.audit.record('auth.locked', { target, outcome: 'failure' });
    });
    throw state === 'locked' ? locked() : new Problem('step_up_failed');
  }
}
