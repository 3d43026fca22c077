import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../../platform/audit/audit-log.js';
import { currentMember } from '../../../platform/context/context.js';
import { randomToken } from '../../../platform/crypto/index.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { Problem } from '../../../platform/problem/index.js';
import type { OpenedSession } from '../sessions/index.js';
import { locked } from '../passwords/index.js';
import { FactorVerifier, methodsOf } from './factor-verifier.service.js';
import { FactorsRepository } from './factors.repository.js';
import { PasskeyCeremonies } from './passkey-ceremonies.js';
import type { FactorInput } from './presented-factor.js';

/** Proving once more, within a session, who one is. */
@Injectable()
export class StepUpService {
  constructor(
    private readonly factors: FactorsRepository,
    private readonly proofs: FactorVerifier,
    private readonly ceremonies: PasskeyCeremonies,
    private readonly unitOfWork: UnitOfWork,
    private readonly audit: AuditLog,
  ) {}

  /** For the caller's passkeys. */
  async passkeyOptions(browser: string) {
    const { userId, passkeys } = await this.factors.own();
    return this.ceremonies.requestOptions({ purpose: 'prove', browser, userId }, passkeys);
  }

  /**
   * Whoever has a factor shows it; the password is enough only for who has none. The session gets a new secret.
   * The request's transaction ends first: tries are counted whatever becomes of it. Throws step_up_failed,
   * account_locked,
   * reauthenticate_at_idp for a user who has nothing to show here, and signs in anew at the identity provider.
   */
  async stepUp(secret: string, given: FactorInput, browser: string | undefined): Promise<OpenedSession> {
    const { userId, orgId } = currentMember();
    const own = await this.factors.own();
    if (methodsOf(own).length === 0 && !own.hasPassword) throw new Problem('reauthenticate_at_idp');
    await this.unitOfWork.commit();
    const { kind, shown, copied } = await this.proofs.evaluate(secret, own, given, browser);
    const newSecret = randomToken();
    const target = { type: 'user', id: userId } as const;
    const expiresAt =
      shown === null
        ? null
        : await this.unitOfWork.run(this.factors.session(secret), async () => {
            const end = await this.factors.stepUp(secret, shown, newSecret);
            if (end === null) return this.undone();
            this.audit.record('auth.step_up_completed', { target, meta: { method: kind } });
            if (kind === 'recovery-code') this.audit.record('auth.recovery_code_used', { target });
            return end;
          });
    if (expiresAt === null) return this.refuse(secret, copied);
    return { secret: newSecret, organizationId: orgId, expiresAt, remembered: false };
  }

  /** A proof that does not hold changes nothing; the try is given back by whoever counts the failure. */
  private async undone(): Promise<null> {
    await this.unitOfWork.rollback();
    return null;
  }

  private async refuse(secret: string, copied: boolean): Promise<never> {
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
