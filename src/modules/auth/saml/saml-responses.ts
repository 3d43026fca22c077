import type { Clock } from '../../../platform/clock/clock.js';
import { browserSecret } from '../sessions/index.js';
import { SIGN_IN_MS, SsoError } from '../sso/index.js';
import type { AssertionReplayCache, PendingRequest, PendingRequests, VerifiedIdentity } from '../sso/index.js';
import { identityOf, nameIdKey, sentNameId } from './identity.js';
import type { VerifiedContent } from './message-steps.js';
import { postedField } from './message-text.js';
import type { MessageVerifier } from './message-verifier.js';
import type { CurrentKeys } from './key-renewal.js';
import { messageSettings, UNSOLICITED_MS, type SamlConnection, type SamlConnections } from './saml-connection.js';
import { ensure, SamlError } from './saml-error.js';

/** The part of an HTTP request that contains a response. */
export interface IncomingForm {
  readonly connectionId: string;
  readonly cookieHeader: string | undefined;
  readonly query: unknown;
  readonly body: unknown;
}

/** A response that both verifiers accepted. */
export interface VerifiedResponse extends VerifiedContent {
  readonly connection: SamlConnection;
  /** The request that it answers; undefined for an accepted unsolicited response. */
  readonly request?: PendingRequest;
}

/**
 * Verifies responses: guards the message, finds and consumes its request, and verifies its signatures and its content.
 * The first failed check throws a {@link SamlError}.
 */
export class SamlResponses {
  constructor(
    private readonly connections: SamlConnections,
    private readonly requests: PendingRequests,
    private readonly replays: AssertionReplayCache,
    private readonly verifier: MessageVerifier,
    private readonly publicUrl: string,
    private readonly clock: Clock,
    private readonly keys: CurrentKeys,
  ) {}

  async verifyResponse(form: IncomingForm): Promise<VerifiedResponse> {
    const connection = await this.connectionOf(form.connectionId);
    const { xml } = postedField(form.body, form.query, ['SAMLResponse']);
    const { inResponseTo } = await this.verifier.run(connection.id, 'outline', xml, messageSettings(connection));
    const request = await this.requestOf(inResponseTo, connection, form.cookieHeader);
    return this.keys.verify(connection, (current) => this.verified(xml, request, current));
  }

  private async verified(
    xml: string,
    request: PendingRequest | undefined,
    connection: SamlConnection,
  ): Promise<VerifiedResponse> {
    const now = this.clock.millis();
    const content = await this.verifier.run(connection.id, 'response', {
      xml,
      settings: messageSettings(connection),
      request: request && { requestId: request.requestId, createdAt: request.createdAt },
      authenticatedSince: authenticatedSince(connection, request, now),
      maxAgeMs: request === undefined ? UNSOLICITED_MS : SIGN_IN_MS,
      now,
    });
    return { connection, request, ...content };
  }

  /** Returns the identity in a response that both verifiers accepted. Throws SamlError for a replayed assertion. */
  async admit(verified: VerifiedResponse): Promise<VerifiedIdentity> {
    const { connection, assertion } = verified;
    await this.replays.claim(connection.id, assertion.id, assertion.replayableUntil, this.clock.millis());
    return identityIn(verified);
  }

  private async connectionOf(id: string): Promise<SamlConnection> {
    const connection = await this.connections.find(id).catch((cause: unknown) => {
      throw cause instanceof SsoError ? cause : new SamlError('unavailable', undefined, { cause });
    });
    ensure(connection !== undefined, 'connection_unknown');
    return connection;
  }

  /**
   * Consumes and returns the request that the response answers. An unsolicited response consumes none and is accepted
   * only if the connection allows it.
   */
  private async requestOf(
    inResponseTo: string | undefined,
    connection: SamlConnection,
    cookieHeader: string | undefined,
  ): Promise<PendingRequest | undefined> {
    if (inResponseTo === undefined) {
      ensure(connection.idpInitiated, 'response_unsolicited');
      return undefined;
    }
    const browser = browserSecret(cookieHeader, this.publicUrl);
    ensure(browser !== undefined, 'browser_binding_missing');
    return this.requests.consume({ connectionId: connection.id, requestId: inResponseTo, browser });
  }
}

/** Returns the earliest allowed authentication time, if the request or the connection asks for a new authentication. */
function authenticatedSince(
  { forceAuthn }: SamlConnection,
  request: PendingRequest | undefined,
  now: number,
): number | undefined {
  if (request?.forceAuthn) return Date.parse(request.createdAt);
  return forceAuthn ? now - UNSOLICITED_MS : undefined;
}

function identityIn({ assertion, connection, request, diagnostics }: VerifiedResponse): VerifiedIdentity {
  return {
    connection: connection.found,
    identity: identityOf(assertion, connection),
    returnTo: request?.returnTo ?? '/',
    sessionEnds: assertion.sessionEnds,
    idpSession: assertion.sessionIndex,
    idpSubject: nameIdKey(assertion.nameId),
    logoutHint: sentNameId(assertion.nameId),
    signedInAt: assertion.authenticatedAt,
    intent: request?.intent,
    browser: request?.browser,
    diagnostics,
  };
}
