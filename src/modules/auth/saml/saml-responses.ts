import type { Clock } from '../../../platform/clock/clock.js';
import { browserSecret } from '../sessions/index.js';
import type { AssertionReplayCache, PendingRequest, PendingRequests, VerifiedIdentity } from '../sso/index.js';
import { checkAssertion, checkResponse, type VerifiedAssertion } from './assertion-checks.js';
import { decryptElement } from './assertion-encryption.js';
import { identityOf, nameIdKey } from './identity.js';
import { postedField } from './message-text.js';
import { guardResponse, type GuardedResponse } from './response-guard.js';
import { UNSOLICITED_MS, type SamlConnection, type SamlConnections } from './saml-connection.js';
import { ASSERTION } from './saml-names.js';
import { diagnosticsOf } from './saml-diagnostics.js';
import { ensure, SamlError } from './saml-error.js';
import { verifiedBytes } from './xml-signature.js';

/** The part of an HTTP request that contains a response. */
export interface IncomingForm {
  readonly connectionId: string;
  readonly cookieHeader: string | undefined;
  readonly query: unknown;
  readonly body: unknown;
}

/** A response that passed the application's own checks. It opens no session until the library accepts it too. */
export interface VerifiedResponse {
  readonly connection: SamlConnection;
  /** The request that it answers; undefined for an accepted unsolicited response. */
  readonly request?: PendingRequest;
  readonly assertion: VerifiedAssertion;
  /** The bytes that the assertion was read from. */
  readonly signedXml: string;
  /** The whole message, with the decrypted assertion in place of the encrypted one. */
  readonly xml: string;
  /** Whether the signature around the assertion can be verified in `xml`. Decryption breaks that signature. */
  readonly outerSigned: boolean;
}

/**
 * Verifies responses with the application's own checks. They guard the message, find its request, and verify the
 * signatures. They decrypt an encrypted assertion and guard it again, and then check the signed bytes. The first failed
 * check throws a {@link SamlError}.
 */
export class SamlResponses {
  constructor(
    private readonly connections: SamlConnections,
    private readonly requests: PendingRequests,
    private readonly replays: AssertionReplayCache,
    private readonly publicUrl: string,
    private readonly clock: Clock,
  ) {}

  async verifyResponse(form: IncomingForm): Promise<VerifiedResponse> {
    const connection = await this.connectionOf(form.connectionId);
    const posted = postedField(form.body, form.query, ['SAMLResponse']);
    const response = guardResponse(posted.xml, { responseSigned: connection.wantResponseSigned });
    checkResponse(response, connection);
    const request = await this.requestOf(response, connection, form.cookieHeader);
    const now = this.clock.millis();
    const xml = verifiedMessage(response, connection);
    const signedXml = verifiedBytes(xml, connection.idpCertificates, { local: 'Assertion', uri: ASSERTION });
    const assertion = checkAssertion(signedXml, {
      connection,
      requestId: request?.requestId,
      authenticatedSince: authenticatedSince(connection, request, now),
      now,
    });
    return {
      connection,
      request,
      assertion,
      signedXml,
      xml,
      outerSigned: response.signed && response.encrypted === undefined,
    };
  }

  /** Returns the identity in a response that both verifiers accepted. Throws SamlError for a replayed assertion. */
  async admit(verified: VerifiedResponse): Promise<VerifiedIdentity> {
    const { connection, assertion } = verified;
    await this.replays.claim(connection.id, assertion.id, assertion.replayableUntil, this.clock.millis());
    return identityIn(verified);
  }

  private async connectionOf(id: string): Promise<SamlConnection> {
    const connection = await this.connections.find(id).catch((cause: unknown) => {
      throw new SamlError('unavailable', undefined, { cause });
    });
    ensure(connection !== undefined, 'connection_unknown');
    return connection;
  }

  /**
   * Consumes and returns the request that the response answers. An unsolicited response consumes none and is accepted
   * only if the connection allows it.
   */
  private async requestOf(
    { inResponseTo }: GuardedResponse,
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

/** Returns the message with the plain assertion. Verifies the signature of the whole message if there is one. */
function verifiedMessage(
  response: GuardedResponse,
  { idpCertificates, wantAssertionEncrypted, spKeys }: SamlConnection,
): string {
  const { xml, encrypted, signed } = response;
  ensure(encrypted !== undefined || !wantAssertionEncrypted, 'assertion_not_encrypted');
  if (signed) verifiedBytes(xml, idpCertificates);
  return encrypted === undefined ? xml : decrypted(xml, encrypted, spKeys);
}

/** Returns the response with the decrypted assertion, after the same structure checks as for a plain one. */
function decrypted(
  xml: string,
  encrypted: NonNullable<GuardedResponse['encrypted']>,
  spKeys: SamlConnection['spKeys'],
): string {
  const [from, to] = encrypted.range;
  const plain = xml.slice(0, from) + decryptElement(encrypted, spKeys) + xml.slice(to);
  ensure(guardResponse(plain, { responseSigned: false }).encrypted === undefined, 'assertion_not_single');
  return plain;
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

function identityIn({ assertion, connection, request, signedXml }: VerifiedResponse): VerifiedIdentity {
  return {
    connection: connection.found,
    identity: identityOf(assertion, connection),
    returnTo: request?.returnTo ?? '/',
    sessionEnds: assertion.sessionEnds,
    idpSession: assertion.sessionIndex,
    idpSubject: nameIdKey(assertion.nameId),
    signedInAt: assertion.authenticatedAt,
    intent: request?.intent,
    browser: request?.browser,
    diagnostics: diagnosticsOf(signedXml, connection),
  };
}
