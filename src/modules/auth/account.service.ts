import { Injectable } from '@nestjs/common';
import { AuditTrail } from '../../platform/audit/audit-trail.js';
import { currentMember } from '../../platform/context/context.js';
import { randomToken } from '../../platform/crypto/index.js';
import { UnitOfWork } from '../../platform/database/unit-of-work.js';
import { Problem } from '../../platform/http/problem.js';
import { deviceName } from './device.js';
import { assertStrong } from './password-policy.js';
import { Passwords, type Credential } from './passwords.js';
import { placeName } from './place-name.js';
import { SessionsRepository } from './sessions.repository.js';
import type { OpenedSession } from './sign-in.service.js';
import { evaluateTry, locked } from './tries.js';

/** One's own account: who am I, my sessions, my password. */
@Injectable()
export class AccountService {
  constructor(
    private readonly sessions: SessionsRepository,
    private readonly passwords: Passwords,
    private readonly audit: AuditTrail,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  me() {
    const member = currentMember();
    return {
      user: { id: member.userId, email: member.email, name: member.name },
      organization: { id: member.orgId, name: member.orgName, preset: member.preset },
      membershipId: member.membershipId,
      role: member.role,
      permissions: [...member.grants.keys()],
      grants: [...member.grants].map(([permission, scope]) => ({ permission, scope })),
      session: { id: member.sessionId },
      apiKeyId: member.apiKeyId,
    };
  }

  async listSessions() {
    const { sessionId } = currentMember();
    const items = (await this.sessions.own()).map((session) => ({
      ...session,
      device: deviceName(session.userAgent),
      place: placeName(session.country),
      current: session.id === sessionId,
    }));
    return { items, nextCursor: null };
  }

  async signOut(): Promise<void> {
    const { sessionId, userId } = currentMember();
    await this.sessions.revoke(sessionId!);
    this.audit.record('auth.signed_out', { target: { type: 'user', id: userId } });
  }

  /** Throws not_found when it is not one's own, or over. */
  async revoke(id: string): Promise<void> {
    if (!(await this.sessions.revoke(id))) throw new Problem('not_found');
    this.audit.record('auth.session_revoked', { target: { type: 'session', id } });
  }

  async revokeOthers(): Promise<void> {
    const { sessionId, userId } = currentMember();
    const sessions = await this.sessions.revokeOthers(sessionId!);
    this.audit.record('auth.other_sessions_revoked', { target: { type: 'user', id: userId }, meta: { sessions } });
  }

  /**
   * All other sessions end; the caller's gets another secret. A stolen session guesses the password no oftener than a
   * stranger
   * may: it takes the same five tries, and the request's transaction ends first so that they are counted whatever
   * becomes of it.
   * Throws weak_password, wrong_password, account_locked, session_expired or busy.
   */
  async changePassword(secret: string, current: string, next: string): Promise<OpenedSession> {
    const { orgId, email, name } = currentMember();
    assertStrong(next, { email, names: [name] });
    await this.unitOfWork.commit();
    const credential = await this.passwords.credential(next);
    const { evaluated } = await evaluateTry(this.passwords, () => this.sessions.beginProof(secret), current);
    if (evaluated === null) throw new Problem('session_expired');
    const newSecret = randomToken();
    const outcome = await this.unitOfWork.run(this.sessions.session(secret), () =>
      this.replacePassword(secret, evaluated, credential, newSecret),
    );
    if (outcome === 'locked') throw locked();
    if (outcome === 'refused') throw new Problem('wrong_password');
    return { secret: newSecret, organizationId: orgId, expiresAt: outcome, remembered: false };
  }

  /** When the rotated session ends; or why nothing was changed, which is counted. */
  private async replacePassword(
    secret: string,
    current: Buffer,
    next: Credential,
    newSecret: string,
  ): Promise<Date | 'refused' | 'locked'> {
    const { userId, sessionId } = currentMember();
    const target = { type: 'user', id: userId } as const;
    const state = await this.sessions.provePassword(secret, current);
    if (state === 'locked') this.audit.record('auth.locked', { target, outcome: 'failure' });
    if (state !== 'ok') return state;
    await this.sessions.setPassword(userId, current, next, sessionId);
    this.audit.record('auth.password_changed', { target });
    return this.sessions.rotate(secret, newSecret);
  }

  /**
   * Sets a password on behalf of an operator; the user changes it at the first sign-in where asked to. Throws
   * weak_password.
   */
  async setPassword(userId: string, password: string, mustChange: boolean): Promise<void> {
    assertStrong(password);
    await this.sessions.setPassword(userId, null, await this.passwords.credential(password), null, mustChange);
  }
}
