import { ASSERTION, PROTOCOL, SIGNATURE, STATUS_SUCCESS } from './saml-names.js';
import { must, SamlRefused } from './saml-refusal.js';
import { checkSignatureShape } from './signature-rules.js';
import { attribute, childrenNamed, descendants, readXml, type XmlElement, type XmlLimits } from './strict-xml.js';

/** A response whose outside is in order; nothing in it is proved yet. */
export interface GuardedResponse {
  /** The same bytes in canonical base64, the only form that goes on to the SAML library. */
  readonly base64: string;
  readonly root: XmlElement;
  /** The request that it says it answers. */
  readonly inResponseTo: string;
  /** Whether the response itself carries a signature, besides the one of its assertion. */
  readonly signed: boolean;
}

/** Room for some hundred group values; the SAML library takes about 60 µs a node, whoever sent it. */
const LIMITS: XmlLimits = { maxBytes: 256 * 1024, maxDepth: 20, maxNodes: 1500 };

/** What a response may hold (saml-core-2.0-os, section 3.3.3), each in its namespace. */
const RESPONSE_CHILDREN: Readonly<Record<string, string>> = {
  Issuer: ASSERTION,
  Signature: SIGNATURE,
  Extensions: PROTOCOL,
  Status: PROTOCOL,
  Assertion: ASSERTION,
  EncryptedAssertion: ASSERTION,
};
/** XML names without colons, as identifiers must be; also free of the quotes that XPath could trip over. */
const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_.-]{0,255}$/;

/** Decodes strictly: Node alone would skip whatever is not base64. Line breaks are allowed, as older senders wrap. */
function decode(text: string): { base64: string; xml: string } {
  must(text.length <= LIMITS.maxBytes * 1.5, 'too_large');
  const base64 = text.replaceAll('\r', '').replaceAll('\n', '');
  const bytes = Buffer.from(base64, 'base64');
  must(base64.length > 0 && bytes.toString('base64') === base64, 'not_base64');
  try {
    return { base64, xml: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch (cause) {
    throw new SamlRefused('not_utf8', undefined, { cause });
  }
}

/** Only a response is taken here: a logout message, signed or not, has no business at this address. */
function checkRoot(root: XmlElement): void {
  must(root.local === 'Response' && root.uri === PROTOCOL, 'not_a_response', root.local.slice(0, 50));
  must(attribute(root, 'Version') === '2.0', 'version_unsupported');
  for (const child of root.children) {
    must(RESPONSE_CHILDREN[child.local] === child.uri, 'element_unexpected', child.local.slice(0, 50));
  }
}

/** Success, and nothing else (saml-core-2.0-os, section 3.2.2). */
function checkStatus(root: XmlElement): void {
  const statuses = childrenNamed(root, PROTOCOL, 'Status');
  const codes = statuses.flatMap((status) => childrenNamed(status, PROTOCOL, 'StatusCode'));
  must(statuses.length === 1 && codes.length === 1, 'status_missing');
  const nested = childrenNamed(codes[0]!, PROTOCOL, 'StatusCode').map((code) => attribute(code, 'Value'));
  const value = attribute(codes[0]!, 'Value');
  must(value === STATUS_SUCCESS, 'status_not_success', [value, ...nested].join(' ').slice(0, 200));
}

/**
 * One assertion, directly inside the response. Signature wrapping (XSW) needs a second copy of something somewhere,
 * so messages, assertions and signatures are counted wherever they hide and whatever namespace they claim.
 */
function checkSingleAssertion(root: XmlElement): XmlElement {
  const all = [...descendants(root)];
  const named = (local: string): XmlElement[] => all.filter((element) => element.local === local);
  must(named('EncryptedAssertion').length === 0, 'assertion_encrypted');
  must(named('Assertion').length > 0, 'assertion_missing');
  must(named('Assertion').length === 1 && named('Response').length === 1, 'assertion_not_single');
  const [assertion] = childrenNamed(root, ASSERTION, 'Assertion');
  must(assertion !== undefined, 'assertion_missing');
  must(attribute(assertion, 'Version') === '2.0', 'version_unsupported');
  const inPlace = [root, assertion].flatMap((parent) => childrenNamed(parent, SIGNATURE, 'Signature'));
  must(named('Signature').length === inPlace.length, 'signature_misplaced');
  return assertion;
}

/** No identifier twice, under any spelling or namespace that some library might take for one. */
function checkIdentifiers(root: XmlElement, assertion: XmlElement): void {
  const seen = new Set<string>();
  for (const element of descendants(root)) {
    for (const { local, value } of element.attributes) {
      if (local.toLowerCase() !== 'id') continue;
      must(!seen.has(value), 'id_duplicated');
      seen.add(value);
    }
  }
  for (const element of [root, assertion]) {
    must(IDENTIFIER.test(attribute(element, 'ID') ?? ''), 'id_missing', element.local);
  }
}

/**
 * Looks at a posted response before any SAML code does: size, encoding, structure, one assertion, and signatures that are where and what they
 * may be. Linear in the size of the input, so that a bomb costs no more than a real response. Proves nothing about who sent it.
 * @throws SamlRefused
 */
export function guardResponse(samlResponse: string, wanted: { responseSigned: boolean }): GuardedResponse {
  const { base64, xml } = decode(samlResponse);
  const root = readXml(xml, LIMITS);
  checkRoot(root);
  checkStatus(root);
  const assertion = checkSingleAssertion(root);
  checkIdentifiers(root, assertion);
  const signed = checkSignatureShape(root);
  must(signed || !wanted.responseSigned, 'response_unsigned');
  must(checkSignatureShape(assertion), 'assertion_unsigned');
  const inResponseTo = attribute(root, 'InResponseTo');
  must(inResponseTo !== undefined && IDENTIFIER.test(inResponseTo), 'response_unsolicited');
  return { base64, root, inResponseTo, signed };
}

/**
 * The response out of a parsed form post. RelayState may come along and is not read: what to do next is kept on our side, under
 * the request's id. A field given twice, or SAML fields in the address, are an attempt to have two readers see two messages.
 * @throws SamlRefused
 */
export function responseOf(body: unknown, query: unknown): string {
  must(Object.keys(Object(query)).length === 0, 'parameter_unexpected');
  const { SAMLResponse: response, RelayState: relayState, ...others } = Object(body) as Record<string, unknown>;
  must(!Object.keys(others).some((name) => name.toUpperCase().startsWith('SAML')), 'parameter_unexpected');
  must(response !== undefined, 'parameter_missing');
  must(typeof response === 'string', 'parameter_duplicated');
  must(relayState === undefined || typeof relayState === 'string', 'parameter_duplicated');
  return response;
}
