import { DOMParser, type Element } from '@xmldom/xmldom';
import { SignedXml } from 'xml-crypto';
import { ENVELOPED, EXCLUSIVE, RSA_SHA256, SHA256, SIGNATURE } from './saml-names.js';
import type { SpKey } from './saml-connection.js';
import { ensure, SamlError } from './saml-error.js';

/** xml-crypto's types mean a browser's node, of which it uses no more than xmldom has. */
type XmlCryptoNode = Parameters<SignedXml['loadSignature']>[0];

/** The child elements of a node, by local name and, where given, namespace. */
function childNamed(parent: Element, local: string, uri: string | null): Element | undefined {
  return [...parent.childNodes].find(
    (node): node is Element =>
      node.nodeType === node.ELEMENT_NODE && node.localName === local && node.namespaceURI === uri,
  );
}

/**
 * What the key of one certificate vouches for: the canonical bytes that were signed, or nothing when it did not sign
 * them.
 */
function signedBy(certificate: string, xml: string, signature: Element): string | undefined {
  const signed = new SignedXml({ publicCert: certificate, getCertFromKeyInfo: () => null });
  try {
    signed.loadSignature(signature as unknown as XmlCryptoNode);
    if (!signed.checkSignature(xml)) return undefined;
  } catch {
    return undefined; // a digest or signature that does not fit, in the library's words
  }
  const references = signed.getSignedReferences();
  return references.length === 1 ? references[0] : undefined;
}

/**
 * Verifies the signature directly inside the root, or inside its one child of the name `within`, by the keys of the
 * certificates and by nothing that the message brings along. The shape must have passed `checkSignatureShape` before.
 * @returns the canonical bytes that were signed: what counts of the message
 * @throws SamlError signature_invalid
 */
export function verifiedBytes(
  xml: string,
  certificates: readonly string[],
  within?: { local: string; uri: string },
): string {
  const text = xml.replaceAll(/\r\n?/g, '\n'); // XML 1.0, section 2.11: left to whoever reads the file
  const root = new DOMParser().parseFromString(text, 'text/xml').documentElement;
  const signed = root && within ? childNamed(root, within.local, within.uri) : root;
  const signature = signed && childNamed(signed, 'Signature', SIGNATURE);
  ensure(signature !== undefined && signature !== null, 'signature_invalid', 'no signature');
  for (const certificate of certificates) {
    const bytes = signedBy(certificate, text, signature);
    if (bytes !== undefined) return bytes;
  }
  throw new SamlError('signature_invalid', 'by none of the certificates of the connection');
}

/** Signs a message of ours behind its Issuer, where the schema wants the signature. */
export function signXml(xml: string, id: string, { privateKey, certificate }: SpKey): string {
  const signer = new SignedXml({
    privateKey,
    publicCert: certificate,
    signatureAlgorithm: RSA_SHA256,
    canonicalizationAlgorithm: EXCLUSIVE,
  });
  signer.addReference({ xpath: `/*[@ID='${id}']`, digestAlgorithm: SHA256, transforms: [ENVELOPED, EXCLUSIVE] });
  signer.computeSignature(xml, {
    prefix: 'ds',
    location: { reference: `/*/*[local-name(.)='Issuer']`, action: 'after' },
  });
  return signer.getSignedXml();
}
