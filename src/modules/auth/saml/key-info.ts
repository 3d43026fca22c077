import { SIGNATURE } from './saml-names.js';
import { ensure } from './saml-error.js';
import type { XmlElement } from './strict-xml.js';

/**
 * The elements that describe a key, with their children (XML Signature, section 4.5). Providers send them, and none of
 * them makes a reader fetch or evaluate anything. RetrievalMethod, PGPData, SPKIData, MgmtData, and the extensions of
 * version 1.1 are not needed.
 */
const CHILDREN: ReadonlyMap<string, readonly string[]> = new Map([
  ['KeyInfo', ['KeyName', 'KeyValue', 'X509Data']],
  ['KeyValue', ['RSAKeyValue']],
  ['RSAKeyValue', ['Modulus', 'Exponent']],
  ['X509Data', ['X509Certificate', 'X509SubjectName', 'X509IssuerSerial', 'X509SKI']],
  ['X509IssuerSerial', ['X509IssuerName', 'X509SerialNumber']],
]);

/**
 * Rejects every element in a KeyInfo that no provider needs. `also` tells whether a child of the KeyInfo itself is
 * allowed in addition.
 * @throws SamlError key_info_unexpected
 */
export function checkKeyInfo(info: XmlElement, also: (child: XmlElement) => boolean = () => false): void {
  const allowed = CHILDREN.get(info.local) ?? [];
  for (const child of info.children) {
    if (also(child)) continue;
    ensure(child.uri === SIGNATURE && allowed.includes(child.local), 'key_info_unexpected', child.local.slice(0, 50));
    checkKeyInfo(child);
  }
}
