import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../../platform/audit/audit-log.js';
import { newId } from '../../../platform/clock/id.js';
import { currentContext, withIdentity, type Identity } from '../../../platform/context/context.js';
import { normalizeEmail } from '../../../platform/crypto/index.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { Problem } from '../../../platform/problem/index.js';
import { networkOf, RateLimiter, type RateLimit } from '../../../platform/http/index.js';
import {
  newSession,
  type OpenedSession,
  type Switched,
  OrganizationSwitchRepository,
  type NewSession,
} from '../sessions/index.js';
import { LinkOffers } from './link-offers.js';
import { roleFacts } from './role-mapping.js';
import type { SsoProtocol } from './sso-connection.entity.js';
import type { SsoDiagnostics } from '../sso-messages/index.js';
import { notAdmitted } from './sso-problem.js';
import type { VerifiedIdentity } from './verified-identity.js';
import { SsoTrace } from './sso-trace.service.js';
import { SsoRepository, type SsoOutcome } from './sso.repository.js';

const REJECTIONS_RATE_LIMIT: RateLimit = { name: 'sso-rejections', points: 300, seconds: 300 };

/** How a first answer found a member who existed, by the state of the sign-in. The audit log records it. */
const LINKED: Partial<Record<SsoOutcome['state'], string>> = {
  claimed: 'never_signed_in',
  linked: 'proof',
  linked_by_address: 'address',
  moved: 'move',
};
const OPENED = new Set<SsoOutcome['state']>([
  'known',
  'provisioned',
  ...(Object.keys(LINKED) as SsoOutcome['state'][]),
]);
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
    private readonly offers: LinkOffers,
    private readonly limiter: RateLimiter,
  ) {}

  /**
   * Opens a session for a verified identity. The session belongs to the target organization of the sign-in, or to the
   * connection's organization if there is no target. Throws `sso_account_exists` when the e-mail address belongs to a
   * member whose account the user can prove. Throws `sso_failed` when the user cannot sign in. The audit log and the
   * connection's attempt log contain the reason.
   */
  async open(verified: VerifiedIdentity): Promise<OpenedSession> {
    await currentContext().uncount();
    const session = await sessionOf(verified);
    const opened = await this.signIn(verified, session);
    if ('secret' in opened) return opened;
    // Any site can make a browser post an unsolicited response, so such a response offers no link.
    if (opened.state === 'account_exists' && opened.membership_id !== null && verified.browser !== undefined)
      throw await this.offers.store(verified, verified.browser, session.secret);
    throw notAdmitted();
  }

  /**
   * Links a verified identity to the member of a proven offer, and opens a session. Throws `sign_in_expired` when the
   * offer was not proven or has been used. Throws `last_owner` when the provider's role would leave the organization
   * without an owner; the identity is then not linked. Throws `sso_failed` when the user cannot sign in.
   */
  async link(verified: VerifiedIdentity, linkSecret: string): Promise<OpenedSession> {
    await currentContext().uncount();
    const opened = await this.signIn(verified, await sessionOf(verified), linkSecret);
    if ('secret' in opened) return opened;
    throw opened.state === 'link_expired' ? new Problem('sign_in_expired') : notAdmitted();
  }

  /** Returns the session, or the outcome of a sign-in that opened none. */
  private async signIn(
    verified: VerifiedIdentity,
    session: NewSession,
    linkSecret: string | null = null,
  ): Promise<OpenedSession | Pick<SsoOutcome, 'state' | 'membership_id'>> {
    const secret = await verified.connection.dbSecret();
    return this.unitOfWork
      .run<OpenedSession | SsoOutcome, SsoOutcome>(
        this.signInContext(verified, secret, session, linkSecret),
        async (outcome) => {
          // The identity was linked in this transaction, which the error rolls back.
          if (linkSecret !== null && outcome.state === 'last_owner') throw new Problem('last_owner');
          await this.record(outcome, verified);
          return OPENED.has(outcome.state) ? this.switchOrganization(outcome, verified, session) : outcome;
        },
      )
      .catch((error: unknown) => this.recordTargetFailure(error, verified));
  }

  /**
   * Records a rejected response. Writes to the audit log of the connection's organization and to the connection's
   * attempt log. Records at most 300 responses of a network in five minutes, so that no caller can fill the logs.
   * `diagnostics` is called only for a recorded response.
   */
  async recordRejection(
    connectionId: string,
    method: SsoProtocol,
    reason: string,
    diagnostics: () => Promise<SsoDiagnostics | undefined> = async () => undefined,
  ): Promise<void> {
    if (!(await this.mayRecord())) return;
    const seen = await diagnostics(); // before the transaction, because it can wait
    await this.inAuditLog(connectionId, async () => {
      this.audit.record('auth.sign_in_failed', { outcome: 'failure', meta: { method, reason } });
      await this.trace.record(connectionId, { accepted: false, reason, diagnostics: seen });
    });
  }

  /** Records a rejected logout message in the audit log of the connection's organization, under the same limit. */
  async recordLogoutRejection(connectionId: string, reason: string): Promise<void> {
    if (!(await this.mayRecord())) return;
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
    linkSecret: string | null,
  ) {
    const email = identity.email === undefined ? null : normalizeEmail(identity.email);
    const tenant = this.repository.signIn({
      connectionId: connection.id,
      dbSecret,
      subjectKey: identity.subjectKey,
      email,
      name: identity.displayName ?? null,
      role: identity.role ?? null,
      ids: { user: newId(), membership: newId() },
      session,
      idpSession: idpSession ?? null,
      maxExpiry: sessionEnds === undefined ? null : new Date(sessionEnds),
      facts: roleFacts(connection.row, identity.groups, identity.claims),
      linkSecret,
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
      const how = LINKED[outcome.state];
      if (how !== undefined) this.audit.record('sso.identity_linked', { target, meta: { connectionId, how } });
      if (outcome.followed === true) this.audit.record('sso.profile_followed', { target, meta: { connectionId } });
      if (outcome.role_before !== role)
        this.audit.record('sso.role_synced', { target, meta: { from: outcome.role_before, to: role } });
      this.audit.record('auth.signed_in', { target: { type: 'user', id: outcome.user_id! }, meta: { method } });
    }
    await this.trace.record(connectionId, { accepted, reason: accepted ? undefined : reason, diagnostics });
  }

  private async recordTargetFailure(error: unknown, { connection, diagnostics }: VerifiedIdentity) {
    if (!(error instanceof TargetOrganizationError)) throw error;
    await this.recordRejection(connection.id, connection.row.protocol, error.reason, async () => diagnostics);
    return { state: 'connection_rejected', membership_id: null } as const;
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

/** Returns a new session with the sealed logout hint of the answer. */
async function sessionOf(verified: VerifiedIdentity): Promise<NewSession> {
  const id = newId();
  return newSession({ ...verified, id, logoutHint: await verified.connection.sealHint(id, verified.logoutHint) });
}

/** Returns the identity that the audit log records. The actor is the user if the session was opened. */
function identityOf({ state, org_id: orgId, user_id: id, email }: SsoOutcome): Partial<Identity> {
  return { orgId, ...(OPENED.has(state) && { actor: { type: 'user', id, email: email ?? undefined } }) };
}
