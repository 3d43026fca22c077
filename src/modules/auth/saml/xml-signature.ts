import { DOMParser, type Element } from '@xmldom/xmldom';
import { SignedXml } from 'xml-crypto';
import { ENVELOPED, EXCLUSIVE, RSA_SHA256, SHA256, SIGNATURE } from './saml-names.js';
import type { SpKey } from './saml-connection.js';
import { ensure, SamlError } from './saml-error.js';

/** The types of xml-crypto expect a browser's node, but it uses only members that xmldom also has. */
type XmlCryptoNode = Parameters<SignedXml['loadSignature']>[0];

/** Returns the first child element with this local name and namespace. */
function childNamed(parent: Element, local: string, uri: string | null): Element | undefined {
  return [...parent.childNodes].find(
    (node): node is Element =>
      node.nodeType === node.ELEMENT_NODE && node.localName === local && node.namespaceURI === uri,
  );
}

/**
 * Returns whether the key signed the `SignedInfo`. The library checks the digest of the content first, which can take
 * ten times as long for a large message. A forgery fails here before that (XML Signature Best Practices, section 2.1).
 */
function isInfoSigned(signed: SignedXml, signature: Element, certificate: string): boolean {
  const info = signed['getCanonSignedInfoXml'](signature.ownerDocument);
  const algorithm = signed['findSignatureAlgorithm'](signed.signatureAlgorithm);
  return algorithm.verifySignature(info, certificate, signed['signatureValue']);
}

/**
 * Returns the canonical bytes that the key of one certificate signed; undefined when the signature does not verify with
 * it.
 */
function signedBy(certificate: string, xml: string, signature: Element): string | undefined {
  const signed = new SignedXml({ publicCert: certificate, getCertFromKeyInfo: () => null });
  try {
    signed.loadSignature(signature as unknown as XmlCryptoNode);
    if (!isInfoSigned(signed, signature, certificate) || !signed.checkSignature(xml)) return undefined;
  } catch {
    return undefined; // the library throws for a wrong digest or signature
  }
  const references = signed.getSignedReferences();
  return references.length === 1 ? references[0] : undefined;
}

/**
 * Verifies the signature directly inside the root, or inside its child `within`. It uses only the keys of the given
 * certificates and ignores keys in the message. The signature must have passed `checkSignatureShape`.
 * @returns the canonical bytes that were signed; only they may be read further
 * @throws SamlError signature_invalid
 */
export function verifiedBytes(
  xml: string,
  certificates: readonly string[],
  within?: { local: string; uri: string },
): string {
  const text = xml.replaceAll(/\r\n?/g, '\n'); // XML 1.0, section 2.11 leaves this to the application
  const root = new DOMParser().parseFromString(text, 'text/xml').documentElement;
  const signed = root && within ? childNamed(root, within.local, within.uri) : root;
  const signature = signed && childNamed(signed, 'Signature', SIGNATURE);
  ensure(signature !== undefined && signature !== null, 'signature_invalid', 'no signature');
  for (const certificate of certificates) {
    const bytes = signedBy(certificate, text, signature);
    if (bytes !== undefined) return bytes;
  }
  throw new SamlError('signature_invalid', 'no certificate of the connection fits');
}

/** Signs an outgoing message and puts the signature after the Issuer, as the schema requires. */
export function signXml(xml: string, id: string, key: SpKey): string {
  return signRoot(xml, id, key, { reference: `/*/*[local-name(.)='Issuer']`, action: 'after' });
}

/** Signs metadata and puts the signature first, as the schema requires (saml-metadata-2.0-os, section 3.1). */
export function signMetadata(xml: string, id: string, key: SpKey): string {
  return signRoot(xml, id, key, { reference: '/*', action: 'prepend' });
}

function signRoot(
  xml: string,
  id: string,
  { privateKey, certificate }: SpKey,
  location: { reference: string; action: 'after' | 'prepend' },
): string {
  const signer = new SignedXml({
    privateKey,
    publicCert: certificate,
    signatureAlgorithm: RSA_SHA256,
    canonicalizationAlgorithm: EXCLUSIVE,
  });
  signer.addReference({ xpath: `/*[@ID='${id}']`, digestAlgorithm: SHA256, transforms: [ENVELOPED, EXCLUSIVE] });
  signer.computeSignature(xml, { prefix: 'ds', location });
  return signer.getSignedXml();
}
