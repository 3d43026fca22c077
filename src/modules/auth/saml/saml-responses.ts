import type { Clock } from '../../../platform/clock/clock.js';
import type { SsoArrival } from '../sso/sso-identity.js';
import { checkAssertion, checkResponse, type VerifiedAssertion } from './assertion-checks.js';
import { decryptElement } from './assertion-encryption.js';
import { browserSecret } from './browser-binding.js';
import { identityOf, nameIdKey } from './identity.js';
import { postedField } from './message-text.js';
import type { PendingRequest, PendingRequests, Replays } from './request-store.js';
import { guardResponse, type GuardedResponse } from './response-guard.js';
import { UNSOLICITED_MILLIS, type SamlConnection, type SamlConnections } from './saml-connection.js';
import { ASSERTION } from './saml-names.js';
import { evidenceOf } from './saml-evidence.js';
import { must, SamlRefused } from './saml-refusal.js';
import { verifiedBytes } from './xml-signature.js';

/** A person who came back from their identity provider with an assertion that holds. */
export interface SamlArrival extends SsoArrival {
  readonly orgId: string;
}

/** The part of an HTTP request that a response is read from. */
export interface IncomingForm {
  readonly connectionId: string;
  readonly cookieHeader: string | undefined;
  readonly query: unknown;
  readonly body: unknown;
}

/**
 * Takes in responses at the assertion address: guard the message, find the request it answers, verify its signatures, decrypt it where it
 * is encrypted and guard it again, and check what was signed. The first thing that is not right is a {@link SamlRefused}.
 */
export class SamlResponses {
  constructor(
    private readonly connections: SamlConnections,
    private readonly requests: PendingRequests,
    private readonly replays: Replays,
    private readonly publicUrl: string,
    private readonly clock: Clock,
  ) {}

  async accept(form: IncomingForm): Promise<SamlArrival> {
    const connection = await this.connectionOf(form.connectionId);
    const { xml } = postedField(form.body, form.query, ['SAMLResponse']);
    const response = guardResponse(xml, { responseSigned: connection.wantResponseSigned });
    checkResponse(response, connection);
    const request = await this.requestOf(response, connection, form.cookieHeader);
    const now = this.clock.millis();
    const signedXml = signedAssertion(response, connection);
    const assertion = checkAssertion(signedXml, {
      connection, requestId: request?.requestId, authenticatedSince: authenticatedSince(connection, request, now), now,
    });
    await this.replays.claim(connection.id, assertion.id, assertion.replayableUntil, now);
    return arrivalOf(assertion, connection, request, signedXml);
  }

  private async connectionOf(id: string): Promise<SamlConnection> {
    const connection = await this.connections.find(id).catch((cause: unknown) => {
      throw new SamlRefused('unavailable', undefined, { cause });
    });
    must(connection !== undefined, 'connection_unknown');
    return connection;
  }

  /** The request that is answered, taken out for good. An answer to none takes none, and is heard only where that is switched on. */
  private async requestOf({ inResponseTo }: GuardedResponse, connection: SamlConnection, cookieHeader: string | undefined): Promise<PendingRequest | undefined> {
    if (inResponseTo === undefined) {
      must(connection.idpInitiated, 'response_unsolicited');
      return undefined;
    }
    const browser = browserSecret(cookieHeader, this.publicUrl);
    must(browser !== undefined, 'browser_unbound');
    return this.requests.take({ connectionId: connection.id, requestId: inResponseTo, browser });
  }
}

/** The bytes of the assertion that the identity provider signed, whatever they came wrapped in. */
function signedAssertion(response: GuardedResponse, { idpCertificates, wantAssertionEncrypted, spKeys }: SamlConnection): string {
  const { xml, encrypted, signed } = response;
  must(encrypted !== undefined || !wantAssertionEncrypted, 'assertion_not_encrypted');
  if (signed) verifiedBytes(xml, idpCertificates);
  return verifiedBytes(encrypted === undefined ? xml : decrypted(xml, encrypted, spKeys), idpCertificates, { local: 'Assertion', uri: ASSERTION });
}

/** The response with the assertion in place of its encryption, and guarded as if it had come like that. */
function decrypted(xml: string, encrypted: NonNullable<GuardedResponse['encrypted']>, spKeys: SamlConnection['spKeys']): string {
  const [from, to] = encrypted.range;
  const plain = xml.slice(0, from) + decryptElement(encrypted, spKeys) + xml.slice(to);
  must(guardResponse(plain, { responseSigned: false }).encrypted === undefined, 'assertion_not_single');
  return plain;
}

/** Since when the person must have shown who they are: since our request, where that asked for it. */
function authenticatedSince({ forceAuthn }: SamlConnection, request: PendingRequest | undefined, now: number): number | undefined {
  if (request?.forceAuthn) return Date.parse(request.createdAt);
  return forceAuthn ? now - UNSOLICITED_MILLIS : undefined;
}

function arrivalOf(assertion: VerifiedAssertion, connection: SamlConnection, request: PendingRequest | undefined, signedXml: string): SamlArrival {
  return {
    connectionId: connection.id,
    orgId: connection.orgId,
    identity: identityOf(assertion, connection),
    returnTo: request?.returnTo ?? '/',
    sessionEnds: assertion.sessionEnds,
    idpSession: assertion.sessionIndex,
    idpSubject: nameIdKey(assertion.nameId),
    signedInAt: assertion.authenticatedAt,
    aim: request?.aim,
    evidence: evidenceOf(signedXml, connection),
  };
}
