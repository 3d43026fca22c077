import { Injectable } from '@nestjs/common';
import { currentContext, type Identity } from '../../context/context.js';
import type { TenantContext } from '../../database/tenant-context.js';
import { UnitOfWork } from '../../database/unit-of-work.js';
import type { ErrorCode } from '../../feature/registry.js';
import { Problem } from '../../problem/problem.js';
import { unauthenticatedProblem } from '../api-key.js';
import type { GuardContext, AccessCheck, SessionRow } from '../guard-context.js';
import { roleInfo } from '../../policies/grants.js';
import { RejectedApiKeys } from './rejected-api-keys.js';

const PROBLEM_BY_STATE: Record<Exclude<SessionRow['state'], 'ok'>, ErrorCode> = {
  unknown: 'unauthenticated',
  revoked: 'unauthenticated',
  expired: 'session_expired',
  key_expired: 'api_key_expired',
  idle: 'session_expired',
  address: 'ip_not_allowed',
  ended: 'membership_ended',
  suspended: 'organization_suspended',
};

/**
 * Enters with the session or the API key. One round trip begins the transaction, verifies the credential, signs the
 * tenant context, and returns the member with its grants.
 */
@Injectable()
export class SessionCheck implements AccessCheck {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly rejectedKeys: RejectedApiKeys,
  ) {}

  async check(attempt: GuardContext): Promise<void> {
    const { enter } = attempt;
    if (enter === undefined) throw new Problem('unauthenticated');
    const readOnly = !attempt.mutating && (attempt.policy.emits ?? []).length === 0;
    const identified = (write: boolean): TenantContext<EnteredSession> => ({ ...enter(!write), identity: identityOf });
    const session = await this.unitOfWork.begin(identified(!readOnly));
    if (session.state !== 'ok' && attempt.apiKey !== undefined) await this.rejectedKeys.record(enter(false), session);
    if (session.state !== 'ok') throw unauthenticatedProblem(attempt, PROBLEM_BY_STATE[session.state]);
    attempt.session = session;
    currentContext().allow({ audit: () => identified(true) });
  }
}

type EnteredSession = SessionRow & Record<string, unknown>;

/** Returns the identity of an entered session; returns an empty object when the session was rejected. */
function identityOf(session: EnteredSession): Partial<Identity> {
  if (session.state !== 'ok') return {};
  return {
    orgId: session.org_id,
    actor: { type: 'user', id: session.user_id, email: session.email, name: session.user_name },
    member: {
      sessionId: session.session_id,
      userId: session.user_id,
      email: session.email,
      name: session.user_name,
      orgId: session.org_id,
      orgName: session.org_name,
      membershipId: session.membership_id,
      personId: session.person_id,
      preset: session.preset,
      ...roleInfo(session),
      accessGrantId: session.access_grant_id,
      apiKeyId: session.api_key_id ?? null,
    },
  };
}
