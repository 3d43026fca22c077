import { PROTOCOL, ASSERTION, SIGNATURE, STATUS_SUCCESS } from './saml-names.js';
import { ensure } from './saml-error.js';
import { checkSignatureShape } from './signature-rules.js';
import { attribute, childrenNamed, descendants, readXml, type XmlElement, type XmlLimits } from './strict-xml.js';

/** A response whose outside is in order; nothing in it is proved yet. */
export interface GuardedResponse {
  readonly xml: string;
  readonly root: XmlElement;
  /** The request that it says it answers; nothing when it says it answers none. */
  readonly inResponseTo?: string;
  /** Whether the response itself carries a signature, besides the one of its assertion. */
  readonly signed: boolean;
  /** The assertion under its encryption; what is under it is to be guarded again. */
  readonly encrypted?: XmlElement;
}

/** Room for some hundred group values; verifying takes about 60 µs a node, whoever sent it. */
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
export const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_.-]{0,255}$/;

/** Only a response is taken here: a logout message, signed or not, has no business at this address. */
function checkRoot(root: XmlElement): void {
  ensure(root.local === 'Response' && root.uri === PROTOCOL, 'not_a_response', root.local.slice(0, 50));
  ensure(attribute(root, 'Version') === '2.0', 'version_unsupported');
  for (const child of root.children) {
    ensure(RESPONSE_CHILDREN[child.local] === child.uri, 'element_unexpected', child.local.slice(0, 50));
  }
}

/** Success, and nothing else (saml-core-2.0-os, section 3.2.2). */
function checkStatus(root: XmlElement): void {
  const statuses = childrenNamed(root, PROTOCOL, 'Status');
  const codes = statuses.flatMap((status) => childrenNamed(status, PROTOCOL, 'StatusCode'));
  ensure(statuses.length === 1 && codes.length === 1, 'status_missing');
  const nested = childrenNamed(codes[0]!, PROTOCOL, 'StatusCode').map((code) => attribute(code, 'Value'));
  const value = attribute(codes[0]!, 'Value');
  ensure(value === STATUS_SUCCESS, 'status_not_success', [value, ...nested].join(' ').slice(0, 200));
}

/**
 * One assertion, plain or encrypted, directly inside the response. Signature wrapping (XSW) needs a second copy of
 * something
 * somewhere, so messages, assertions and signatures are counted wherever they hide and whatever namespace they claim.
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

/** No identifier twice, under any spelling or namespace that some library might take for one. */
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
 * Looks at a response before anything is computed: size, structure, one assertion, and signatures that are where and
 * what they
 * may be. Linear in the size of the input, so that a bomb costs no more than a real response. Proves nothing about who
 * sent it.
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
