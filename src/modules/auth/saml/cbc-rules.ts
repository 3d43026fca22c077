import { ASSERTION, ENCRYPTION, ENVELOPED, EXCLUSIVE, PROTOCOL, RSA_SHA256, SHA256, SIGNATURE } from './saml-names.js';
import { base64Of } from './xml-signature.js';

const VALUE_LENGTH = 344; // an RSA signature of 2048 bits in base64
const DIGEST_LENGTH = 43;

/** The start and the end of a response with a signed assertion, whose signature never verifies. */
const START =
  `<p:Response xmlns:p="${PROTOCOL}" ID="_r"><a:Assertion xmlns:a="${ASSERTION}" ID="_a"><a:Issuer>i</a:Issuer>` +
  `<d:Signature xmlns:d="${SIGNATURE}"><d:SignedInfo><d:CanonicalizationMethod Algorithm="${EXCLUSIVE}"/>` +
  `<d:SignatureMethod Algorithm="${RSA_SHA256}"/><d:Reference URI="#_a"><d:Transforms>` +
  `<d:Transform Algorithm="${ENVELOPED}"/><d:Transform Algorithm="${EXCLUSIVE}"/></d:Transforms>` +
  `<d:DigestMethod Algorithm="${SHA256}"/><d:DigestValue>${'A'.repeat(DIGEST_LENGTH)}=</d:DigestValue></d:Reference>` +
  `</d:SignedInfo><d:SignatureValue>${'A'.repeat(VALUE_LENGTH - 2)}==</d:SignatureValue></d:Signature>` +
  '<a:AttributeStatement>';
const END = '</a:AttributeStatement></a:Assertion></p:Response>';
const ATTRIBUTE = '<a:Attribute Name="name"><a:AttributeValue>value of an attribute</a:AttributeValue></a:Attribute>';
const MAX_ATTRIBUTES = 500;

/** Returns a response of about this length with the elements of a usual assertion. Its signature never verifies. */
export function decoyResponse(length: number): string {
  const room = Math.max(0, length - START.length - END.length);
  const count = Math.min(MAX_ATTRIBUTES, Math.ceil(room / ATTRIBUTE.length));
  const rest = Math.max(0, room - count * ATTRIBUTE.length);
  return `${START}${ATTRIBUTE.repeat(count)}${' '.repeat(rest)}${END}`;
}

/** Namespaces that products declare without using them in a name that the canonical form shows. */
const KNOWN: ReadonlySet<string> = new Set([
  ASSERTION,
  PROTOCOL,
  SIGNATURE,
  ENCRYPTION,
  EXCLUSIVE,
  'http://www.w3.org/2001/XMLSchema',
  'http://www.w3.org/2001/XMLSchema-instance',
]);
const DECLARATION = /\sxmlns([^\s=]*)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;
const MAX_PREFIX = 16;
/** The parts of a signature that it does not cover itself: everything but `SignedInfo`. */
const UNCOVERED = /<(?:[^\s:>/]+:)?(Signature|KeyInfo|X509Data|X509Certificate|SignatureValue)(\s[^>]*)?>/g;
const KEY_INFO = /<((?:[^\s:>/]+:)?KeyInfo)[\s>].*<\/\1\s*>/s;
const PLAIN_KEY_INFO =
  /^<([^\s>]+)[^>]*>\s*<([^\s>]+:)?X509Data[^>]*>\s*<([^\s>]+:)?X509Certificate[^>]*>([^<]*)<[^<]*<[^<]*<[^<]*$/;

/**
 * The initialization vector changes single octets of the first block and no others. The canonical form does not show
 * which blank is in a tag. So the first block may contain no blank but a space.
 */
const OTHER_BLANK = /[\t\r\n]/;
const BLOCK_CHARACTERS = 16;

/** Returns whether the attributes of a tag are namespace declarations only. */
function declaresOnly(attributes: string): boolean {
  return attributes.replaceAll(DECLARATION, '').replaceAll('/', '').trim() === '';
}

/**
 * Returns whether the signed bytes, or a rule, fix every part of a decrypted assertion. A part that nothing fixes would
 * accept a block from elsewhere, and the acceptance would tell whether the block is readable text. Such parts are the
 * declarations of unused namespaces, and in the signature, whose value and `SignedInfo` are fixed, all the rest.
 */
export function hasOnlyCoveredText(plain: string, signedBytes: string, certificates: readonly string[]): boolean {
  const declarations = [...plain.matchAll(DECLARATION)];
  const isFixed = ([, prefix = '', one, other]: RegExpMatchArray): boolean => {
    const uri = one ?? other ?? '';
    return prefix.length <= MAX_PREFIX && (KNOWN.has(uri) || signedBytes.includes(`="${uri}"`));
  };
  const tags = [...plain.matchAll(UNCOVERED)];
  const info = KEY_INFO.exec(plain)?.[0];
  const certificate = info === undefined ? '' : PLAIN_KEY_INFO.exec(info)?.[4]?.replaceAll(/\s/g, '');
  return (
    !OTHER_BLANK.test(plain.slice(0, BLOCK_CHARACTERS)) &&
    declarations.every(isFixed) &&
    tags.every(([, , attributes = '']) => declaresOnly(attributes)) &&
    (info === undefined || certificates.some((pem) => base64Of(pem) === certificate))
  );
}
