import { checkKeyInfo } from './key-info.js';
import {
  ENVELOPED,
  EXCLUSIVE,
  RSA_SHA256,
  RSA_SHA384,
  RSA_SHA512,
  SHA256,
  SHA384,
  SHA512,
  SIGNATURE,
} from './saml-names.js';
import { ensure, type SamlErrorCode } from './saml-error.js';
import { attribute, childrenNamed, type XmlElement } from './strict-xml.js';

/** The allowed methods. SHA-1, MD5, HMAC with a public key, and untested methods are rejected. */
const SIGNATURE_METHODS: ReadonlySet<string> = new Set([
  RSA_SHA256,
  RSA_SHA384,
  RSA_SHA512,
  'http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1',
]);
const DIGEST_METHODS: ReadonlySet<string> = new Set([SHA256, SHA384, SHA512]);

/**
 * Returns the children of `parent`. They must be exactly these signature elements in this order; a name that ends in
 * `?` is optional.
 */
function exactly(parent: XmlElement, ...names: string[]): XmlElement[] {
  const found = [...parent.children];
  const matched = names.flatMap((name) => {
    const optional = name.endsWith('?');
    const local = optional ? name.slice(0, -1) : name;
    if (found[0]?.local === local && found[0].uri === SIGNATURE) return [found.shift()!];
    ensure(optional, 'signature_malformed', `${local} expected in ${parent.local}`);
    return [];
  });
  ensure(found.length === 0, 'signature_malformed', `${found[0]?.local} not expected in ${parent.local}`);
  return matched;
}

function checkAlgorithm(element: XmlElement, allowed: ReadonlySet<string>, reason: SamlErrorCode): void {
  const algorithm = attribute(element, 'Algorithm') ?? '';
  ensure(allowed.has(algorithm), reason, algorithm.slice(0, 100));
}

/** The greatest number of prefixes in a list. Providers send one to five. */
const MAX_PREFIXES = 20;
/** An NCName (Namespaces in XML 1.0, section 3), or the name of the default namespace. */
const PREFIX = /^(?:#default|[\p{L}_][\p{L}\p{M}\p{N}_.-]*)$/u;

/**
 * Rejects parameters of a step. Only one prefix list of exclusive canonicalization is allowed. Some signers repeat it
 * in every transform, in the namespace of its algorithm. The library compares each prefix with each namespace in scope
 * before it checks the signature value, so the list is short (docs/adr/0039).
 */
function checkParameters(step: XmlElement): void {
  const [list, another] = step.children;
  if (list === undefined) return;
  const isList = list.local === 'InclusiveNamespaces' && [EXCLUSIVE, ENVELOPED].includes(list.uri);
  ensure(isList && another === undefined && list.children.length === 0, 'transform', 'parameters');
  const prefixes = (attribute(list, 'PrefixList') ?? '').split(' ');
  ensure(
    prefixes.length <= MAX_PREFIXES && prefixes.every((prefix) => prefix === '' || PREFIX.test(prefix)),
    'transform',
    'PrefixList',
  );
}

/** Checks that the one reference names the signed element, without any other transform. */
function checkReference(reference: XmlElement, signedId: string): void {
  ensure(attribute(reference, 'URI') === `#${signedId}`, 'signature_reference');
  const [transforms, digest] = exactly(reference, 'Transforms', 'DigestMethod', 'DigestValue');
  const steps = exactly(transforms!, 'Transform', 'Transform');
  const algorithms = steps.map((step) => attribute(step, 'Algorithm'));
  ensure(algorithms[0] === ENVELOPED && algorithms[1] === EXCLUSIVE, 'transform');
  steps.forEach(checkParameters);
  checkAlgorithm(digest!, DIGEST_METHODS, 'digest_algorithm');
}

/**
 * Checks the structure and the algorithms of the signature directly inside `signed`, before any cryptography (XML
 * Signature, section 4; saml-core-2.0-os, section 5.4).
 * @returns whether a signature exists; `verifiedElement` verifies it
 */
export function checkSignatureShape(signed: XmlElement): boolean {
  const signatures = childrenNamed(signed, SIGNATURE, 'Signature');
  if (signatures.length === 0) return false;
  ensure(signatures.length === 1, 'signature_malformed', 'more than one signature');
  const [info, value, keyInfo] = exactly(signatures[0]!, 'SignedInfo', 'SignatureValue', 'KeyInfo?');
  // Node ignores other characters and text after the padding, in which a changed ciphertext could hide.
  const base64 = value!.text.replaceAll(/\s/g, '');
  ensure(Buffer.from(base64, 'base64').toString('base64') === base64, 'signature_malformed', 'SignatureValue');
  if (keyInfo !== undefined) checkKeyInfo(keyInfo);
  const [canonicalization, method, reference] = exactly(
    info!,
    'CanonicalizationMethod',
    'SignatureMethod',
    'Reference',
  );
  checkAlgorithm(canonicalization!, new Set([EXCLUSIVE]), 'canonicalization_algorithm');
  checkParameters(canonicalization!);
  checkAlgorithm(method!, SIGNATURE_METHODS, 'signature_algorithm');
  checkReference(reference!, attribute(signed, 'ID') ?? '');
  return true;
}
