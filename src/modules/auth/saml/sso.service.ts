import { Injectable } from '@nestjs/common';
import { AuditTrail } from '../../../platform/audit/audit-trail.js';
import { newId } from '../../../platform/clock/id.js';
import { AppConfig } from '../../../platform/config/index.js';
import { currentContext } from '../../../platform/context/context.js';
import { DataKeys, ORGANIZATION } from '../../../platform/crypto/data-keys.js';
import { hashToken, normalizeEmail, randomToken } from '../../../platform/crypto/index.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { Problem } from '../../../platform/http/problem.js';
import type { OpenedSession } from '../sign-in.service.js';
import { beginSignIn, type SamlDeparture } from './saml-login.js';
import { problemOf } from './saml-problem.js';
import { SamlRefused } from './saml-refusal.js';
import type { SamlArrival } from './saml.strategy.js';
import { PendingRequests } from './request-store.js';
import { serviceProviderMetadata } from './sp-metadata.js';
import { SsoConnections } from './sso-connections.js';
import { SsoRepository, type FoundConnection, type SsoOutcome } from './sso.repository.js';

const OPENED = new Set<SsoOutcome['state']>(['known', 'claimed', 'provisioned']);

/** The steps of a SAML sign-in that a browser sees: metadata, departure, arrival. */
@Injectable()
export class SsoService {
  constructor(
    private readonly connections: SsoConnections,
    private readonly repository: SsoRepository,
    private readonly requests: PendingRequests,
    private readonly dataKeys: DataKeys,
    private readonly unitOfWork: UnitOfWork,
    private readonly audit: AuditTrail,
    private readonly app: AppConfig,
  ) {}

  /** Our metadata for one connection. Throws not_found. */
  async metadata(connectionId: string): Promise<string> {
    return serviceProviderMetadata(await this.connection(connectionId));
  }

  /** Where to send the browser. Throws not_found, invalid_request for a foreign return path, unavailable without Redis. */
  async depart(connectionId: string, cookieHeader: string | undefined, returnTo: string | undefined): Promise<SamlDeparture> {
    const connection = await this.connection(connectionId);
    try {
      return await beginSignIn(connection, this.requests, { cookieHeader, returnTo, publicUrl: this.app.origin });
    } catch (error) {
      throw error instanceof SamlRefused ? problemOf(error) : error;
    }
  }

  /** Opens a session for an assertion that holds. Throws sso_refused; the reason is in the organization's log. */
  async arrive({ connectionId, identity, sessionEnds }: SamlArrival): Promise<OpenedSession> {
    const found = await this.repository.findForSignIn(connectionId);
    if (found === null) throw new Problem('not_found');
    const secret = randomToken();
    const email = identity.email === undefined ? null : normalizeEmail(identity.email);
    const role = identity.role ?? null;
    const entrance = this.repository.signIn({
      connectionId, entrance: await this.entranceSecret(found), subjectKey: identity.subjectKey, email,
      name: identity.displayName ?? email ?? 'Unnamed', role,
      ids: { user: newId(), membership: newId(), session: newId() }, secretHash: hashToken(secret),
      maxExpiry: sessionEnds === undefined ? null : new Date(sessionEnds),
    });
    const outcome = await this.unitOfWork.run<SsoOutcome, SsoOutcome>(entrance, (row) => this.recorded(row, connectionId, role));
    if (!OPENED.has(outcome.state)) throw new Problem('sso_refused');
    return { secret, organizationId: outcome.org_id, expiresAt: outcome.expires_at };
  }

  /** Writes a refused response to the log of the organization whose connection it came to. */
  async recordRefusal(connectionId: string, reason: string): Promise<void> {
    await this.unitOfWork.run<void, { org_id: string }>(this.repository.log(connectionId), ({ org_id: orgId }) => {
      currentContext().orgId = orgId;
      this.audit.record('auth.sign_in_failed', { outcome: 'failure', meta: { method: 'saml', reason } });
    });
  }

  private async connection(id: string) {
    const connection = await this.connections.find(id);
    if (connection === undefined) throw new Problem('not_found');
    return connection;
  }

  private async entranceSecret({ connection, keys }: FoundConnection): Promise<Buffer> {
    currentContext().orgId = connection.orgId;
    const ring = await this.dataKeys.unwrap(ORGANIZATION, 'data', keys);
    return Buffer.from(ring.forRow('sso_connections', connection.id).open('entrance_enc', connection.entrance)!);
  }

  private recorded(outcome: SsoOutcome, connectionId: string, role: string | null): SsoOutcome {
    const context = currentContext();
    context.orgId = outcome.org_id;
    if (!OPENED.has(outcome.state)) {
      this.audit.record('auth.sign_in_failed', { outcome: 'failure', meta: { method: 'saml', reason: outcome.state } });
      return outcome;
    }
    context.actor = { type: 'user', id: outcome.user_id, email: outcome.email ?? undefined };
    const target = { type: 'membership', id: outcome.membership_id! };
    if (outcome.state === 'provisioned') this.audit.record('sso.member_provisioned', { target, meta: { role, connectionId } });
    if (outcome.role_before !== role) this.audit.record('sso.role_taken_over', { target, meta: { from: outcome.role_before, to: role } });
    this.audit.record('auth.signed_in', { target: { type: 'user', id: outcome.user_id! }, meta: { method: 'saml' } });
    return outcome;
  }
}
