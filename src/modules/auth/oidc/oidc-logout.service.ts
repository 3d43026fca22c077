import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '../../../platform/clock/clock.js';
import { AppConfig } from '../../../platform/config/index.js';
import { currentContext } from '../../../platform/context/context.js';
import { RateLimiter } from '../../../platform/http/index.js';
import { networkOf } from '../../../platform/http/network.js';
import { Problem } from '../../../platform/problem/index.js';
import {
  type FoundConnection,
  FRAME_GUESSES,
  LogoutTokenReplayCache,
  problemOf,
  type ProviderSession,
  SIGN_IN_MS,
  SignOutService,
  SsoSignInService,
  SsoError,
  type SsoLogoutRedirect,
  type SsoLogoutRequest,
  SsoLogoutService,
} from '../sso/index.js';
import { issuersOf } from './callback.js';
import { verifyLogoutToken, type VerifiedLogoutToken } from './logout-token.js';
import { relyingPartyUrls, type OidcConnection } from './oidc-connection.js';
import { subjectKey } from './oidc-claims.js';
import { ensure } from './oidc-error.js';
import { ProviderMetadataCache } from './provider-metadata-cache.js';
import { StoredOidcConnections } from './stored-oidc-connections.js';
import { text } from './token-checks.js';

/** A request to the front-channel logout URL. */
export interface FrontchannelLogout {
  readonly query: Readonly<Record<string, unknown>>;
  /** The session secret from the cookie. Null when the browser sent none, as in a frame of another site. */
  readonly session: string | null;
}

/** A shorter id of a session could be guessed. */
const MIN_SID_LENGTH = 16;

/** Ends sessions at the request of the provider, and starts a logout at the provider. */
@Injectable()
export class OidcLogoutService {
  private readonly log = new Logger('OpenID Connect');

  constructor(
    private readonly connections: StoredOidcConnections,
    private readonly providers: ProviderMetadataCache,
    private readonly replays: LogoutTokenReplayCache,
    private readonly logouts: SsoLogoutService,
    private readonly signOut: SignOutService,
    private readonly signIn: SsoSignInService,
    private readonly app: AppConfig,
    private readonly clock: Clock,
    private readonly limiter: RateLimiter,
  ) {}

  /**
   * Ends the sessions that a logout token names (OpenID Connect Back-Channel Logout 1.0). Throws `not_found` when there
   * is no such connection. Throws `invalid_logout_token` when the token is invalid. Throws `unavailable` when Redis or
   * the provider does not answer.
   */
  async endByProvider(connectionId: string, form: unknown): Promise<{ accepted: true }> {
    return this.asLogoutProblems(connectionId, async () => {
      const connection = await this.connections.find(connectionId);
      ensure(connection !== undefined, 'connection_unknown');
      const token = await this.verified(connection, form);
      await this.logouts.end({
        connection: connection.found,
        subject: token.subjectKey,
        idpSessions: token.session === undefined ? [] : [token.session],
      });
      return { accepted: true };
    });
  }

  /**
   * Ends sessions by a request in a frame of the provider's logout page (OpenID Connect Front-Channel Logout 1.0,
   * section 3). The request is not signed. It ends the sessions whose unguessable `sid` it names. If the connection
   * says so, `sid` is the subject, and a network may name 300 subjects without a session in five minutes. A browser on
   * the same site also sends its cookie: its session from this connection ends. Returns the origins whose pages may
   * contain the frame. Throws the errors of `endByProvider`, and `too_many_requests`.
   */
  async endByFrame(connectionId: string, { query, session }: FrontchannelLogout): Promise<string[]> {
    return this.asLogoutProblems(connectionId, async () => {
      const connection = await this.connections.find(connectionId);
      ensure(connection !== undefined, 'connection_unknown');
      const { metadata } = await this.providers.find(connection.issuer);
      const [issuer, sid] = [text(query, 'iss', 1024), text(query, 'sid')];
      ensure(issuer !== undefined && issuersOf(metadata.issuer, connection).includes(issuer), 'issuer_mismatch');
      if (session !== null) await this.signOut.endOwn(session, connectionId);
      const { found: named, frontchannelBySubject } = connection;
      if (frontchannelBySubject && sid !== undefined) await this.endBySubject(named, subjectKey(issuer, sid));
      else if (session === null || sid !== undefined) {
        ensure(sid !== undefined && sid.length >= MIN_SID_LENGTH, 'logout_session_missing');
        await this.logouts.end({ connection: named, idpSessions: [sid] });
      }
      const pages = [metadata.issuer, metadata.authorization_endpoint, metadata.end_session_endpoint];
      return [...new Set(pages.filter((url) => url !== undefined).map((url) => new URL(url).origin))];
    });
  }

  /** Ends the sessions of a subject that a frame names. Counts the request if the subject has no session. */
  private async endBySubject(connection: FoundConnection, subject: string): Promise<void> {
    const guess = await this.limiter.consume(FRAME_GUESSES, networkOf(currentContext().ip));
    if ((await this.logouts.end({ connection, subject, idpSessions: [] })) > 0) await guess.giveBack();
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
   * Runs a step and converts its errors to problems: `invalid_logout_token` for every rejected request. The audit log
   * contains the reason.
   */
  private async asLogoutProblems<T>(connectionId: string, step: () => Promise<T>): Promise<T> {
    try {
      return await step();
    } catch (error) {
      if (!(error instanceof SsoError)) throw error;
      this.log.warn(`logout rejected: ${error.message}`);
      await this.signIn
        .recordLogoutRejection(connectionId, error.reason)
        .catch((failure: unknown) => this.log.error('a rejected logout could not be recorded', failure));
      const problem = problemOf(error);
      throw problem.code === 'sso_failed' ? new Problem('invalid_logout_token', { cause: error }) : problem;
    }
  }

  /**
   * Returns the provider's logout URL for a session (OpenID Connect RP-Initiated Logout 1.0, section 2). Returns
   * undefined when the provider has none. Throws SsoError when the provider does not answer.
   */
  async startLogout(session: ProviderSession, { state }: SsoLogoutRequest): Promise<SsoLogoutRedirect | undefined> {
    const connection = await this.connections.find(session.connectionId);
    if (connection === undefined) return undefined;
    const { metadata } = await this.providers.find(connection.issuer);
    if (metadata.end_session_endpoint === undefined) return undefined;
    const hint = await connection.found.openHint(session);
    const url = new URL(metadata.end_session_endpoint);
    if (hint !== undefined) url.searchParams.set('id_token_hint', hint);
    url.searchParams.set('client_id', connection.clientId);
    url.searchParams.set('post_logout_redirect_uri', relyingPartyUrls(this.app.origin, connection.id).postLogoutUrl);
    url.searchParams.set('state', state);
    return { url: url.href };
  }
}
