import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../../platform/audit/audit-log.js';
import { newId } from '../../../platform/clock/id.js';
import { withIdentity, type Identity } from '../../../platform/context/context.js';
import { normalizeEmail } from '../../../platform/crypto/index.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { Problem } from '../../../platform/problem/index.js';
import {
  newSession,
  type OpenedSession,
  type Switched,
  OrganizationSwitchRepository,
  type NewSession,
} from '../sessions/index.js';
import { roleFacts } from './role-mapping.js';
import type { SsoProtocol } from './sso-connection.entity.js';
import type { SsoDiagnostics } from './sso-diagnostics.js';
import type { VerifiedIdentity } from './verified-identity.js';
import { SsoTrace } from './sso-trace.service.js';
import { SsoRepository, type SsoOutcome } from './sso.repository.js';

const OPENED = new Set<SsoOutcome['state']>(['known', 'claimed', 'provisioned']);
/** Why somebody does not land in another organization than the connection's own, for the log. */
const NOT_THERE = {
  not_found: 'no_membership_in_target',
  organization_sign_in_required: 'not_trusted_by_target',
  session_ended: 'session_ended',
} as const;

/** Somebody is known here, and does not get where they wanted to. Undoes the sign-in. */
class TargetOrganizationError extends Error {
  constructor(readonly reason: string) {
    super(reason);
  }
}

/**
 * The last step of a sign-in through an identity provider, whatever the protocol: from a verified answer to a session.
 */
@Injectable()
export class SsoSignInService {
  constructor(
    private readonly repository: SsoRepository,
    private readonly switching: OrganizationSwitchRepository,
    private readonly trace: SsoTrace,
    private readonly unitOfWork: UnitOfWork,
    private readonly audit: AuditLog,
  ) {}

  /**
   * Opens a session for a verified identity, in the connection's organization or in the one that the sign-in was
   * started for. Throws sso_failed; the reason is in the organization's log and in the connection's trace.
   */
  async open(verified: VerifiedIdentity): Promise<OpenedSession> {
    const secret = await verified.connection.dbSecret();
    const visit = newSession(verified);
    const session = await this.unitOfWork
      .run<OpenedSession | null, SsoOutcome>(this.entrance(verified, secret, visit), async (outcome) => {
        await this.recorded(outcome, verified);
        return OPENED.has(outcome.state) ? this.switchOrganization(outcome, verified, visit) : null;
      })
      .catch((error: unknown) => this.notThere(error, verified));
    if (session === null) throw new Problem('sso_failed');
    return session;
  }

  /**
   * Writes a refused answer to the log of the organization whose connection it came to, and to the connection's trace.
   */
  async recordRefusal(
    connectionId: string,
    method: SsoProtocol,
    reason: string,
    diagnostics?: SsoDiagnostics,
  ): Promise<void> {
    await this.toLog(connectionId, async () => {
      this.audit.record('auth.sign_in_failed', { outcome: 'failure', meta: { method, reason } });
      await this.trace.record(connectionId, { accepted: false, reason, diagnostics });
    });
  }

  /** Writes a refused message about the end of a session to that log. */
  async recordLogoutRefusal(connectionId: string, reason: string): Promise<void> {
    await this.toLog(connectionId, () =>
      this.audit.record('sso.logout_rejected', { outcome: 'failure', meta: { reason } }),
    );
  }

  private async toLog(connectionId: string, record: () => Promise<void> | void): Promise<void> {
    await this.unitOfWork.run<void, { org_id: string }>(this.repository.log(connectionId), ({ org_id: orgId }) => {
      return withIdentity({ orgId, actor: { type: 'anonymous', id: null } }, record);
    });
  }

  private entrance(
    { connection, identity, sessionEnds, idpSession }: VerifiedIdentity,
    entrance: Buffer,
    visit: NewSession,
  ) {
    const email = identity.email === undefined ? null : normalizeEmail(identity.email);
    const statement = this.repository.signIn({
      connectionId: connection.id,
      entrance,
      subjectKey: identity.subjectKey,
      email,
      name: identity.displayName ?? email ?? 'Unnamed',
      role: identity.role ?? null,
      ids: { user: newId(), membership: newId() },
      visit,
      idpSession: idpSession ?? null,
      maxExpiry: sessionEnds === undefined ? null : new Date(sessionEnds),
      facts: roleFacts(connection.row, identity.groups, identity.claims),
    });
    return { ...statement, identity: identityOf };
  }

  private async recorded(outcome: SsoOutcome, { connection, identity, diagnostics }: VerifiedIdentity): Promise<void> {
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

  private async notThere(error: unknown, { connection, diagnostics }: VerifiedIdentity): Promise<null> {
    if (!(error instanceof TargetOrganizationError)) throw error;
    await this.recordRefusal(connection.id, connection.row.protocol, error.reason, diagnostics);
    return null;
  }

  /** Goes on to another organization, where the sign-in was begun for one: as a session that moves there does. */
  private async switchOrganization(
    outcome: SsoOutcome,
    { connection, intent: aim }: VerifiedIdentity,
    visit: NewSession,
  ): Promise<OpenedSession> {
    const organizationId = aim?.organization ?? outcome.org_id;
    if (organizationId === outcome.org_id)
      return { secret: visit.secret, organizationId, expiresAt: outcome.expires_at, remembered: false };
    if (!connection.row.shared) throw new TargetOrganizationError('connection_not_shared');
    const target = { type: 'user', id: outcome.user_id! } as const;
    this.audit.record('auth.organization_switched', { target });
    const there = newSession();
    const { state, expires_at: expiresAt }: Switched = await this.switching.switch(visit.secret, organizationId, there);
    if (state !== 'ok') throw new TargetOrganizationError(NOT_THERE[state]);
    withIdentity({ orgId: organizationId }, () =>
      this.audit.record('auth.signed_in', { target, meta: { method: connection.row.protocol } }),
    );
    return { secret: there.secret, organizationId, expiresAt, remembered: false };
  }
}

/** The user acts from the moment in which the session is open. */
function identityOf({ state, org_id: orgId, user_id: id, email }: SsoOutcome): Partial<Identity> {
  return { orgId, ...(OPENED.has(state) && { actor: { type: 'user', id, email: email ?? undefined } }) };
}
