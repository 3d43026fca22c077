import { ENVELOPED, EXCLUSIVE, RSA_SHA256, RSA_SHA512, SHA256, SIGNATURE } from './saml-names.js';
import { ensure, type SamlErrorCode } from './saml-error.js';
import { attribute, childrenNamed, type XmlElement } from './strict-xml.js';

/** Everything else is refused: SHA-1 and MD5, HMAC keyed with a public key, and what nobody here has tried. */
const SIGNATURE_METHODS: ReadonlySet<string> = new Set([
  RSA_SHA256,
  RSA_SHA512,
  'http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1',
]);
const DIGEST_METHODS: ReadonlySet<string> = new Set([SHA256, 'http://www.w3.org/2001/04/xmlenc#sha512']);

/**
 * The children of `parent`, which must be exactly these signature elements in this order; a name ending in `?` may be
 * missing.
 */
function exactly(parent: XmlElement, ...names: string[]): XmlElement[] {
  const found = [...parent.children];
  const taken = names.flatMap((name) => {
    const optional = name.endsWith('?');
    const local = optional ? name.slice(0, -1) : name;
    if (found[0]?.local === local && found[0].uri === SIGNATURE) return [found.shift()!];
    ensure(optional, 'signature_malformed', `${local} expected in ${parent.local}`);
    return [];
  });
  ensure(found.length === 0, 'signature_malformed', `${found[0]?.local} not expected in ${parent.local}`);
  return taken;
}

function checkAlgorithm(element: XmlElement, allowed: ReadonlySet<string>, reason: SamlErrorCode): void {
  const algorithm = attribute(element, 'Algorithm') ?? '';
  ensure(allowed.has(algorithm), reason, algorithm.slice(0, 100));
}

/**
 * Nothing parameterizes a step but the prefixes that exclusive canonicalization may be told to keep. Some signers
 * repeat
 * them in every transform, in the namespace of its algorithm.
 */
function checkParameters(step: XmlElement): void {
  ensure(
    step.children.every(({ local, uri }) => local === 'InclusiveNamespaces' && [EXCLUSIVE, ENVELOPED].includes(uri)),
    'transform',
    'parameters',
  );
}

/** The one reference must name the signed element itself, taken as it stands but for the signature. */
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
 * Checks the shape and the algorithms of the signature directly inside `signed` (XML Signature, section 4;
 * saml-core-2.0-os, section 5.4), before any of it is computed.
 * @returns whether there is one; whether it is *right* is for `verifiedBytes` to say.
 */
export function checkSignatureShape(signed: XmlElement): boolean {
  const signatures = childrenNamed(signed, SIGNATURE, 'Signature');
  if (signatures.length === 0) return false;
  ensure(signatures.length === 1, 'signature_malformed', 'more than one signature');
  const [info] = exactly(signatures[0]!, 'SignedInfo', 'SignatureValue', 'KeyInfo?');
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
