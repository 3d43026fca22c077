import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../../platform/audit/audit-log.js';
import { newId } from '../../../platform/clock/id.js';
import { currentContext, currentMember } from '../../../platform/context/context.js';
import { randomToken } from '../../../platform/crypto/index.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { RateLimiter } from '../../../platform/http/index.js';
import { Problem } from '../../../platform/problem/index.js';
import { newSession, type OpenedSession } from '../sessions/index.js';
import { FactorsRepository } from './factors.repository.js';
import { FactorsService, type AddedFactor } from './factors.service.js';
import { MFA_IP_RATE_LIMITS } from './mfa-limits.js';
import { PasskeyCeremonies } from './passkey-ceremonies.js';
import { PasskeysRepository, type PasskeyOutcome } from './passkeys.repository.js';

/** Manages the caller's passkeys, and signs users in with a passkey. */
@Injectable()
export class PasskeysService {
  constructor(
    private readonly passkeys: PasskeysRepository,
    private readonly factors: FactorsRepository,
    private readonly enrollment: FactorsService,
    private readonly ceremonies: PasskeyCeremonies,
    private readonly unitOfWork: UnitOfWork,
    private readonly audit: AuditLog,
    private readonly limiter: RateLimiter,
  ) {}

  async creationOptions(browser: string) {
    return this.ceremonies.creationOptions(await this.factors.own(), browser);
  }

  /**
   * Verifies and stores a new passkey. Throws `passkey_verification_failed` when the browser's answer is invalid.
   * Throws `passkey_already_enrolled` when the passkey is stored already. Throws `passkey_limit_reached` when the user
   * has ten passkeys. Throws `step_up_required` when the session needs a step-up.
   */
  async add(
    session: string,
    name: string,
    answer: Record<string, unknown>,
    browser: string | undefined,
  ): Promise<AddedFactor & { id: string }> {
    const { userId } = currentMember();
    if (browser === undefined) throw new Problem('passkey_verification_failed');
    const created = await this.ceremonies.verifyRegistration(answer, { purpose: 'register', browser, userId });
    const [id, newSecret] = [newId(), randomToken()];
    const { recoveryCodes } = await this.factors.own();
    const expiresAt = await this.passkeys.add(session, newSecret, {
      id,
      name,
      ...created,
      ...(await this.enrollment.ownKey()).seal('passkeys', id),
    });
    return { id, ...(await this.enrollment.finishEnrollment('passkey', newSecret, expiresAt, recoveryCodes)) };
  }

  async list() {
    return { items: await this.passkeys.own(), nextCursor: null };
  }

  /** Renames a passkey. Throws `not_found` when the caller has no such passkey. */
  async rename(id: string, name: string): Promise<void> {
    if (!(await this.passkeys.rename(id, name))) throw new Problem('not_found');
    this.audit.record('auth.passkey_renamed', { target: { type: 'passkey', id } });
  }

  /**
   * Removes a passkey. Throws `not_found` when the caller has no such passkey. Throws `last_factor_required` when the
   * organization requires MFA and this is the last factor. Throws `step_up_required` when the session needs a step-up.
   */
  async remove(session: string, id: string): Promise<void> {
    if (!(await this.passkeys.delete(session, id))) throw new Problem('not_found');
    this.audit.record('auth.factor_removed', { target: { type: 'passkey', id }, meta: { kind: 'passkey' } });
  }

  async signInOptions(browser: string) {
    await this.limiter.admitNext(MFA_IP_RATE_LIMITS.passkey, browser);
    return this.ceremonies.requestOptions({ purpose: 'sign-in', browser });
  }

  /**
   * Opens a session with a passkey. Throws `passkey_verification_failed` when the passkey cannot sign the user in. Only
   * the audit log contains the reason.
   */
  async signIn(answer: Record<string, unknown>, browser: string | undefined): Promise<OpenedSession> {
    if (browser === undefined) throw new Problem('passkey_verification_failed');
    const { presented } = await this.ceremonies.verifyAssertion(answer, { purpose: 'sign-in', browser });
    const session = newSession();
    const context = this.passkeys.signIn(presented, session);
    const outcome = await this.unitOfWork.run(context, (row) => this.recordOutcome(row));
    if (outcome.state !== 'ok') throw new Problem('passkey_verification_failed');
    await currentContext().uncount();
    return { secret: session.secret, organizationId: outcome.org_id, expiresAt: outcome.expires_at, remembered: false };
  }

  private recordOutcome(outcome: PasskeyOutcome): PasskeyOutcome {
    const ok = outcome.state === 'ok';
    const target = outcome.user_id === null ? undefined : ({ type: 'user', id: outcome.user_id } as const);
    if (ok) this.audit.record('auth.signed_in', { target, meta: { method: 'passkey', factor: 'passkey' } });
    else
      this.audit.record('auth.sign_in_failed', {
        target,
        outcome: 'failure',
        meta: { method: 'passkey', reason: outcome.state },
      });
    if (outcome.state === 'counter') this.audit.record('auth.passkey_clone_suspected', { target, outcome: 'failure' });
    return outcome;
  }
}
