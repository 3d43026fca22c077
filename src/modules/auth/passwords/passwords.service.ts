import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../../platform/audit/audit-log.js';
import { currentContext, currentMember } from '../../../platform/context/context.js';
import { randomToken } from '../../../platform/crypto/index.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { Problem } from '../../../platform/problem/index.js';
import type { OpenedSession } from '../sessions/index.js';
import { SessionsRepository } from '../sessions/index.js';
import { hashWithAttempt, locked } from './lockout.js';
import { assertStrong } from './password-policy.js';
import { Passwords, type Credential } from './passwords.js';
import { PasswordsRepository } from './passwords.repository.js';

/** Changes and sets passwords. */
@Injectable()
export class PasswordsService {
  constructor(
    private readonly repository: PasswordsRepository,
    private readonly sessions: SessionsRepository,
    private readonly passwords: Passwords,
    private readonly audit: AuditLog,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  /**
   * Changes the caller's password, ends all other sessions, and rotates the session's secret. A session can try five
   * passwords, as at sign-in, because it may be stolen. The request's transaction ends first, so a later rollback
   * cannot undo the count. Throws `weak_password` when the new password does not meet the policy. Throws
   * `wrong_password` when the current password is incorrect. Throws `account_locked` after five failed attempts. Throws
   * `session_expired` when the session has ended. Throws `server_busy` when the server cannot hash the password now.
   */
  async changePassword(secret: string, current: string, next: string): Promise<OpenedSession> {
    const { orgId, email, name } = currentMember();
    assertStrong(next, { email, names: [name] });
    await this.unitOfWork.commit();
    const credential = await this.passwords.credential(next);
    const reserve = () => this.repository.beginReauthentication(secret);
    const { hash } = await hashWithAttempt(this.passwords, reserve, current);
    if (hash === null) throw new Problem('session_expired');
    const newSecret = randomToken();
    const outcome = await this.unitOfWork.run(this.repository.session(secret), () =>
      this.replacePassword(secret, hash, credential, newSecret),
    );
    if (outcome === 'locked') throw locked();
    if (outcome === 'refused') throw new Problem('wrong_password');
    await currentContext().uncount();
    return { secret: newSecret, organizationId: orgId, expiresAt: outcome, remembered: false };
  }

  /**
   * Replaces the password and returns the expiry of the rotated session. If the current password is wrong, counts the
   * failure and returns `refused`, or `locked` when no attempt remains.
   */
  private async replacePassword(
    secret: string,
    current: Buffer,
    next: Credential,
    newSecret: string,
  ): Promise<Date | 'refused' | 'locked'> {
    const { userId, sessionId } = currentMember();
    const target = { type: 'user', id: userId } as const;
    const state = await this.repository.provePassword(secret, current);
    if (state === 'locked') this.audit.record('auth.locked', { target, outcome: 'failure' });
    if (state !== 'ok') return state;
    await this.repository.setPassword(userId, current, next, sessionId);
    this.audit.record('auth.password_changed', { target });
    return this.sessions.rotate(secret, newSecret);
  }

  /**
   * Sets a user's password on behalf of an operator. With `mustChange`, the user must change it at the first sign-in.
   * Throws `weak_password` when the password does not meet the policy.
   */
  async setPassword(userId: string, password: string, mustChange: boolean): Promise<void> {
    assertStrong(password);
    await this.repository.setPassword(userId, null, await this.passwords.credential(password), null, mustChange);
  }
}
