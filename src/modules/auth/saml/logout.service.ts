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
import type { IncomingLogout, LogoutMessage } from './logout-message.js';
import { MessageVerifier } from './message-verifier.js';
import { elementXml, messageXml, sendOut, SUCCESS_XML } from './outgoing.js';
import {
  clockSkewMillis,
  messageSettings,
  signingKey,
  UNSOLICITED_MS,
  type SamlConnection,
} from './saml-connection.js';
import { ensure, SamlError } from './saml-error.js';
import { LogoutReplayCache, OutgoingForms, PendingLogouts } from './saml-stores.js';
import { StoredSamlConnections } from './stored-saml-connections.js';

/** The redirect with which the API answers a logout request or message. */
export interface LogoutRedirect {
  readonly url: string;
  readonly setCookie?: string;
  /** Whether the session of this browser has ended. */
  readonly signedOut: boolean;
}

/** The part of an HTTP request that the logout endpoint reads. */
export interface LogoutRequestContext extends IncomingLogout {
  readonly connectionId: string;
  readonly cookieHeader: string | undefined;
  /** The session secret from the cookie. Null when the browser sent no session cookie. */
  readonly session: string | null;
}

/** The browser opens this page after a logout. A logout message cannot choose another page. */
const SIGNED_OUT_PAGE = '/';

/**
 * Handles single logout (saml-profiles-2.0-os, section 4.4). The user can start it here or at the identity provider.
 */
@Injectable()
export class LogoutService {
  constructor(
    private readonly connections: StoredSamlConnections,
    private readonly repository: SsoRepository,
    private readonly logouts: SsoLogoutService,
    private readonly pending: PendingLogouts,
    private readonly replays: LogoutReplayCache,
    private readonly forms: OutgoingForms,
    private readonly verifier: MessageVerifier,
    private readonly unitOfWork: UnitOfWork,
    private readonly audit: AuditLog,
    private readonly clock: Clock,
    private readonly app: AppConfig,
  ) {}

  /**
   * Handles a request to the logout endpoint. A request without a SAML message starts a logout of this browser's
   * session. A request with a logout request ends sessions and gets a logout response. A request with a logout response
   * completes a logout that started here. Throws SamlError when the message is invalid.
   */
  async receive(context: LogoutRequestContext): Promise<LogoutRedirect> {
    const connection = await this.connections.find(context.connectionId);
    ensure(connection !== undefined, 'connection_unknown');
    if (context.body === undefined && context.rawQuery === '') return this.begin(connection, context);
    ensure(connection.idpSloUrl !== undefined, 'logout_not_offered');
    const { rawQuery, query, body } = context;
    const incoming = { rawQuery, query, body };
    const message = await this.verifier.run('logout', incoming, messageSettings(connection), this.clock.millis());
    return message.kind === 'LogoutRequest'
      ? this.end(connection, context, message)
      : this.complete(connection, context, message);
  }

  /**
   * Ends the local session, then sends a logout request to the provider. The local session ends first, so that it ends
   * even if the provider cannot be notified.
   */
  private async begin(
    connection: SamlConnection,
    { session, cookieHeader }: LogoutRequestContext,
  ): Promise<LogoutRedirect> {
    const ended = session === null ? null : await this.endOwn(session);
    const signedOut = { url: SIGNED_OUT_PAGE, signedOut: true };
    if (
      ended === null ||
      ended.idpSubject === null ||
      ended.connectionId !== connection.id ||
      connection.idpSloUrl === undefined
    )
      return signedOut;
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
      { createdAt: new Date(now).toISOString(), returnTo: SIGNED_OUT_PAGE },
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

  /**
   * Handles a logout request of the provider. Ends the sessions that the provider opened for the user, and returns the
   * answer.
   */
  private async end(
    connection: SamlConnection,
    context: LogoutRequestContext,
    request: LogoutMessage & { kind: 'LogoutRequest' },
  ): Promise<LogoutRedirect> {
    const now = this.clock.millis();
    await this.replays.claim(
      connection.id,
      request.id,
      request.issuedAt + UNSOLICITED_MS + clockSkewMillis(connection),
      now,
    );
    await this.logouts.end({
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
    const { secret: browser, setCookie } = bindBrowser(context.cookieHeader, this.app.origin);
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

  /** Handles the provider's response to a logout that started in this browser. The local session has already ended. */
  private async complete(
    connection: SamlConnection,
    { cookieHeader }: LogoutRequestContext,
    { inResponseTo }: LogoutMessage & { kind: 'LogoutResponse' },
  ): Promise<LogoutRedirect> {
    const browser = browserSecret(cookieHeader, this.app.origin);
    ensure(browser !== undefined, 'browser_binding_missing');
    await this.pending
      .consume({ connectionId: connection.id, requestId: inResponseTo, browser })
      .catch((error: unknown) => {
        throw error instanceof SsoError && error.reason === 'request_unknown' ? new SamlError('logout_unknown') : error;
      });
    return { url: SIGNED_OUT_PAGE, signedOut: false };
  }
}

/**
 * Returns the NameID of a session's user as the provider sent it. Default qualifiers are left out, because some
 * providers compare the text.
 */
function nameIdXml(idpSubject: string, { idpEntityId, spEntityId }: SamlConnection): string {
  const [, format, nameQualifier, spNameQualifier, value] = JSON.parse(idpSubject) as [
    string,
    string,
    string,
    string,
    string,
  ];
  const unlessDefault = (defaultValue: string, given: string): string | undefined =>
    given === defaultValue ? undefined : given;
  return elementXml('saml:NameID', value, {
    Format: format,
    NameQualifier: unlessDefault(idpEntityId, nameQualifier),
    SPNameQualifier: unlessDefault(spEntityId, spNameQualifier),
  });
}
