import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../../platform/audit/audit-log.js';
import { newId } from '../../../platform/clock/id.js';
import { currentContext, withIdentity, type Identity } from '../../../platform/context/context.js';
import { normalizeEmail } from '../../../platform/crypto/index.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { networkOf, RateLimiter, type RateLimit } from '../../../platform/http/index.js';
import {
  newSession,
  type OpenedSession,
  type Switched,
  OrganizationSwitchRepository,
  type NewSession,
} from '../sessions/index.js';
import { roleFacts } from './role-mapping.js';
import type { SsoProtocol } from './sso-connection.entity.js';
import type { SsoDiagnostics } from '../sso-messages/index.js';
import { notAdmitted } from './sso-problem.js';
import type { VerifiedIdentity } from './verified-identity.js';
import { SsoTrace } from './sso-trace.service.js';
import { SsoRepository, type SsoOutcome } from './sso.repository.js';

const REJECTIONS_RATE_LIMIT: RateLimit = { name: 'sso-rejections', points: 300, seconds: 300 };

const OPENED = new Set<SsoOutcome['state']>(['known', 'claimed', 'provisioned']);
/** Maps each failed switch to the reason that the audit log records. */
const TARGET_FAILURES = {
  not_found: 'no_membership_in_target',
  organization_sign_in_required: 'not_trusted_by_target',
  session_ended: 'session_ended',
} as const;

/** The error that rolls back the sign-in of an authenticated user who cannot enter the target organization. */
class TargetOrganizationError extends Error {
  constructor(readonly reason: string) {
    super(reason);
  }
}

/** Opens the session at the end of an SSO sign-in. Every protocol uses this service. */
@Injectable()
export class SsoSignInService {
  constructor(
    private readonly repository: SsoRepository,
    private readonly switching: OrganizationSwitchRepository,
    private readonly trace: SsoTrace,
    private readonly unitOfWork: UnitOfWork,
    private readonly audit: AuditLog,
    private readonly limiter: RateLimiter,
  ) {}

  /**
   * Opens a session for a verified identity. The session belongs to the target organization of the sign-in, or to the
   * connection's organization if there is no target. Throws `sso_failed` when the user cannot sign in. The audit log
   * and the connection's attempt log contain the reason.
   */
  async open(verified: VerifiedIdentity): Promise<OpenedSession> {
    await currentContext().uncount();
    const secret = await verified.connection.dbSecret();
    const id = newId();
    const session = newSession({
      ...verified,
      id,
      logoutHint: await verified.connection.sealHint(id, verified.logoutHint),
    });
    const opened = await this.unitOfWork
      .run<OpenedSession | null, SsoOutcome>(this.signInContext(verified, secret, session), async (outcome) => {
        await this.record(outcome, verified);
        return OPENED.has(outcome.state) ? this.switchOrganization(outcome, verified, session) : null;
      })
      .catch((error: unknown) => this.recordTargetFailure(error, verified));
    if (opened === null) throw notAdmitted();
    return opened;
  }

  /**
   * Records a rejected response. Writes to the audit log of the connection's organization and to the connection's
   * attempt log. Records at most 300 responses of a network in five minutes, so that no caller can fill the logs.
   */
  async recordRejection(
    connectionId: string,
    method: SsoProtocol,
    reason: string,
    diagnostics?: SsoDiagnostics,
  ): Promise<void> {
    if (!(await this.mayRecord())) return;
    await this.inAuditLog(connectionId, async () => {
      this.audit.record('auth.sign_in_failed', { outcome: 'failure', meta: { method, reason } });
      await this.trace.record(connectionId, { accepted: false, reason, diagnostics });
    });
  }

  /** Records a rejected logout message in the audit log of the connection's organization. */
  async recordLogoutRejection(connectionId: string, reason: string): Promise<void> {
    await this.inAuditLog(connectionId, () =>
      this.audit.record('sso.logout_rejected', { outcome: 'failure', meta: { reason } }),
    );
  }

  private async mayRecord(): Promise<boolean> {
    return this.limiter.consume(REJECTIONS_RATE_LIMIT, networkOf(currentContext().ip)).then(
      () => true,
      () => false,
    );
  }

  private async inAuditLog(connectionId: string, record: () => Promise<void> | void): Promise<void> {
    await this.unitOfWork.run<void, { org_id: string }>(this.repository.log(connectionId), ({ org_id: orgId }) => {
      return withIdentity({ orgId, actor: { type: 'anonymous', id: null } }, record);
    });
  }

  private signInContext(
    { connection, identity, sessionEnds, idpSession }: VerifiedIdentity,
    dbSecret: Buffer,
    session: NewSession,
  ) {
    const email = identity.email === undefined ? null : normalizeEmail(identity.email);
    const tenant = this.repository.signIn({
      connectionId: connection.id,
      dbSecret,
      subjectKey: identity.subjectKey,
      email,
      name: identity.displayName ?? email ?? 'Unnamed',
      role: identity.role ?? null,
      ids: { user: newId(), membership: newId() },
      session,
      idpSession: idpSession ?? null,
      maxExpiry: sessionEnds === undefined ? null : new Date(sessionEnds),
      facts: roleFacts(connection.row, identity.groups, identity.claims),
    });
    return { ...tenant, identity: identityOf };
  }

  private async record(outcome: SsoOutcome, { connection, identity, diagnostics }: VerifiedIdentity): Promise<void> {
    const { id: connectionId, protocol: method } = connection.row;
    const accepted = OPENED.has(outcome.state);
    const reason = outcome.state === 'email_missing' && identity.emailUnverified ? 'email_unverified' : outcome.state;
    if (!accepted) {
      this.audit.record('auth.sign_in_failed', { outcome: 'failure', meta: { method, reason } });
    } else {
      const { role_now: role } = outcome;
      const target = { type: 'membership', id: outcome.membership_id! } as const;
      if (outcome.state === 'provisioned')
        this.audit.record('sso.member_provisioned', { target, meta: { role, connectionId } });
      if (outcome.role_before !== role)
        this.audit.record('sso.role_synced', { target, meta: { from: outcome.role_before, to: role } });
      this.audit.record('auth.signed_in', { target: { type: 'user', id: outcome.user_id! }, meta: { method } });
    }
    await this.trace.record(connectionId, { accepted, reason: accepted ? undefined : reason, diagnostics });
  }

  private async recordTargetFailure(error: unknown, { connection, diagnostics }: VerifiedIdentity): Promise<null> {
    if (!(error instanceof TargetOrganizationError)) throw error;
    await this.recordRejection(connection.id, connection.row.protocol, error.reason, diagnostics);
    return null;
  }

  /**
   * Opens the session in the target organization, by the same function that switches a session. Without a target, the
   * session stays in the connection's organization.
   */
  private async switchOrganization(
    outcome: SsoOutcome,
    { connection, intent }: VerifiedIdentity,
    session: NewSession,
  ): Promise<OpenedSession> {
    const organizationId = intent?.organization ?? outcome.org_id;
    if (organizationId === outcome.org_id)
      return { secret: session.secret, organizationId, expiresAt: outcome.expires_at, remembered: false };
    if (!connection.row.shared) throw new TargetOrganizationError('connection_not_shared');
    const user = { type: 'user', id: outcome.user_id! } as const;
    this.audit.record('auth.organization_switched', { target: user });
    const next = newSession();
    const { state, expires_at: expiresAt }: Switched = await this.switching.switch(
      session.secret,
      organizationId,
      next,
    );
    if (state !== 'ok') throw new TargetOrganizationError(TARGET_FAILURES[state]);
    withIdentity({ orgId: organizationId }, () =>
      this.audit.record('auth.signed_in', { target: user, meta: { method: connection.row.protocol } }),
    );
    return { secret: next.secret, organizationId, expiresAt, remembered: false };
  }
}

/** Returns the identity that the audit log records. The actor is the user if the session was opened. */
function identityOf({ state, org_id: orgId, user_id: id, email }: SsoOutcome): Partial<Identity> {
  return { orgId, ...(OPENED.has(state) && { actor: { type: 'user', id, email: email ?? undefined } }) };
}
