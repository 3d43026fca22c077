import { Injectable } from '@nestjs/common';
import { AppConfig } from '../../../platform/config/index.js';
import { Clock } from '../../../platform/clock/clock.js';
import { Problem } from '../../../platform/problem/index.js';
import { bindBrowser, browserSecret } from '../sessions/index.js';
import {
  type ProviderSession,
  SIGNED_OUT_PAGE,
  SignOutService,
  SsoError,
  type SsoLogoutRedirect,
  type SsoLogoutRequest,
  SsoLogoutService,
} from '../sso/index.js';
import { formPage, framedFormPolicy } from './form-page.js';
import { KeyRenewal } from './key-renewal.js';
import { nameIdKey } from './identity.js';
import type { IncomingLogout, LogoutMessage } from './logout-message.js';
import { MessageVerifier } from './message-verifier.js';
import { elementXml, messageXml, outgoingForm, redirectUrl, sendOut, SUCCESS_XML } from './outgoing.js';
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

/** The answer of the logout endpoint: a redirect, or a page that posts a message to the provider. */
export type LogoutAnswer =
  | {
      readonly url: string;
      /** The cookies to set if this browser signed out; undefined if its session continues. */
      readonly setCookies?: readonly string[];
    }
  | { readonly page: string; readonly policy: string };

/** The part of an HTTP request that the logout endpoint reads. */
export interface LogoutRequestContext extends IncomingLogout {
  readonly connectionId: string;
  readonly cookieHeader: string | undefined;
  /** The session secret from the cookie. Null when the browser sent no session cookie. */
  readonly session: string | null;
}

/**
 * Handles single logout (saml-profiles-2.0-os, section 4.4). The user can start it here or at the identity provider.
 */
@Injectable()
export class LogoutService {
  constructor(
    private readonly connections: StoredSamlConnections,
    private readonly keys: KeyRenewal,
    private readonly logouts: SsoLogoutService,
    private readonly signOut: SignOutService,
    private readonly pending: PendingLogouts,
    private readonly replays: LogoutReplayCache,
    private readonly forms: OutgoingForms,
    private readonly verifier: MessageVerifier,
    private readonly clock: Clock,
    private readonly app: AppConfig,
  ) {}

  /**
   * Handles a request to the logout endpoint. A request without a SAML message starts a logout of this browser's
   * session. A request with a logout request ends sessions and gets a logout response. A request with a logout response
   * completes a logout that started here. Throws SamlError when the message is invalid. Throws the problem `not_found`
   * when the session of this browser is not one of the connection.
   */
  async receive(context: LogoutRequestContext): Promise<LogoutAnswer> {
    const connection = await this.connections.find(context.connectionId);
    ensure(connection !== undefined, 'connection_unknown');
    if (context.body === undefined && context.rawQuery === '') return this.begin(context);
    ensure(connection.idpSloUrl !== undefined, 'logout_not_offered');
    const { rawQuery, query, body } = context;
    const incoming = { rawQuery, query, body };
    const now = this.clock.millis();
    const message = await this.keys.verify(connection, (current) =>
      this.verifier.run(current.id, 'logout', incoming, messageSettings(current), now),
    );
    return message.kind === 'LogoutRequest'
      ? this.end(connection, message)
      : this.complete(connection, context, message);
  }

  /**
   * Returns the redirect that carries a logout request to the provider of a session, bound to this browser. Returns
   * undefined when the provider offers no single logout. Throws SamlError `unavailable`.
   */
  async startLogout(
    session: ProviderSession,
    { cookieHeader, returnTo }: SsoLogoutRequest,
  ): Promise<SsoLogoutRedirect | undefined> {
    const connection = await this.connections.find(session.connectionId);
    const nameId = await connection?.found.openHint(session);
    if (connection?.idpSloUrl === undefined || nameId === undefined) return undefined;
    const { secret: browser, setCookie } = bindBrowser(cookieHeader, this.app.origin);
    const now = this.clock.millis();
    const request = messageXml({
      kind: 'LogoutRequest',
      issuer: connection.spEntityId,
      destination: connection.idpSloUrl,
      now,
      attributes: { NotOnOrAfter: new Date(now + UNSOLICITED_MS).toISOString() },
      inside: nameId + (session.idpSession === null ? '' : elementXml('samlp:SessionIndex', session.idpSession)),
    });
    await this.pending.remember(
      { connectionId: connection.id, requestId: request.id, browser },
      { createdAt: new Date(now).toISOString(), returnTo },
    );
    const message = {
      field: 'SAMLRequest',
      ...request,
      destination: connection.idpSloUrl,
      binding: connection.idpSloBinding,
    } as const;
    const url = await sendOut(message, signingKey(connection), this.forms, { browser, formUrl: connection.formUrl });
    return { url, setCookie };
  }

  /**
   * Ends the session of this browser, then starts the logout at its provider. The local session ends first, so that it
   * ends even if the provider cannot be notified. Throws the problem `not_found` when another sign-in opened the
   * session.
   */
  private async begin({ connectionId, session, cookieHeader }: LogoutRequestContext): Promise<LogoutAnswer> {
    const ended = session === null ? null : await this.signOut.endOwn(session, connectionId);
    if (ended === 'other') throw new Problem('not_found');
    return this.signOut.leave(ended, cookieHeader);
  }

  /**
   * Handles a logout request of the provider. Ends the sessions that the provider opened for the user, and returns the
   * answer. The signature authenticates the request. The browser may send no cookie, because providers open this URL in
   * a frame of their own page.
   */
  private async end(
    connection: SamlConnection,
    request: LogoutMessage & { kind: 'LogoutRequest' },
  ): Promise<LogoutAnswer> {
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
    const { relayState } = request;
    const message = { field: 'SAMLResponse', ...response, destination, relayState } as const;
    const key = signingKey(connection);
    if (connection.idpSloBinding === 'redirect') return { url: redirectUrl(message, key) };
    return { page: formPage(outgoingForm(message, key)), policy: framedFormPolicy(originsOf(connection)) };
  }

  /** Handles the provider's response to a logout that started in this browser. The local session has already ended. */
  private async complete(
    connection: SamlConnection,
    { cookieHeader }: LogoutRequestContext,
    { inResponseTo, success }: LogoutMessage & { kind: 'LogoutResponse' },
  ): Promise<LogoutAnswer> {
    const browser = browserSecret(cookieHeader, this.app.origin);
    ensure(browser !== undefined, 'browser_binding_missing');
    const { returnTo } = await this.pending
      .consume({ connectionId: connection.id, requestId: inResponseTo, browser })
      .catch((error: unknown) => {
        throw error instanceof SsoError && error.reason === 'request_unknown' ? new SamlError('logout_unknown') : error;
      });
    return { url: success ? returnTo : SIGNED_OUT_PAGE };
  }
}

/** Returns the origins of the provider's pages, which may show the page with the logout response in a frame. */
function originsOf({ idpSsoUrl, idpSloUrl, idpSloResponseUrl }: SamlConnection): string[] {
  const urls = [idpSsoUrl, idpSloUrl, idpSloResponseUrl].filter((url) => url !== undefined);
  return [...new Set(urls.map((url) => new URL(url).origin))];
}
