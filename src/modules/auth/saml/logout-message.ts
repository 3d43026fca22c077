import { createVerify } from 'node:crypto';
import { nameIdOf, time, type NameId } from './assertion-checks.js';
import { inflatedXml, postedField } from './message-text.js';
import { IDENTIFIER } from './response-guard.js';
import { clockSkewMillis, UNSOLICITED_MS, type MessageSettings } from './saml-connection.js';
import { ASSERTION, PROTOCOL, RSA_SHA256, RSA_SHA384, RSA_SHA512, SIGNATURE, STATUS_SUCCESS } from './saml-names.js';
import { ensure } from './saml-error.js';
import { checkSignatureShape } from './signature-rules.js';
import {
  attribute,
  childrenNamed,
  descendants,
  MAX_PREFIXES,
  readXml,
  type XmlElement,
  type XmlLimits,
} from './strict-xml.js';
import { verifiedElement } from './xml-signature.js';

/** A logout message: in the URL, as the octets after the `?`, or in a form post. */
export interface IncomingLogout {
  readonly rawQuery: string;
  readonly query: unknown;
  /** The parsed form; undefined for a message in the URL. */
  readonly body?: unknown;
}

/** A current logout message that the connection's identity provider signed for this connection. */
export type LogoutMessage = { readonly id: string; readonly issuedAt: number; readonly relayState?: string } & (
  | { readonly kind: 'LogoutRequest'; readonly nameId: NameId; readonly sessions: readonly string[] }
  | { readonly kind: 'LogoutResponse'; readonly inResponseTo: string; readonly success: boolean }
);

const LIMITS: XmlLimits = {
  maxBytes: 256 * 1024,
  maxDepth: 12,
  maxElements: 250,
  maxAttributes: 500,
  maxPrefixes: MAX_PREFIXES,
};
const FIELDS = ['SAMLRequest', 'SAMLResponse'] as const;
const KINDS = { SAMLRequest: 'LogoutRequest', SAMLResponse: 'LogoutResponse' } as const;
/** The allowed values of `SigAlg`, with Node's names. */
const SIGNATURES: ReadonlyMap<string, string> = new Map([
  [RSA_SHA256, 'RSA-SHA256'],
  [RSA_SHA384, 'RSA-SHA384'],
  [RSA_SHA512, 'RSA-SHA512'],
]);
const PARAMETERS = ['SAMLRequest', 'SAMLResponse', 'RelayState', 'SigAlg', 'Signature'];

interface SignedMessage {
  readonly field: (typeof FIELDS)[number];
  /** The part that the signature covers. */
  readonly xml: string;
  readonly relayState?: string;
}

/** Returns the parameters of a query in their encoded form, because the signature covers exactly these octets. */
function rawParameters(rawQuery: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const part of rawQuery.split('&').filter(Boolean)) {
    const [name, ...value] = part.split('=');
    ensure(PARAMETERS.includes(name!), 'parameter_unexpected', name!.slice(0, 50));
    ensure(!found.has(name!), 'parameter_duplicated', name);
    found.set(name!, value.join('='));
  }
  return found;
}

function decoded(raw: string | undefined): string {
  try {
    return decodeURIComponent(raw ?? '');
  } catch {
    return '';
  }
}

/**
 * Reads a message by redirect (saml-bindings-2.0-os, section 3.4.4.1). The signature covers the message, RelayState,
 * and SigAlg, in this order.
 */
function fromQuery(rawQuery: string, certificates: readonly string[]): SignedMessage {
  const raw = rawParameters(rawQuery);
  const [field, another] = FIELDS.filter((name) => raw.has(name));
  ensure(another === undefined, 'parameter_unexpected', another);
  ensure(field !== undefined, 'parameter_missing');
  ensure(raw.has('Signature') && raw.has('SigAlg'), 'message_unsigned');
  const algorithm = SIGNATURES.get(decoded(raw.get('SigAlg')));
  ensure(algorithm !== undefined, 'signature_algorithm', decoded(raw.get('SigAlg')).slice(0, 100));
  const signed = [field, 'RelayState', 'SigAlg']
    .filter((name) => raw.has(name))
    .map((name) => `${name}=${raw.get(name)}`)
    .join('&');
  const signature = Buffer.from(decoded(raw.get('Signature')).replaceAll(/[\r\n]/g, ''), 'base64');
  ensure(
    certificates.some((key) => createVerify(algorithm).update(signed).verify(key, signature)),
    'signature_invalid',
  );
  const xml = inflatedXml(decoded(raw.get(field)).replaceAll(/[\r\n]/g, ''));
  return { field, xml, relayState: raw.has('RelayState') ? decoded(raw.get('RelayState')) : undefined };
}

/** Reads a message by post. The signature is in the message, and only the signed bytes are returned. */
function fromForm(body: unknown, query: unknown, certificates: readonly string[]): SignedMessage {
  const { field, xml } = postedField(body, query, FIELDS);
  const root = readXml(xml, LIMITS);
  checkIdentity(root, KINDS[field]);
  const signatures = [...descendants(root)].filter(({ local }) => local === 'Signature');
  ensure(signatures.length > 0, 'message_unsigned');
  ensure(signatures.length === 1 && childrenNamed(root, SIGNATURE, 'Signature').length === 1, 'signature_misplaced');
  checkSignatureShape(root);
  const { RelayState: relayState } = body as { RelayState?: string };
  return { field, xml: verifiedElement(xml, certificates).bytes, relayState };
}

function checkIdentity(root: XmlElement, kind: string): void {
  ensure(root.uri === PROTOCOL && root.local === kind, 'not_a_logout_message', root.local.slice(0, 50));
  ensure(attribute(root, 'Version') === '2.0', 'version_unsupported');
  ensure(IDENTIFIER.test(attribute(root, 'ID') ?? ''), 'id_missing');
  const ids = [...descendants(root)].flatMap(({ attributes }) =>
    attributes.filter(({ local }) => local.toLowerCase() === 'id').map(({ value }) => value),
  );
  ensure(new Set(ids).size === ids.length, 'id_duplicated');
}

/** Checks issuer, destination, and time. All are required, because the signature covers all of them. */
function checkEnvelope(root: XmlElement, connection: MessageSettings, now: number): number {
  const issuers = childrenNamed(root, ASSERTION, 'Issuer');
  ensure(issuers.length === 1 && issuers[0]!.text === connection.idpEntityId, 'issuer_mismatch');
  ensure(attribute(root, 'Destination') === connection.logoutUrl, 'destination_mismatch');
  const skew = clockSkewMillis(connection);
  const issuedAt = time(root, 'IssueInstant');
  ensure(issuedAt !== undefined, 'time_malformed', 'IssueInstant');
  ensure(now >= issuedAt - skew, 'issued_in_future');
  ensure(
    now < issuedAt + UNSOLICITED_MS + skew && now < (time(root, 'NotOnOrAfter') ?? Infinity) + skew,
    'message_expired',
  );
  return issuedAt;
}

function isSuccess(root: XmlElement): boolean {
  const codes = childrenNamed(root, PROTOCOL, 'Status').flatMap((status) =>
    childrenNamed(status, PROTOCOL, 'StatusCode'),
  );
  return codes.length === 1 && attribute(codes[0]!, 'Value') === STATUS_SUCCESS;
}

/**
 * Reads a logout message (saml-profiles-2.0-os, section 4.4). Every message must be signed.
 * @param now epoch milliseconds
 * @throws SamlError
 */
export function readLogoutMessage(incoming: IncomingLogout, connection: MessageSettings, now: number): LogoutMessage {
  const { idpCertificates } = connection;
  const { field, xml, relayState } =
    incoming.body === undefined
      ? fromQuery(incoming.rawQuery, idpCertificates)
      : fromForm(incoming.body, incoming.query, idpCertificates);
  const root = readXml(xml, LIMITS);
  checkIdentity(root, KINDS[field]);
  // In a redirect message, an enveloped signature would be a second one over other bytes (section 3.4.4.1).
  ensure(
    incoming.body !== undefined || childrenNamed(root, SIGNATURE, 'Signature').length === 0,
    'signature_misplaced',
  );
  const about = { id: attribute(root, 'ID')!, issuedAt: checkEnvelope(root, connection, now), relayState };
  if (field === 'SAMLResponse') {
    const inResponseTo = attribute(root, 'InResponseTo');
    ensure(inResponseTo !== undefined && IDENTIFIER.test(inResponseTo), 'in_response_to_mismatch');
    return { ...about, kind: 'LogoutResponse', inResponseTo, success: isSuccess(root) };
  }
  const sessions = childrenNamed(root, PROTOCOL, 'SessionIndex').map(({ text }) => text);
  return { ...about, kind: 'LogoutRequest', nameId: nameIdOf(root, connection), sessions };
}
