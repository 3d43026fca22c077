import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../../platform/audit/audit-log.js';
import { AppConfig } from '../../../platform/config/index.js';
import { Clock } from '../../../platform/clock/clock.js';
import { withIdentity } from '../../../platform/context/context.js';
import { enterSession } from '../../../platform/database/tenant-context.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { bindBrowser, browserSecret } from '../sessions/index.js';
import { type ProviderSession, SsoLogoutService, SsoError, SsoRepository } from '../sso/index.js';
import { nameIdKey } from './identity.js';
import { readLogoutMessage, type IncomingLogout, type LogoutMessage } from './logout-message.js';
import { elementXml, messageXml, sendOut, SUCCESS_XML } from './outgoing.js';
import { clockSkewMillis, signingKey, UNSOLICITED_MS, type SamlConnection } from './saml-connection.js';
import { ensure, SamlError } from './saml-error.js';
import { LogoutReplayCache, OutgoingForms, PendingLogouts } from './saml-stores.js';
import { StoredSamlConnections } from './stored-saml-connections.js';

/** Where to send the browser next. */
export interface Onward {
  readonly url: string;
  readonly setCookie?: string;
  /** Whether the session of this browser is over. */
  readonly signedOut: boolean;
}

/** What the browser brings to the logout address. */
export interface LogoutRequestContext extends IncomingLogout {
  readonly connectionId: string;
  readonly cookieHeader: string | undefined;
  /** The secret of the browser's session, if its cookie holds. */
  readonly session: string | null;
}

/** Where somebody who is signed out goes: never where a message says. */
const AFTERWARDS = '/';

/** Single logout (saml-profiles-2.0-os, section 4.4), begun here or at the identity provider. */
@Injectable()
export class LogoutService {
  constructor(
    private readonly connections: StoredSamlConnections,
    private readonly repository: SsoRepository,
    private readonly endings: SsoLogoutService,
    private readonly pending: PendingLogouts,
    private readonly replays: LogoutReplayCache,
    private readonly forms: OutgoingForms,
    private readonly unitOfWork: UnitOfWork,
    private readonly audit: AuditLog,
    private readonly clock: Clock,
    private readonly app: AppConfig,
  ) {}

  /**
   * A visit without a message begins a logout of this browser's session; a message is answered, or completes one.
   * Throws SamlError.
   */
  async receive(visitor: LogoutRequestContext): Promise<Onward> {
    const connection = await this.connections.find(visitor.connectionId);
    ensure(connection !== undefined, 'connection_unknown');
    if (visitor.body === undefined && visitor.rawQuery === '') return this.begin(connection, visitor);
    ensure(connection.idpSloUrl !== undefined, 'logout_not_offered');
    const message = readLogoutMessage(visitor, connection, this.clock.millis());
    return message.kind === 'LogoutRequest'
      ? this.end(connection, visitor, message)
      : this.complete(connection, visitor, message);
  }

  /** Ends the session here first, whatever becomes of the rest, then tells the provider that opened it. */
  private async begin(connection: SamlConnection, { session, cookieHeader }: LogoutRequestContext): Promise<Onward> {
    const ended = session === null ? null : await this.endOwn(session);
    const away = { url: AFTERWARDS, signedOut: true };
    if (
      ended === null ||
      ended.idpSubject === null ||
      ended.connectionId !== connection.id ||
      connection.idpSloUrl === undefined
    )
      return away;
    const { secret: browser, setCookie } = bindBrowser(cookieHeader, this.app.origin);
    const now = this.clock.millis();
    const request = messageXml({
      kind: 'LogoutRequest',
      issuer: connection.spEntityId,
      destination: connection.idpSloUrl,
      now,
      attributes: { NotOnOrAfter: new Date(now + UNSOLICITED_MS).toISOString() },
      inside:
        nameIdXml(ended.idpSubject, connection) +
        (ended.idpSession === null ? '' : elementXml('samlp:SessionIndex', ended.idpSession)),
    });
    await this.pending.remember(
      { connectionId: connection.id, requestId: request.id, browser },
      { createdAt: new Date(now).toISOString(), returnTo: AFTERWARDS },
    );
    const message = {
      field: 'SAMLRequest',
      ...request,
      destination: connection.idpSloUrl,
      binding: connection.idpSloBinding,
    } as const;
    return {
      url: await sendOut(message, signingKey(connection), this.forms, { browser, formUrl: connection.formUrl }),
      setCookie,
      signedOut: true,
    };
  }

  private async endOwn(secret: string): Promise<ProviderSession | null> {
    return this.unitOfWork.run<
      ProviderSession | null,
      { state: string; session_id: string; org_id: string; user_id: string; email: string }
    >(enterSession(secret, false), async ({ state, session_id: id, org_id: orgId, user_id: userId, email }) => {
      if (state !== 'ok') return null;
      return withIdentity({ orgId, actor: { type: 'user', id: userId, email } }, async () => {
        const ended = await this.repository.endSession(id);
        this.audit.record('auth.signed_out', { target: { type: 'user', id: userId } });
        return ended;
      });
    });
  }

  /** The provider says that a session is over: exactly those go that it opened for this name, and it hears so. */
  private async end(
    connection: SamlConnection,
    visitor: LogoutRequestContext,
    request: LogoutMessage & { kind: 'LogoutRequest' },
  ): Promise<Onward> {
    const now = this.clock.millis();
    await this.replays.claim(
      connection.id,
      request.id,
      request.issuedAt + UNSOLICITED_MS + clockSkewMillis(connection),
      now,
    );
    await this.endings.end({
      connection: connection.found,
      subject: nameIdKey(request.nameId),
      idpSessions: request.sessions,
    });
    const destination = connection.idpSloResponseUrl ?? connection.idpSloUrl!;
    const response = messageXml({
      kind: 'LogoutResponse',
      issuer: connection.spEntityId,
      destination,
      now,
      attributes: { InResponseTo: request.id },
      inside: SUCCESS_XML,
    });
    const { secret: browser, setCookie } = bindBrowser(visitor.cookieHeader, this.app.origin);
    const message = {
      field: 'SAMLResponse',
      ...response,
      destination,
      binding: connection.idpSloBinding,
      relayState: request.relayState,
    } as const;
    return {
      url: await sendOut(message, signingKey(connection), this.forms, { browser, formUrl: connection.formUrl }),
      setCookie,
      signedOut: false,
    };
  }

  /** The provider's answer to a logout that this browser began. There is nothing left to end. */
  private async complete(
    connection: SamlConnection,
    { cookieHeader }: LogoutRequestContext,
    { inResponseTo }: LogoutMessage & { kind: 'LogoutResponse' },
  ): Promise<Onward> {
    const browser = browserSecret(cookieHeader, this.app.origin);
    ensure(browser !== undefined, 'browser_binding_missing');
    await this.pending
      .consume({ connectionId: connection.id, requestId: inResponseTo, browser })
      .catch((error: unknown) => {
        throw error instanceof SsoError && error.reason === 'request_unknown' ? new SamlError('logout_unknown') : error;
      });
    return { url: AFTERWARDS, signedOut: false };
  }
}

/**
 * The name of a session's person as the provider gave it. Qualifiers that go without saying are left unsaid: some
 * providers compare text.
 */
function nameIdXml(idpSubject: string, { idpEntityId, spEntityId }: SamlConnection): string {
  const [, format, nameQualifier, spNameQualifier, value] = JSON.parse(idpSubject) as [
    string,
    string,
    string,
    string,
    string,
  ];
  const unless = (usual: string, given: string): string | undefined => (given === usual ? undefined : given);
  return elementXml('saml:NameID', value, {
    Format: format,
    NameQualifier: unless(idpEntityId, nameQualifier),
    SPNameQualifier: unless(spEntityId, spNameQualifier),
  });
}
