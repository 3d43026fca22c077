import { Injectable, Logger } from '@nestjs/common';
import { AuditLog } from '../../../platform/audit/audit-log.js';
import { Clock } from '../../../platform/clock/clock.js';
import { currentMember } from '../../../platform/context/context.js';
import { AppConfig } from '../../../platform/config/index.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { Problem } from '../../../platform/problem/index.js';
import {
  LogoutTokenReplayCache,
  problemOf,
  SIGN_IN_MS,
  SsoLogoutService,
  SsoError,
  SsoRepository,
} from '../sso/index.js';
import { verifyLogoutToken, type VerifiedLogoutToken } from './logout-token.js';
import { relyingPartyUrls, type OidcConnection } from './oidc-connection.js';
import { ensure } from './oidc-error.js';
import { ProviderMetadataCache } from './provider-metadata-cache.js';
import { StoredOidcConnections } from './stored-oidc-connections.js';

/**
 * Handles back-channel logout by the provider. Also handles logout by the user, which ends the local session and the
 * session at the provider.
 */
@Injectable()
export class OidcLogoutService {
  private readonly log = new Logger('OpenID Connect');

  constructor(
    private readonly connections: StoredOidcConnections,
    private readonly providers: ProviderMetadataCache,
    private readonly replays: LogoutTokenReplayCache,
    private readonly logouts: SsoLogoutService,
    private readonly repository: SsoRepository,
    private readonly unitOfWork: UnitOfWork,
    private readonly audit: AuditLog,
    private readonly app: AppConfig,
    private readonly clock: Clock,
  ) {}

  /**
   * Ends the sessions that a logout token names (OpenID Connect Back-Channel Logout 1.0). Throws `not_found` when there
   * is no such connection. Throws `invalid_logout_token` when the token is invalid. Throws `unavailable` when Redis or
   * the provider does not answer.
   */
  async endByProvider(connectionId: string, form: unknown): Promise<{ accepted: true }> {
    try {
      const connection = await this.connections.find(connectionId);
      ensure(connection !== undefined, 'connection_unknown');
      const token = await this.verified(connection, form);
      await this.logouts.end({
        connection: connection.found,
        subject: token.subjectKey,
        idpSessions: token.session === undefined ? [] : [token.session],
      });
      return { accepted: true };
    } catch (error) {
      if (!(error instanceof SsoError)) throw error;
      this.log.warn(`logout rejected: ${error.message}`);
      const problem = problemOf(error);
      throw problem.code === 'sso_failed' ? new Problem('invalid_logout_token', { cause: error }) : problem;
    }
  }

  private async verified(connection: OidcConnection, form: unknown): Promise<VerifiedLogoutToken> {
    const { metadata, keys } = await this.providers.find(connection.issuer);
    const now = this.clock.millis();
    const { logout_token: raw } = Object(form) as { logout_token?: unknown };
    const token = await verifyLogoutToken(raw, { connection, metadata, keys, now });
    await this.replays.claim(connection.id, token.id, now + SIGN_IN_MS + 2_000 * connection.clockSkewSeconds, now);
    return token;
  }

  /**
   * Ends the caller's session and returns the logout URL of the provider (OpenID Connect RP-Initiated Logout 1.0).
   * Returns the start page if the provider has no logout URL or does not answer. Throws `not_found` when the session
   * does not belong to this connection.
   */
  async leave(connectionId: string): Promise<string> {
    const { sessionId, userId } = currentMember();
    const { postLogoutUrl } = relyingPartyUrls(this.app.origin, connectionId);
    const url = await this.unitOfWork.withoutTransaction(() => this.endSessionUrl(connectionId, postLogoutUrl));
    if ((await this.repository.endSession(sessionId!, connectionId)) === null) throw new Problem('not_found');
    this.audit.record('auth.signed_out', { target: { type: 'user', id: userId } });
    return url ?? postLogoutUrl;
  }

  /** Returns the provider's logout URL without an ID token hint, because ID tokens are not stored. */
  private async endSessionUrl(connectionId: string, postLogoutUrl: string): Promise<string | undefined> {
    try {
      const connection = await this.connections.find(connectionId);
      if (connection === undefined) return undefined;
      const { metadata } = await this.providers.find(connection.issuer);
      if (metadata.end_session_endpoint === undefined) return undefined;
      const url = new URL(metadata.end_session_endpoint);
      url.searchParams.set('client_id', connection.clientId);
      url.searchParams.set('post_logout_redirect_uri', postLogoutUrl);
      return url.href;
    } catch (error) {
      if (error instanceof SsoError) return undefined;
      throw error;
    }
  }
}
