import { Injectable } from '@nestjs/common';
import { AuditTrail } from '../../platform/audit/audit-trail.js';
import { currentMember } from '../../platform/context/context.js';
import { randomToken } from '../../platform/crypto/index.js';
import { Problem } from '../../platform/http/problem.js';
import { RateLimiter, type RateLimit } from '../../platform/http/rate-limit.js';
import { deviceName } from './device.js';
import { assertStrong } from './password-policy.js';
import { Passwords } from './passwords.js';
import { placeName } from './place-name.js';
import { SessionsRepository } from './sessions.repository.js';
import type { OpenedSession } from './sign-in.service.js';

/** A stolen session guesses the password as often as a stranger may: five times in fifteen minutes. */
const WRONG_PASSWORDS: RateLimit = { name: 'wrong-current-password', points: 5, seconds: 900 };

/** One's own account: who am I, my sessions, my password. */
@Injectable()
export class AccountService {
  constructor(
    private readonly sessions: SessionsRepository,
    private readonly passwords: Passwords,
    private readonly audit: AuditTrail,
    private readonly limiter: RateLimiter,
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
      ...session, device: deviceName(session.userAgent), place: placeName(session.country), current: session.id === sessionId,
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

  /** Throws wrong_password, weak_password, too_many_requests or busy. All other sessions end; the caller's gets another secret. */
  async changePassword(secret: string, current: string, next: string): Promise<OpenedSession> {
    const { userId, sessionId, orgId, email, name } = currentMember();
    assertStrong(next, { email, names: [name] });
    await this.limiter.consume(WRONG_PASSWORDS, userId);
    const salt = await this.sessions.ownSalt();
    const evaluated = salt === null ? null : await this.passwords.inTurn(() => this.passwords.evaluate(current, salt));
    if (evaluated === null || !(await this.sessions.ownPasswordIs(evaluated))) throw new Problem('wrong_password');
    await this.limiter.reset(WRONG_PASSWORDS, userId);
    await this.sessions.setPassword(userId, evaluated, await this.passwords.credential(next), sessionId);
    this.audit.record('auth.password_changed', { target: { type: 'user', id: userId } });
    const newSecret = randomToken();
    return { secret: newSecret, organizationId: orgId, expiresAt: await this.sessions.rotate(secret, newSecret), remembered: false };
  }

  /** Sets a password on behalf of an operator; the user changes it at the first sign-in where asked to. Throws weak_password. */
  async setPassword(userId: string, password: string, mustChange: boolean): Promise<void> {
    assertStrong(password);
    await this.sessions.setPassword(userId, null, await this.passwords.credential(password), null, mustChange);
  }
}
