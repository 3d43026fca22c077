import { DOMParser, type Element } from '@xmldom/xmldom';
import { SignedXml } from 'xml-crypto';
import { ASSERTION, ENVELOPED, EXCLUSIVE, RSA_SHA256, SHA256, SIGNATURE } from './saml-names.js';
import type { SpKey } from './saml-connection.js';
import './sha384.js';
import { ensure, SamlError } from './saml-error.js';

/** The types of xml-crypto expect a browser's node, but it uses only members that xmldom also has. */
type XmlCryptoNode = Parameters<SignedXml['loadSignature']>[0];

/** The local name and the namespace of a child element. */
interface ChildName {
  readonly local: string;
  readonly uri: string;
}

/** Returns the first child element with this local name and namespace. */
function childNamed(parent: Element, local: string, uri: string | null): Element | undefined {
  return [...parent.childNodes].find(
    (node): node is Element =>
      node.nodeType === node.ELEMENT_NODE && node.localName === local && node.namespaceURI === uri,
  );
}

/** An element whose signature was verified. */
export interface VerifiedElement {
  /** The canonical bytes that were signed. Only they may be read further. */
  readonly bytes: string;
  /** The certificate whose key signed them. */
  readonly certificate: string;
}

/** A signature that was read once, for any number of certificates. */
interface LoadedSignature {
  readonly signed: SignedXml;
  readonly text: string;
  /** Returns whether the key of a certificate signed the `SignedInfo`. */
  readonly isSignedBy: (certificate: string) => boolean;
  /** The base64 text of the certificates that the KeyInfo names. */
  readonly named: string;
}

/** Reads the signature and canonicalizes its `SignedInfo`. Throws signature_invalid. */
function load(xml: string, within: ChildName | undefined): LoadedSignature {
  const text = xml.replaceAll(/\r\n?/g, '\n'); // XML 1.0, section 2.11 leaves this to the application
  const root = new DOMParser().parseFromString(text, 'text/xml').documentElement;
  const element = root && within ? childNamed(root, within.local, within.uri) : root;
  const signature = element && childNamed(element, 'Signature', SIGNATURE);
  ensure(signature !== undefined && signature !== null, 'signature_invalid', 'no signature');
  const signed = new SignedXml({ getCertFromKeyInfo: () => null });
  signed.loadSignature(signature as unknown as XmlCryptoNode);
  const info = signed['getCanonSignedInfoXml'](signature.ownerDocument);
  const algorithm = signed['findSignatureAlgorithm'](signed.signatureAlgorithm);
  return {
    signed,
    text,
    isSignedBy: (certificate) => algorithm.verifySignature(info, certificate, signed['signatureValue']),
    named: (childNamed(signature, 'KeyInfo', SIGNATURE)?.textContent ?? '').replaceAll(/\s/g, ''),
  };
}

/** Returns the certificates with those first that the KeyInfo of a signature names. This order gives no trust. */
function namedFirst(certificates: readonly string[], named: string): string[] {
  const isNamed = (pem: string): boolean => named.includes(base64Of(pem));
  return certificates.toSorted((a, b) => Number(isNamed(b)) - Number(isNamed(a)));
}

/** Returns the base64 text of a certificate in PEM. */
export function base64Of(pem: string): string {
  return pem.replaceAll(/-----[A-Z ]+-----|\s/g, '');
}

/**
 * Returns the canonical bytes that the certificate's key signed, after the digest and the signature value were verified
 * again. The library parses the text again and reads only that.
 */
function bytesSignedBy({ signed, text }: LoadedSignature, certificate: string): string | undefined {
  signed.publicCert = certificate;
  if (!signed.checkSignature(text)) return undefined;
  const references = signed.getSignedReferences();
  return references.length === 1 ? references[0] : undefined;
}

/**
 * Verifies the signature directly inside the root, or inside its child `within`. It uses only the keys of the given
 * certificates and ignores keys in the message. The signature must have passed `checkSignatureShape`.
 *
 * The signature value comes before the digest: any caller can compute a correct digest, and the digest of a large
 * message costs much more (docs/adr/0039; XML Signature Best Practices, section 2.1). So a forgery is canonicalized
 * never, and a valid message once, with any number of certificates.
 * @throws SamlError signature_invalid
 */
export function verifiedElement(xml: string, certificates: readonly string[], within?: ChildName): VerifiedElement {
  try {
    const signature = load(xml, within);
    const certificate = namedFirst(certificates, signature.named).find(signature.isSignedBy);
    const bytes = certificate && bytesSignedBy(signature, certificate);
    ensure(
      certificate !== undefined && bytes !== undefined,
      'signature_invalid',
      'no certificate of the connection fits',
    );
    return { bytes, certificate };
  } catch (error) {
    if (error instanceof SamlError) throw error;
    throw new SamlError('signature_invalid', undefined, { cause: error }); // the library throws for many defects
  }
}

/**
 * As {@link verifiedElement} for the assertion in a response, but with the same work for every text: the key of each
 * certificate is tried, and the digest is always computed, of the decoy when no key fits. The decoy is a response with
 * an assertion whose signature never verifies.
 * @returns undefined when the signature does not verify
 */
export function verifiedWithDecoy(
  xml: string,
  certificates: readonly string[],
  decoy: string,
): VerifiedElement | undefined {
  const within = { local: 'Assertion', uri: ASSERTION };
  const [real, substitute] = [load(xml, within), load(decoy, within)];
  const fits = certificates.map(real.isSignedBy); // each is tried
  const certificate = certificates[fits.indexOf(true)];
  const bytes = bytesSignedBy(certificate === undefined ? substitute : real, certificate ?? certificates[0]!);
  return certificate === undefined || bytes === undefined ? undefined : { bytes, certificate };
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
