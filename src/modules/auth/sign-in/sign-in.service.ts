import { Injectable } from '@nestjs/common';
import { AuditLog, type AuditTarget } from '../../../platform/audit/audit-log.js';
import { currentContext } from '../../../platform/context/context.js';
import { normalizeEmail } from '../../../platform/crypto/index.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { Problem } from '../../../platform/problem/index.js';
import { RateLimiter, type RateLimit } from '../../../platform/http/rate-limit.js';
import { MfaService, type FinishedSignIn, type PendingSignIn } from './mfa.service.js';
import { hashWithAttempt, locked, Passwords, PasswordsRepository, type SignInOutcome } from '../passwords/index.js';
import { newSession, type NewSessionOptions } from '../sessions/index.js';

/** This limit applies to each account. The route declares another limit for each IP. */
const ACCOUNT_RATE_LIMIT: RateLimit = { name: 'sign-in-account', points: 60, seconds: 900 };

/** The options that a browser sends with a password sign-in. */
export interface SignInOptions extends NewSessionOptions {
  /** The code of the authenticator app. With it, one request completes the sign-in. */
  totp?: string;
  rememberDevice?: boolean;
}

/**
 * Signs users in with a password. Known and unknown e-mail addresses take the same steps: one counted attempt, one
 * Argon2id hash, and one comparison in the database.
 */
@Injectable()
export class SignInService {
  constructor(
    private readonly repository: PasswordsRepository,
    private readonly passwords: Passwords,
    private readonly unitOfWork: UnitOfWork,
    private readonly audit: AuditLog,
    private readonly limiter: RateLimiter,
    private readonly mfa: MfaService,
  ) {}

  /**
   * Opens a session. Returns a pending sign-in instead when the user must present a second factor. Throws
   * `invalid_credentials` when the e-mail address or the password is incorrect. Throws `account_locked` after five
   * failed attempts. Throws `too_many_requests` when the rate limit is exceeded. Throws `server_busy` when the server
   * cannot hash the password now. With a code, also throws the errors of `MfaService.finish`.
   */
  async withPassword(
    enteredEmail: string,
    password: string,
    { totp, rememberDevice, ...options }: SignInOptions = {},
  ): Promise<FinishedSignIn | PendingSignIn> {
    const email = normalizeEmail(enteredEmail);
    await this.limiter.consume(ACCOUNT_RATE_LIMIT, email);
    const { hash } = await hashWithAttempt(this.passwords, () => this.repository.begin(email), password);
    const session = newSession(options);
    const context = this.repository.completion(email, hash!, session);
    const outcome = await this.unitOfWork.run(context, (row) => this.recordOutcome(row));
    if (outcome.state === 'locked') throw locked();
    if (outcome.state === 'refused') throw new Problem('invalid_credentials');
    // A code in the same request can still be wrong; `MfaService.finish` accepts it.
    if (outcome.state === 'ok' || totp === undefined) await currentContext().uncount();
    await this.limiter.reset(ACCOUNT_RATE_LIMIT, email); // the user knew the password, so the failures were no attack
    if (outcome.state === 'ok') {
      const { org_id: organizationId, expires_at: expiresAt, remembered } = outcome;
      return { session: { secret: session.secret, organizationId, expiresAt, remembered }, device: null };
    }
    if (totp === undefined) return { secret: session.secret, methods: await this.mfa.methods(session.secret) };
    return this.mfa.finish(session.secret, { totp }, { rememberDevice });
  }

  private recordOutcome(outcome: SignInOutcome): SignInOutcome {
    const { user_id: userId, email_digest: digest } = outcome;
    // Both targets have the same shape. A shorter event would be written faster and reveal an unknown e-mail address.
    const target: AuditTarget =
      userId === null ? { type: 'email', id: digest ?? 'unknown' } : { type: 'user', id: userId };
    if (outcome.state === 'ok') this.audit.record('auth.signed_in', { target, meta: { method: 'password' } });
    else if (outcome.state === 'second_factor') this.audit.record('auth.mfa_challenged', { target, outcome: 'denied' });
    else
      this.audit.record('auth.sign_in_failed', {
        target,
        outcome: 'failure',
        meta: { method: 'password', reason: 'invalid_credentials' },
      });
    if (outcome.state === 'locked') this.audit.record('auth.locked', { target, outcome: 'failure' });
    return outcome;
  }
}
