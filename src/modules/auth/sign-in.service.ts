import { setTimeout as delay } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { AuditTrail } from '../../platform/audit/audit-trail.js';
import { currentContext } from '../../platform/context/context.js';
import { normalizeEmail } from '../../platform/crypto/index.js';
import { UnitOfWork } from '../../platform/database/unit-of-work.js';
import { Problem } from '../../platform/http/problem.js';
import { RateLimiter, type RateLimit } from '../../platform/http/rate-limit.js';
import { Passwords } from './passwords.js';
import { SessionsRepository, type SignInBegun, type SignInOutcome } from './sessions.repository.js';
import { newVisit } from './visit.js';

/** By account, beside the limit by address that the route declares. */
const BY_ACCOUNT: RateLimit = { name: 'sign-in-account', points: 60, seconds: 900 };
const BUSY_TRIES = 100;
const BUSY_MILLIS = 100;

/** A session that was opened: the secret goes into the cookie and is kept nowhere. */
export interface OpenedSession {
  secret: string;
  organizationId: string;
  expiresAt: Date;
}

/**
 * Sign-in by password. Known and unknown addresses take the same steps: one try is counted, one Argon2id evaluated,
 * one comparison made by the database.
 */
@Injectable()
export class SignInService {
  constructor(
    private readonly sessions: SessionsRepository,
    private readonly passwords: Passwords,
    private readonly unitOfWork: UnitOfWork,
    private readonly audit: AuditTrail,
    private readonly limiter: RateLimiter,
  ) {}

  /** Throws invalid_credentials, account_locked, too_many_requests or busy. */
  async withPassword(address: string, password: string): Promise<OpenedSession> {
    const email = normalizeEmail(address);
    await this.limiter.consume(BY_ACCOUNT, email);
    const evaluated = await this.evaluated(email, password);
    const visit = newVisit();
    const entrance = this.sessions.completion(email, evaluated, visit);
    const outcome = await this.unitOfWork.run<SignInOutcome, SignInOutcome>(entrance, (row) => this.recorded(email, row));
    if (outcome.state === 'locked') throw locked(900);
    if (outcome.state === 'refused') throw new Problem('invalid_credentials');
    await this.limiter.reset(BY_ACCOUNT, email); // tries that led somewhere were no guesses
    return { secret: visit.secret, organizationId: outcome.org_id, expiresAt: outcome.expires_at };
  }

  /** While five tries are being evaluated, others wait their turn, with neither a connection nor a place in the queue. */
  private async evaluated(email: string, password: string): Promise<Buffer> {
    let tried = await this.try(email, password);
    for (let tries = 0; !Buffer.isBuffer(tried) && tried.state === 'busy' && tries < BUSY_TRIES; tries += 1) {
      await delay(BUSY_MILLIS);
      tried = await this.try(email, password);
    }
    if (!Buffer.isBuffer(tried)) throw locked(tried.retry_seconds);
    return tried;
  }

  /** The place in the queue comes first: a try that was counted is evaluated. */
  private try(email: string, password: string): Promise<Buffer | SignInBegun> {
    return this.passwords.inTurn(async () => {
      const begun = await this.sessions.begin(email);
      return begun.state === 'go' ? this.passwords.evaluate(password, begun.salt!) : begun;
    });
  }

  private recorded(email: string, outcome: SignInOutcome): SignInOutcome {
    const context = currentContext();
    context.orgId = outcome.org_id;
    context.actor = { type: outcome.state === 'ok' ? 'user' : 'anonymous', id: outcome.user_id, email };
    const target = outcome.user_id === null ? undefined : { type: 'user', id: outcome.user_id };
    if (outcome.state === 'ok') this.audit.record('auth.signed_in', { target, meta: { method: 'password' } });
    else this.audit.record('auth.sign_in_failed', { target, outcome: 'failure', meta: { method: 'password', reason: 'invalid_credentials' } });
    if (outcome.state === 'locked') this.audit.record('auth.locked', { target, outcome: 'failure' });
    return outcome;
  }
}

function locked(retrySeconds: number | null): Problem {
  return new Problem('account_locked', { headers: { 'Retry-After': String(retrySeconds ?? 900) } });
}
