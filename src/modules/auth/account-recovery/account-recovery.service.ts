import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../../platform/audit/audit-log.js';
import { currentMember } from '../../../platform/context/context.js';
import { normalizeEmail } from '../../../platform/crypto/index.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { Problem } from '../../../platform/problem/index.js';
import { RateLimiter, type RateLimit } from '../../../platform/http/rate-limit.js';
import { assertStrong, Passwords } from '../passwords/index.js';
import { AccountRecoveryRepository, type ResetOutcome } from './account-recovery.repository.js';

/** By account, whether there is one or not, beside the limits by address; of these, three a mail. */
const ASKED: RateLimit = { name: 'password-forgot-account', points: 10, seconds: 3_600 };
const VERIFICATIONS: RateLimit = { name: 'email-verify-account', points: 10, seconds: 3_600 };

/** Setting a password by mail, and showing that an address is one's own. */
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
   * Has a mail sent, if there is whom to send it to: the worker finds out, so that nothing here can tell. Throws
   * too_many_requests.
   */
  async forgot(address: string): Promise<void> {
    const email = normalizeEmail(address);
    await this.limiter.consume(ASKED, email);
    await this.unitOfWork.run(this.recovery.askReset(email), () =>
      this.audit.record('auth.password_reset_requested', { outcome: 'failure' }),
    ); // whoever asks has shown nothing
  }

  /**
   * Sets the password of whoever the mail was for. They sign in with it afterwards, with their second factor where they
   * have one. The password is evaluated first, so that tokens which open nothing cost the same.
   * Throws weak_password, token_invalid, busy.
   */
  async reset(token: string, password: string): Promise<void> {
    assertStrong(password, await this.recovery.ownerOf(token));
    const credential = await this.passwords.credential(password);
    const { state } = await this.unitOfWork.run(this.recovery.reset(token, credential), (row) => this.recorded(row));
    if (state !== 'ok') throw new Problem('token_invalid');
  }

  /** Throws too_many_requests. */
  async askVerification(): Promise<void> {
    const { userId } = currentMember();
    await this.limiter.consume(VERIFICATIONS, userId);
    await this.recovery.askVerification();
    this.audit.record('auth.email_verification_requested', { target: { type: 'user', id: userId } });
  }

  /**
   * For whoever asked for the mail, while signed in: somebody else's click proves nothing of this account. Throws
   * token_invalid.
   */
  async verify(token: string): Promise<void> {
    if (!(await this.recovery.verify(token))) throw new Problem('token_invalid');
    this.audit.record('auth.email_verified', { target: { type: 'user', id: currentMember().userId } });
  }

  private recorded(outcome: ResetOutcome): ResetOutcome {
    if (outcome.state === 'ok') {
      this.audit.record('auth.password_reset', { target: { type: 'user', id: outcome.user_id! } });
    } else {
      this.audit.record('auth.password_reset_failed', { outcome: 'failure' });
    }
    return outcome;
  }
}
