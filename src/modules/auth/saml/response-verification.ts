import { CANONICAL_LIMITS, checkAssertion, checkResponse, type VerifiedAssertion } from './assertion-checks.js';
import { decrypt, isAuthenticated, readEncryption } from './assertion-encryption.js';
import { decryptUniformly } from './cbc-decryption.js';
import { guardResponse, type GuardedResponse } from './response-guard.js';
import type { MessageSettings } from './saml-connection.js';
import { ASSERTION } from './saml-names.js';
import { ensure } from './saml-error.js';
import { verifiedElement, type VerifiedElement } from './xml-signature.js';

/** A response, what it must answer, and the settings of its connection. Plain data, see {@link MessageSettings}. */
export interface ReceivedResponse {
  readonly xml: string;
  readonly settings: MessageSettings;
  /** The consumed request; undefined for an accepted unsolicited response. */
  readonly request?: { readonly requestId: string; readonly createdAt: string };
  readonly authenticatedSince?: number;
  readonly maxAgeMs: number;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** A response that passed the application's own checks. It opens no session until the library accepts it too. */
export interface CheckedResponse extends ReceivedResponse, ReadableAssertion {
  readonly assertion: VerifiedAssertion;
}

/** An assertion that a verified signature covers. */
export interface ReadableAssertion {
  /** The whole message, with the decrypted assertion in place of an encrypted one. */
  readonly plainXml: string;
  /** The signed bytes that the assertion is read from: its own, or those of the response around it. */
  readonly signedXml: string;
  /** Which signatures can be verified in `plainXml`. Decryption breaks the signature of the response. */
  readonly verifiable: { readonly response: boolean; readonly assertion: boolean };
  /** The certificates whose keys signed. */
  readonly signers: readonly string[];
}

const CHILD = { local: 'Assertion', uri: ASSERTION };

/**
 * Checks the structure of a response before any cryptography.
 * @returns the id of the request that it states
 * @throws SamlError
 */
export function outlineOf(xml: string, settings: MessageSettings): { inResponseTo?: string } {
  return { inResponseTo: guarded(xml, settings).inResponseTo };
}

function guarded(xml: string, settings: MessageSettings): GuardedResponse {
  const response = guardResponse(xml, settings);
  checkResponse(response, settings);
  ensure(response.encrypted !== undefined || !settings.wantAssertionEncrypted, 'assertion_not_encrypted');
  return response;
}

/**
 * Verifies a response with the application's own checks: its structure, the signatures, the encryption, and the signed
 * content. The first failed check throws a SamlError.
 */
export function checkMessage(received: ReceivedResponse): CheckedResponse {
  const { xml, settings, request, ...expected } = received;
  const response = guarded(xml, settings);
  ensure(response.inResponseTo === request?.requestId, 'in_response_to_mismatch');
  const read = readableAssertion(response, settings);
  const assertion = checkAssertion(read.signedXml, {
    ...expected,
    connection: settings,
    requestId: request?.requestId,
  });
  return { ...received, ...read, assertion };
}

function readableAssertion(response: GuardedResponse, settings: MessageSettings): ReadableAssertion {
  const outer = response.signed ? verifiedElement(response.xml, settings.idpCertificates) : undefined;
  if (response.encrypted !== undefined) return decryptedAssertion(response, outer, settings);
  const own = response.assertionSigned ? verifiedElement(response.xml, settings.idpCertificates, CHILD) : undefined;
  return readable(response.xml, outer, own, { response: outer !== undefined, assertion: own !== undefined });
}

/**
 * Decrypts the assertion inside the signed bytes of the response, or inside the message when the response is unsigned.
 */
function decryptedAssertion(
  response: GuardedResponse,
  outer: VerifiedElement | undefined,
  settings: MessageSettings,
): ReadableAssertion {
  const unsigned = { wantResponseSigned: false, wantAssertionSigned: false };
  const source = outer === undefined ? response : guardResponse(outer.bytes, unsigned, CANONICAL_LIMITS);
  ensure(source.encrypted !== undefined, 'assertion_missing');
  const encryption = readEncryption(source.encrypted);
  const [from, to] = source.encrypted.range;
  const around = { before: source.xml.slice(0, from), after: source.xml.slice(to) };
  if (outer === undefined && !isAuthenticated(encryption.cipher)) {
    const { plainXml, own } = decryptUniformly(encryption, around, settings);
    return readable(plainXml, undefined, own, { response: false, assertion: true });
  }
  const plainXml = around.before + decrypt(encryption, settings.spKeys) + around.after;
  const wanted = { ...settings, wantResponseSigned: false, isCovered: outer !== undefined };
  const { encrypted, assertionSigned } = guardResponse(plainXml, wanted, CANONICAL_LIMITS);
  ensure(encrypted === undefined, 'assertion_not_single');
  const own = assertionSigned ? verifiedElement(plainXml, settings.idpCertificates, CHILD) : undefined;
  const inPlain = outer && { bytes: plainXml, certificate: outer.certificate };
  return readable(plainXml, inPlain, own, { response: false, assertion: own !== undefined });
}

function readable(
  plainXml: string,
  outer: VerifiedElement | undefined,
  own: VerifiedElement | undefined,
  verifiable: ReadableAssertion['verifiable'],
): ReadableAssertion {
  const read = own ?? outer;
  ensure(read !== undefined, 'assertion_unsigned');
  const signers = [...new Set([outer, own].flatMap((one) => one?.certificate ?? []))];
  return { plainXml, signedXml: read.bytes, verifiable, signers };
}
