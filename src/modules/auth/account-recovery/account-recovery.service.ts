import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../../platform/audit/audit-log.js';
import { currentContext, currentMember } from '../../../platform/context/context.js';
import { normalizeEmail } from '../../../platform/crypto/index.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { Problem } from '../../../platform/problem/index.js';
import { RateLimiter, type RateLimit } from '../../../platform/http/rate-limit.js';
import { assertStrong, Passwords, TOKEN_RATE_LIMIT } from '../passwords/index.js';
import { AccountRecoveryRepository, type ResetOutcome } from './account-recovery.repository.js';

/**
 * Limits apply to each e-mail address and to each user, in addition to the limits for each IP. The database also limits
 * the number of mails to three per hour.
 */
const RESET_RATE_LIMIT: RateLimit = { name: 'password-forgot-account', points: 10, seconds: 3_600 };
const VERIFICATION_RATE_LIMIT: RateLimit = { name: 'email-verify-account', points: 10, seconds: 3_600 };

/** Resets passwords and verifies e-mail addresses by mail. */
@Injectable()
export class AccountRecoveryService {
  constructor(
    private readonly recovery: AccountRecoveryRepository,
    private readonly passwords: Passwords,
    private readonly unitOfWork: UnitOfWork,
    private readonly audit: AuditLog,
    private readonly limiter: RateLimiter,
  ) {}

  /**
   * Requests a password reset mail. Only the worker resolves the recipient, so the response cannot reveal whether an
   * account exists. Throws `too_many_requests` when a rate limit is exceeded.
   */
  async forgot(enteredEmail: string): Promise<void> {
    const email = normalizeEmail(enteredEmail);
    await this.limiter.consume(RESET_RATE_LIMIT, email);
    await this.unitOfWork.run(this.recovery.requestReset(email), () =>
      this.audit.record('auth.password_reset_requested', { outcome: 'failure' }),
    ); // the outcome is not success, because the caller is not authenticated
  }

  /**
   * Sets the password of the user to whom the token was mailed. The reset opens no session and changes no second
   * factor. The same form sent twice within five minutes succeeds twice and takes effect once. The password is hashed
   * before the token is checked, so an invalid token costs the same time. Throws `weak_password` when the password does
   * not meet the policy. Throws `token_invalid` when the token is invalid or has expired. Throws `server_busy` when the
   * server cannot hash the password now. Throws `too_many_requests` when the token was sent too often.
   */
  async reset(token: string, password: string): Promise<void> {
    await this.limiter.consume(TOKEN_RATE_LIMIT, token);
    assertStrong(password, await this.recovery.ownerOf(token));
    const credential = await this.passwords.credential(password, token);
    const { state } = await this.unitOfWork.run(this.recovery.reset(token, credential), (row) =>
      this.recordOutcome(row),
    );
    if (state === 'invalid') throw new Problem('token_invalid');
    await currentContext().uncount();
  }

  /**
   * Requests a mail that verifies the caller's e-mail address. Throws `too_many_requests` when a rate limit is
   * exceeded.
   */
  async requestVerification(): Promise<void> {
    const { userId } = currentMember();
    await this.limiter.consume(VERIFICATION_RATE_LIMIT, userId);
    await this.recovery.requestVerification();
    this.audit.record('auth.email_verification_requested', { target: { type: 'user', id: userId } });
  }

  /**
   * Verifies the caller's e-mail address. The caller must be signed in as the user who requested the mail, because a
   * click by another user proves nothing about this account. Throws `token_invalid` when the token is invalid, has
   * expired, or belongs to another user.
   */
  async verify(token: string): Promise<void> {
    if (!(await this.recovery.verify(token))) throw new Problem('token_invalid');
    await currentContext().uncount();
    this.audit.record('auth.email_verified', { target: { type: 'user', id: currentMember().userId } });
  }

  private recordOutcome(outcome: ResetOutcome): ResetOutcome {
    if (outcome.state === 'ok') {
      this.audit.record('auth.password_reset', { target: { type: 'user', id: outcome.user_id! } });
    } else if (outcome.state === 'invalid') {
      this.audit.record('auth.password_reset_failed', { outcome: 'failure' });
    }
    return outcome;
  }
}
