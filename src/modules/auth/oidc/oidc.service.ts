import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '../../../platform/clock/clock.js';
import { AppConfig } from '../../../platform/config/index.js';
import { RateLimiter } from '../../../platform/http/index.js';
import { browserSecret } from '../sessions/index.js';
import {
  diagnosticsOfClaims,
  PendingRequests,
  problemOf,
  SignedOutMark,
  SSO_IP_RATE_LIMITS,
  type SsoLoginRedirect,
  SsoError,
  SsoRepository,
  SsoSignInService,
  type VerifiedIdentity,
} from '../sso/index.js';
import { checkResponseIssuer, codeOf, readCallback } from './callback.js';
import { CodeExchange } from './code-exchange.js';
import { verifyIdToken, type VerifiedIdToken } from './id-token.js';
import { checkHostedDomain, identityOf, isIncomplete } from './oidc-claims.js';
import { relyingPartyUrls, type OidcConnection } from './oidc-connection.js';
import { beginSignIn, type PendingOidcRequest, type OidcLoginRequest } from './oidc-login.js';
import { ensure } from './oidc-error.js';
import { ProviderMetadataCache, type Provider } from './provider-metadata-cache.js';
import { StoredOidcConnections } from './stored-oidc-connections.js';
import { text } from './token-checks.js';

/** Starts a sign-in at an OpenID provider and verifies its response. */
@Injectable()
export class OidcService {
  private readonly log = new Logger('OpenID Connect');

  constructor(
    private readonly connections: StoredOidcConnections,
    private readonly providers: ProviderMetadataCache,
    private readonly exchange: CodeExchange,
    private readonly requests: PendingRequests,
    private readonly signIn: SsoSignInService,
    private readonly mark: SignedOutMark,
    private readonly repository: SsoRepository,
    private readonly app: AppConfig,
    private readonly clock: Clock,
    private readonly limiter: RateLimiter,
  ) {}

  /**
   * Starts a sign-in and returns the redirect. Throws `not_found` when no enabled connection has this id. Throws
   * `invalid_request` when the return path is on another host. Throws `unavailable` when Redis does not answer. Throws
   * `provider_unreachable` when the provider does not answer as its issuer. Throws `sso_failed` when the sign-in cannot
   * start for another reason; the organization's audit log contains the reason.
   */
  startLogin(connectionId: string, login: OidcLoginRequest): Promise<SsoLoginRedirect> {
    return this.recordingRejections(connectionId, async () => {
      const connection = await this.connection(connectionId);
      const { metadata } = await this.providers.find(connection.issuer);
      const askAgain = this.mark.includes(login.cookieHeader, connectionId);
      const request = { ...login, askAgain };
      const now = this.clock.now();
      const redirect = await beginSignIn(connection, metadata, this.requests, request, this.app.origin, now);
      await this.limiter.admitNext(SSO_IP_RATE_LIMITS.answer, redirect.browser);
      return redirect;
    });
  }

  /**
   * Verifies the response that the browser sent to the callback. Throws `not_found` when no enabled connection has this
   * id. Throws `unavailable` when Redis does not answer. Throws `provider_unreachable` when the provider does not
   * answer. Throws `sso_failed` when the response is invalid; the organization's audit log contains the reason.
   */
  verifyResponse(
    connectionId: string,
    query: Readonly<Record<string, unknown>>,
    cookieHeader: string | undefined,
  ): Promise<VerifiedIdentity> {
    return this.recordingRejections(connectionId, async () => {
      const connection = await this.connection(connectionId);
      const response = readCallback(query);
      const browser = browserSecret(cookieHeader, this.app.origin);
      ensure(browser !== undefined, 'browser_binding_missing');
      const pending = await this.requests.consume<PendingOidcRequest>({
        connectionId: connection.id,
        requestId: response.state,
        browser,
      });
      const provider = await this.providers.find(connection.issuer);
      checkResponseIssuer(response, provider.metadata, connection);
      return this.redeem(connection, provider, pending, codeOf(response));
    });
  }

  private async redeem(
    connection: OidcConnection,
    { metadata, keys }: Provider,
    pending: PendingOidcRequest,
    code: string,
  ): Promise<VerifiedIdentity> {
    const { callbackUrl } = relyingPartyUrls(this.app.origin, connection.id);
    const { idToken, accessToken } = await this.exchange.redeem(connection, metadata, code, {
      verifier: pending.verifier,
      callbackUrl,
    });
    const token = await verifyIdToken(idToken, {
      connection,
      metadata,
      keys,
      accessToken,
      nonce: pending.nonce,
      now: this.clock.millis(),
      ...(pending.forceAuthn && { authenticatedSince: Date.parse(pending.createdAt) }),
    });
    checkHostedDomain(token, connection, await this.domains(token, connection));
    const needsUserInfo =
      accessToken !== undefined &&
      metadata.userinfo_endpoint !== undefined &&
      isIncomplete(token.claims, connection, metadata.claims_supported);
    const userInfo = needsUserInfo
      ? await this.exchange.userInfo(connection, metadata, accessToken, token.subject)
      : undefined;
    const shown = new Set([
      connection.groupAttribute ?? 'groups',
      ...connection.attributeRoles.map(({ attribute }) => attribute),
    ]);
    const identity = identityOf(token, userInfo, connection);
    return {
      connection: connection.found,
      identity,
      logoutHint: String(idToken),
      returnTo: pending.returnTo,
      idpSession: text(token.claims, 'sid'),
      idpSubject: identity.subjectKey,
      intent: pending.intent,
      browser: pending.browser,
      diagnostics: diagnosticsOfClaims(token.claims, shown),
    };
  }

  private async domains({ claims }: VerifiedIdToken, { id }: OidcConnection): Promise<string[]> {
    return claims['hd'] === undefined ? [] : this.repository.verifiedDomains(id);
  }

  private async connection(id: string): Promise<OidcConnection> {
    const connection = await this.connections.find(id);
    ensure(connection !== undefined, 'connection_unknown');
    return connection;
  }

  /**
   * Runs a step. If the step rejects the response, writes the reason to the audit log. The user does not see the
   * reason.
   */
  private async recordingRejections<T>(connectionId: string, step: () => Promise<T>): Promise<T> {
    try {
      return await step();
    } catch (error) {
      if (!(error instanceof SsoError)) throw error;
      this.log.warn(`sign-in rejected: ${error.message}`);
      await this.signIn
        .recordRejection(connectionId, 'oidc', error.reason)
        .catch((cause: unknown) => this.log.error('a rejected sign-in could not be recorded', cause));
      throw problemOf(error);
    }
  }
}
