import { Injectable } from '@nestjs/common';
import { AuditTrail } from '../../../platform/audit/audit-trail.js';
import { newId } from '../../../platform/clock/id.js';
import { currentContext } from '../../../platform/context/context.js';
import { normalizeEmail } from '../../../platform/crypto/index.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { Problem } from '../../../platform/http/problem.js';
import type { OpenedSession } from '../sign-in.service.js';
import { newVisit } from '../visit.js';
import type { SsoProtocol } from './sso-connection.entity.js';
import { SsoEntrance } from './sso-entrance.js';
import type { SsoArrival } from './sso-identity.js';
import { SsoRepository, type FoundConnection, type SsoOutcome } from './sso.repository.js';

const OPENED = new Set<SsoOutcome['state']>(['known', 'claimed', 'provisioned']);

/** The last step of a sign-in through an identity provider, whatever the protocol: from a verified answer to a session. */
@Injectable()
export class SsoArrivals {
  constructor(
    private readonly repository: SsoRepository,
    private readonly entrance: SsoEntrance,
    private readonly unitOfWork: UnitOfWork,
    private readonly audit: AuditTrail,
  ) {}

  /** Opens a session for an answer that holds. Throws sso_refused; the reason is in the organization's log. */
  async open({ connectionId, identity, sessionEnds, idpSession, ...facts }: SsoArrival): Promise<OpenedSession> {
    const found = await this.repository.findForSignIn(connectionId);
    if (found === null) throw new Problem('not_found');
    const visit = newVisit(facts);
    const email = identity.email === undefined ? null : normalizeEmail(identity.email);
    const role = identity.role ?? null;
    const entrance = this.repository.signIn({
      connectionId, entrance: await this.entrance.secret(found), subjectKey: identity.subjectKey, email,
      name: identity.displayName ?? email ?? 'Unnamed', role, ids: { user: newId(), membership: newId() }, visit,
      idpSession: idpSession ?? null, maxExpiry: sessionEnds === undefined ? null : new Date(sessionEnds),
    });
    const outcome = await this.unitOfWork.run<SsoOutcome, SsoOutcome>(entrance, (row) => this.recorded(row, found.connection, role));
    if (!OPENED.has(outcome.state)) throw new Problem('sso_refused');
    return { secret: visit.secret, organizationId: outcome.org_id, expiresAt: outcome.expires_at };
  }

  /** Writes a refused answer to the log of the organization whose connection it came to. */
  async recordRefusal(connectionId: string, method: SsoProtocol, reason: string): Promise<void> {
    await this.toLog(connectionId, () => this.audit.record('auth.sign_in_failed', { outcome: 'failure', meta: { method, reason } }));
  }

  /** Writes a refused message about the end of a session to that log. */
  async recordLogoutRefusal(connectionId: string, reason: string): Promise<void> {
    await this.toLog(connectionId, () => this.audit.record('sso.logout_refused', { outcome: 'failure', meta: { reason } }));
  }

  private async toLog(connectionId: string, record: () => void): Promise<void> {
    await this.unitOfWork.run<void, { org_id: string }>(this.repository.log(connectionId), ({ org_id: orgId }) => {
      currentContext().orgId = orgId;
      record();
    });
  }

  private recorded(outcome: SsoOutcome, { id: connectionId, protocol: method }: FoundConnection['connection'], role: string | null): SsoOutcome {
    const context = currentContext();
    context.orgId = outcome.org_id;
    if (!OPENED.has(outcome.state)) {
      this.audit.record('auth.sign_in_failed', { outcome: 'failure', meta: { method, reason: outcome.state } });
      return outcome;
    }
    context.actor = { type: 'user', id: outcome.user_id, email: outcome.email ?? undefined };
    const target = { type: 'membership', id: outcome.membership_id! };
    if (outcome.state === 'provisioned') this.audit.record('sso.member_provisioned', { target, meta: { role, connectionId } });
    if (outcome.role_before !== role) this.audit.record('sso.role_taken_over', { target, meta: { from: outcome.role_before, to: role } });
    this.audit.record('auth.signed_in', { target: { type: 'user', id: outcome.user_id! }, meta: { method } });
    return outcome;
  }
}
