import { PROTOCOL, ASSERTION, SIGNATURE, STATUS_SUCCESS } from './saml-names.js';
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

/** A response with a valid structure. None of its content is verified yet. */
export interface GuardedResponse {
  readonly xml: string;
  readonly root: XmlElement;
  /** The id of the request that the response states; undefined when it states none. */
  readonly inResponseTo?: string;
  /** Whether the response itself carries a signature. */
  readonly signed: boolean;
  /** Whether the plain assertion carries its own signature. */
  readonly assertionSigned: boolean;
  /** The encrypted assertion. The caller must guard the decrypted assertion again. */
  readonly encrypted?: XmlElement;
}

/**
 * Allows several hundred groups, each in one or two elements. Providers repeat namespace declarations on every value,
 * so attributes have a separate limit.
 */
export const RESPONSE_LIMITS: XmlLimits = {
  maxBytes: 256 * 1024,
  maxDepth: 20,
  maxElements: 1500,
  maxAttributes: 5000,
  maxPrefixes: MAX_PREFIXES,
};

/** The signatures that a response needs. */
export interface WantedSignatures {
  readonly wantResponseSigned: boolean;
  readonly wantAssertionSigned: boolean;
  /** Whether a verified signature of the response already covers the text. */
  readonly isCovered?: boolean;
}

/** The elements that a response may contain, with their namespaces (saml-core-2.0-os, section 3.3.3). */
const RESPONSE_CHILDREN: Readonly<Record<string, string>> = {
  Issuer: ASSERTION,
  Signature: SIGNATURE,
  Extensions: PROTOCOL, // rejected, but after it was searched for a second assertion
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
  for (const { local, uri } of statuses[0]!.children)
    ensure(
      uri === PROTOCOL && ['StatusCode', 'StatusMessage'].includes(local),
      'element_unexpected',
      local.slice(0, 50),
    );
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

/** The elements of an assertion and their children, in its namespace (saml-core-2.0-os, sections 2.3 to 2.7). */
const ASSERTION_CHILDREN: ReadonlyMap<string, readonly string[]> = new Map([
  ['Assertion', ['Issuer', 'Subject', 'Conditions', 'AuthnStatement', 'AttributeStatement']],
  ['Subject', ['NameID', 'SubjectConfirmation']],
  ['AuthnStatement', ['SubjectLocality', 'AuthnContext']],
  ['AttributeStatement', ['Attribute']],
  ['Attribute', ['AttributeValue']],
]);

function checkChildren(parent: XmlElement): void {
  const allowed = ASSERTION_CHILDREN.get(parent.local);
  if (allowed === undefined) return;
  for (const child of parent.children) {
    const isSignature = child.uri === SIGNATURE && child.local === 'Signature' && parent.local === 'Assertion';
    const isNeeded = isSignature || (child.uri === ASSERTION && allowed.includes(child.local));
    ensure(isNeeded, 'element_unexpected', child.local.slice(0, 50));
    checkChildren(child);
  }
}

/**
 * Rejects elements that no sign-in needs: extensions of the response, advice and other statements in the assertion,
 * and unknown elements in its parts. A second assertion could hide in them, or a value that only one reader reads.
 */
function checkUnneeded(root: XmlElement, assertion: XmlElement | undefined): void {
  ensure(childrenNamed(root, PROTOCOL, 'Extensions').length === 0, 'element_unexpected', 'Extensions');
  for (const parent of [root, ...(assertion ? [assertion] : [])])
    ensure(childrenNamed(parent, ASSERTION, 'Issuer').length <= 1, 'element_unexpected', 'a second Issuer');
  if (assertion !== undefined) checkChildren(assertion);
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
 * Requires a signature of the assertion or of the response around it, and those that the connection wants. The
 * signature of an encrypted assertion shows only after decryption.
 */
function checkSignatures(root: XmlElement, plain: XmlElement | undefined, wanted: WantedSignatures) {
  const signed = checkSignatureShape(root);
  const assertionSigned = plain !== undefined && checkSignatureShape(plain);
  ensure(signed || !wanted.wantResponseSigned || wanted.isCovered === true, 'response_unsigned');
  const isAuthenticated = assertionSigned || (!wanted.wantAssertionSigned && (signed || wanted.isCovered === true));
  ensure(plain === undefined || isAuthenticated, 'assertion_unsigned');
  return { signed, assertionSigned };
}

/**
 * Checks a response before any cryptography: its size, its structure, its one assertion, and the place and form of its
 * signatures. The time is linear in the size of the input, so a malicious document costs no more than a real response.
 * The check does not prove who sent the response.
 * @throws SamlError
 */
export function guardResponse(
  xml: string,
  wanted: WantedSignatures,
  limits: XmlLimits = RESPONSE_LIMITS,
): GuardedResponse {
  const root = readXml(xml, limits);
  checkRoot(root);
  checkStatus(root);
  const { plain, encrypted } = checkSingleAssertion(root);
  checkIdentifiers(root, plain);
  checkUnneeded(root, plain);
  const { signed, assertionSigned } = checkSignatures(root, plain, wanted);
  const inResponseTo = attribute(root, 'InResponseTo');
  ensure(inResponseTo === undefined || IDENTIFIER.test(inResponseTo), 'in_response_to_mismatch');
  return { xml, root, inResponseTo, signed, assertionSigned, encrypted };
}
