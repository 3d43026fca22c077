import { Injectable } from '@nestjs/common';
import { currentContext } from '../../context/context.js';
import { UnitOfWork } from '../../database/unit-of-work.js';
import type { ErrorCode } from '../../feature/registry.js';
import { Problem } from '../../http/problem.js';
import { RateLimiter, type RateLimit } from '../../http/rate-limit.js';
import { refusedKey } from '../api-key.js';
import type { Attempt, Layer, SessionRow } from '../attempt.js';
import { parseGrants } from '../grants.js';

type Refusal = Exclude<SessionRow['state'], 'ok'>;

/** By address: keys that nobody has. 256 random bits are not guessed; this ends the trying all the same. */
const UNKNOWN_KEYS: RateLimit = { name: 'unknown-api-keys', points: 30, seconds: 300 };

const REFUSALS: Record<Refusal, ErrorCode> = {
  unknown: 'unauthenticated',
  revoked: 'unauthenticated',
  expired: 'session_expired',
  idle: 'session_expired',
  address: 'address_not_allowed',
  ended: 'membership_ended',
  suspended: 'organization_suspended',
};

/**
 * Enters the session, or the API key: one round trip begins the request's transaction, checks it, signs the tenant context
 * and brings back who this is and what the role grants.
 */
@Injectable()
export class SessionLayer implements Layer {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly limiter: RateLimiter,
  ) {}

  async check(attempt: Attempt): Promise<void> {
    const { enter } = attempt;
    if (enter === undefined) throw new Problem('unauthenticated');
    const readOnly = !attempt.mutating && (attempt.policy.emits ?? []).length === 0;
    const session = await this.unitOfWork.begin<SessionRow & Record<string, unknown>>(enter(readOnly));
    if (session.state !== 'ok') throw await this.refusal(attempt, session.state);
    attempt.session = session;
    const context = currentContext();
    context.enterAgain = () => enter(false);
    context.orgId = session.org_id;
    context.actor = { type: 'user', id: session.user_id, email: session.email, name: session.user_name };
    context.member = {
      sessionId: session.session_id,
      userId: session.user_id,
      email: session.email,
      name: session.user_name,
      orgId: session.org_id,
      orgName: session.org_name,
      membershipId: session.membership_id,
      personId: session.person_id,
      preset: session.preset,
      role: session.role,
      grants: parseGrants(session.grants),
      accessGrantId: session.access_grant_id,
      apiKeyId: session.api_key_id ?? null,
    };
  }

  /** Counts a key that nobody has, without holding a connection meanwhile. */
  private async refusal({ apiKey }: Attempt, state: Refusal): Promise<Problem> {
    if (apiKey === undefined) return new Problem(REFUSALS[state]);
    await this.unitOfWork.rollback();
    if (state === 'unknown') await this.limiter.consume(UNKNOWN_KEYS, currentContext().ip ?? 'unknown');
    return refusedKey(state === 'expired' ? 'api_key_expired' : REFUSALS[state]);
  }
}
