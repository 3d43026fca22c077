import { Injectable } from '@nestjs/common';
import { AuditLog, type AuditTarget } from '../../../platform/audit/audit-log.js';
import { normalizeEmail } from '../../../platform/crypto/index.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { Problem } from '../../../platform/problem/index.js';
import { RateLimiter, type RateLimit } from '../../../platform/http/rate-limit.js';
import { MfaService, type FinishedSignIn, type PendingSignIn } from './mfa.service.js';
import { hashWithAttempt, locked, Passwords, PasswordsRepository, type SignInOutcome } from '../passwords/index.js';
import { newSession, type NewSessionOptions } from '../sessions/index.js';

/** By account, beside the limit by address that the route declares. */
const BY_ACCOUNT: RateLimit = { name: 'sign-in-account', points: 60, seconds: 900 };

/** What a browser brings along to a sign-in by password. */
export interface SignInOptions extends NewSessionOptions {
  /** A code for the second factor, so that one request does both. */
  totp?: string;
  rememberDevice?: boolean;
}

/**
 * Sign-in by password. Known and unknown addresses take the same steps: one try is counted, one Argon2id evaluated,
 * one comparison made by the database.
 */
@Injectable()
export class SignInService {
  constructor(
    private readonly repository: PasswordsRepository,
    private readonly passwords: Passwords,
    private readonly unitOfWork: UnitOfWork,
    private readonly audit: AuditLog,
    private readonly limiter: RateLimiter,
    private readonly secondFactor: MfaService,
  ) {}

  /**
   * Opens a session, or says that the second factor is missing. Throws invalid_credentials, account_locked,
   * too_many_requests or busy; with a code also what `MfaService.finish` throws.
   */
  async withPassword(
    address: string,
    password: string,
    { totp, rememberDevice, ...visitor }: SignInOptions = {},
  ): Promise<FinishedSignIn | PendingSignIn> {
    const email = normalizeEmail(address);
    await this.limiter.consume(BY_ACCOUNT, email);
    const { evaluated } = await hashWithAttempt(this.passwords, () => this.repository.begin(email), password);
    const visit = newSession(visitor);
    const entrance = this.repository.completion(email, evaluated!, visit);
    const outcome = await this.unitOfWork.run(entrance, (row) => this.recorded(row));
    if (outcome.state === 'locked') throw locked();
    if (outcome.state === 'refused') throw new Problem('invalid_credentials');
    await this.limiter.reset(BY_ACCOUNT, email); // tries that led somewhere were no guesses
    if (outcome.state === 'ok') {
      const { org_id: organizationId, expires_at: expiresAt, remembered } = outcome;
      return { session: { secret: visit.secret, organizationId, expiresAt, remembered }, device: null };
    }
    if (totp === undefined) return { secret: visit.secret, methods: await this.secondFactor.methods(visit.secret) };
    return this.secondFactor.finish(visit.secret, { totp }, { rememberDevice });
  }

  private recorded(outcome: SignInOutcome): SignInOutcome {
    const { user_id: userId, email_digest: digest } = outcome;
    // Both have one shape, because an event that is shorter would be written faster.
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
