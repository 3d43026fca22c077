import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../../platform/audit/audit-log.js';
import { newId } from '../../../platform/clock/id.js';
import { currentMember } from '../../../platform/context/context.js';
import { randomToken } from '../../../platform/crypto/index.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { Problem } from '../../../platform/problem/index.js';
import { newSession, type OpenedSession } from '../sessions/index.js';
import { FactorsRepository } from './factors.repository.js';
import { FactorsService, type AddedFactor } from './factors.service.js';
import { PasskeyCeremonies } from './passkey-ceremonies.js';
import { PasskeysRepository, type PasskeyOutcome } from './passkeys.repository.js';

/** Passkeys: one's own, and signing in by one of them. */
@Injectable()
export class PasskeysService {
  constructor(
    private readonly passkeys: PasskeysRepository,
    private readonly factors: FactorsRepository,
    private readonly enrolment: FactorsService,
    private readonly ceremonies: PasskeyCeremonies,
    private readonly unitOfWork: UnitOfWork,
    private readonly audit: AuditLog,
  ) {}

  async creationOptions(browser: string) {
    return this.ceremonies.creationOptions(await this.factors.own(), browser);
  }

  /** Throws passkey_verification_failed, passkey_already_enrolled, passkey_limit_reached, step_up_required. */
  async add(
    session: string,
    name: string,
    answer: Record<string, unknown>,
    browser: string | undefined,
  ): Promise<AddedFactor & { id: string }> {
    const { userId } = currentMember();
    if (browser === undefined) throw new Problem('passkey_verification_failed');
    const created = await this.ceremonies.created(answer, { purpose: 'register', browser, userId });
    const [id, newSecret] = [newId(), randomToken()];
    const { recoveryCodes } = await this.factors.own();
    const expiresAt = await this.passkeys.add(session, newSecret, {
      id,
      name,
      ...created,
      ...(await this.enrolment.key()).seal('passkeys', id),
    });
    return { id, ...(await this.enrolment.added('passkey', newSecret, expiresAt, recoveryCodes)) };
  }

  async list() {
    return { items: await this.passkeys.own(), nextCursor: null };
  }

  /** Throws not_found. */
  async rename(id: string, name: string): Promise<void> {
    if (!(await this.passkeys.rename(id, name))) throw new Problem('not_found');
    this.audit.record('auth.passkey_renamed', { target: { type: 'passkey', id } });
  }

  /** Throws not_found, last_factor_required, step_up_required. */
  async remove(session: string, id: string): Promise<void> {
    if (!(await this.passkeys.delete(session, id))) throw new Problem('not_found');
    this.audit.record('auth.factor_removed', { target: { type: 'passkey', id }, meta: { kind: 'passkey' } });
  }

  signInOptions(browser: string) {
    return this.ceremonies.requestOptions({ purpose: 'sign-in', browser });
  }

  /** Throws passkey_verification_failed, for whatever reason; the reason is in the log. */
  async signIn(answer: Record<string, unknown>, browser: string | undefined): Promise<OpenedSession> {
    if (browser === undefined) throw new Problem('passkey_verification_failed');
    const { shown } = await this.ceremonies.shown(answer, { purpose: 'sign-in', browser });
    const visit = newSession();
    const outcome = await this.unitOfWork.run(this.passkeys.signIn(shown, visit), (row) => this.recorded(row));
    if (outcome.state !== 'ok') throw new Problem('passkey_verification_failed');
    return { secret: visit.secret, organizationId: outcome.org_id, expiresAt: outcome.expires_at, remembered: false };
  }

  private recorded(outcome: PasskeyOutcome): PasskeyOutcome {
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
