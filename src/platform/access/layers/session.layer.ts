import { Injectable } from '@nestjs/common';
import { currentContext } from '../../context/context.js';
import { sessionEntrance } from '../../database/entrances.js';
import { UnitOfWork } from '../../database/unit-of-work.js';
import type { ErrorCode } from '../../feature/registry.js';
import { Problem } from '../../http/problem.js';
import type { Attempt, Layer, SessionRow } from '../attempt.js';
import { parseGrants } from '../grants.js';

const REFUSALS: Record<Exclude<SessionRow['state'], 'ok'>, ErrorCode> = {
  unknown: 'unauthenticated',
  expired: 'session_expired',
  idle: 'session_expired',
  ended: 'membership_ended',
  suspended: 'organization_suspended',
};

/**
 * Enters the session: one round trip begins the request's transaction, checks the session, signs the tenant context
 * and brings back who this is and what the role grants.
 */
@Injectable()
export class SessionLayer implements Layer {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  async check(attempt: Attempt): Promise<void> {
    if (attempt.secret === undefined) throw new Problem('unauthenticated');
    const readOnly = !attempt.mutating && (attempt.policy.emits ?? []).length === 0;
    const session = await this.unitOfWork.begin<SessionRow & Record<string, unknown>>(
      sessionEntrance(attempt.secret, readOnly, attempt.policy.passive),
    );
    if (session.state !== 'ok') throw new Problem(REFUSALS[session.state]);
    attempt.session = session;
    const context = currentContext();
    const { secret, policy } = attempt;
    context.enterAgain = () => sessionEntrance(secret, false, policy.passive);
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
    };
  }
}
