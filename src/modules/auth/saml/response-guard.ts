import { PROTOCOL, ASSERTION, SIGNATURE, STATUS_SUCCESS } from './saml-names.js';
import { ensure } from './saml-error.js';
import { checkSignatureShape } from './signature-rules.js';
import { attribute, childrenNamed, descendants, readXml, type XmlElement, type XmlLimits } from './strict-xml.js';

/** A response with a valid structure. None of its content is verified yet. */
export interface GuardedResponse {
  readonly xml: string;
  readonly root: XmlElement;
  /** The id of the request that the response states; undefined when it states none. */
  readonly inResponseTo?: string;
  /** Whether the response itself carries a signature, in addition to the signature of its assertion. */
  readonly signed: boolean;
  /** The encrypted assertion. The caller must guard the decrypted assertion again. */
  readonly encrypted?: XmlElement;
}

/**
 * Allows several hundred groups, each in one or two elements. Providers repeat namespace declarations on every value,
 * so attributes have a separate limit.
 */
const LIMITS: XmlLimits = { maxBytes: 256 * 1024, maxDepth: 20, maxElements: 1500, maxAttributes: 5000 };

/** The elements that a response may contain, with their namespaces (saml-core-2.0-os, section 3.3.3). */
const RESPONSE_CHILDREN: Readonly<Record<string, string>> = {
  Issuer: ASSERTION,
  Signature: SIGNATURE,
  Extensions: PROTOCOL,
  Status: PROTOCOL,
  Assertion: ASSERTION,
  EncryptedAssertion: ASSERTION,
};
/** XML names without colons, as identifiers must be. They contain no quotes, which could break an XPath expression. */
export const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_.-]{0,255}$/;

/** Accepts a response only. A logout message does not belong at this endpoint, even if it is signed. */
function checkRoot(root: XmlElement): void {
  ensure(root.local === 'Response' && root.uri === PROTOCOL, 'not_a_response', root.local.slice(0, 50));
  ensure(attribute(root, 'Version') === '2.0', 'version_unsupported');
  for (const child of root.children) {
    ensure(RESPONSE_CHILDREN[child.local] === child.uri, 'element_unexpected', child.local.slice(0, 50));
  }
}

/** Accepts the status Success only (saml-core-2.0-os, section 3.2.2). */
function checkStatus(root: XmlElement): void {
  const statuses = childrenNamed(root, PROTOCOL, 'Status');
  const codes = statuses.flatMap((status) => childrenNamed(status, PROTOCOL, 'StatusCode'));
  ensure(statuses.length === 1 && codes.length === 1, 'status_missing');
  const nested = childrenNamed(codes[0]!, PROTOCOL, 'StatusCode').map((code) => attribute(code, 'Value'));
  const value = attribute(codes[0]!, 'Value');
  ensure(value === STATUS_SUCCESS, 'status_not_success', [value, ...nested].join(' ').slice(0, 200));
}

/**
 * Checks that the response directly contains one assertion, plain or encrypted. Signature wrapping (XSW) needs a second
 * copy of an element. So this function counts messages, assertions, and signatures at every depth and in every
 * namespace.
 */
function checkSingleAssertion(root: XmlElement): { plain?: XmlElement; encrypted?: XmlElement } {
  const all = [...descendants(root)];
  const named = (...locals: string[]): XmlElement[] => all.filter((element) => locals.includes(element.local));
  ensure(named('Assertion', 'EncryptedAssertion').length > 0, 'assertion_missing');
  ensure(
    named('Assertion', 'EncryptedAssertion').length === 1 && named('Response').length === 1,
    'assertion_not_single',
  );
  ensure(named('EncryptedID', 'NewEncryptedID').length === 0, 'id_encrypted');
  ensure(named('EncryptedAttribute').length === 0, 'attribute_encrypted');
  const [plain] = childrenNamed(root, ASSERTION, 'Assertion');
  const [encrypted] = childrenNamed(root, ASSERTION, 'EncryptedAssertion');
  ensure(plain !== undefined || encrypted !== undefined, 'assertion_missing');
  ensure(attribute(plain ?? root, 'Version') === '2.0', 'version_unsupported');
  const inPlace = [root, ...(plain ? [plain] : [])].flatMap((parent) => childrenNamed(parent, SIGNATURE, 'Signature'));
  ensure(named('Signature').length === inPlace.length, 'signature_misplaced');
  return { plain, encrypted };
}

/** Rejects duplicate identifiers in every spelling and namespace that a library might read as an identifier. */
function checkIdentifiers(root: XmlElement, assertion: XmlElement | undefined): void {
  const seen = new Set<string>();
  for (const element of descendants(root)) {
    for (const { local, value } of element.attributes) {
      if (local.toLowerCase() !== 'id') continue;
      ensure(!seen.has(value), 'id_duplicated');
      seen.add(value);
    }
  }
  for (const element of [root, ...(assertion ? [assertion] : [])]) {
    ensure(IDENTIFIER.test(attribute(element, 'ID') ?? ''), 'id_missing', element.local);
  }
}

/**
 * Checks a response before any cryptography: its size, its structure, its one assertion, and the place and form of its
 * signatures. The time is linear in the size of the input, so a malicious document costs no more than a real response.
 * The check does not prove who sent the response.
 * @throws SamlError
 */
export function guardResponse(xml: string, wanted: { responseSigned: boolean }): GuardedResponse {
  const root = readXml(xml, LIMITS);
  checkRoot(root);
  checkStatus(root);
  const { plain, encrypted } = checkSingleAssertion(root);
  checkIdentifiers(root, plain);
  const signed = checkSignatureShape(root);
  ensure(signed || !wanted.responseSigned, 'response_unsigned');
  ensure(plain === undefined || checkSignatureShape(plain), 'assertion_unsigned');
  const inResponseTo = attribute(root, 'InResponseTo');
  ensure(inResponseTo === undefined || IDENTIFIER.test(inResponseTo), 'in_response_to_mismatch');
  return { xml, root, inResponseTo, signed, encrypted };
}
