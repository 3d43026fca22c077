import { CBC_256, encrypted, GCM_256, withEncrypted } from './saml-encryption.js';
import {
  assertionXml,
  attributeStatement,
  responseXml,
  sign,
  signedResponse,
  type Parts,
  type SigningKey,
} from './saml-idp.js';

const EXCLUSIVE = 'http://www.w3.org/2001/10/xml-exc-c14n#';
const MAX_BYTES = 256 * 1024;
const numbered = (count: number, one: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => one(index)).join('');

/** The parts of an answer that cost a parser or a canonicalizer most within the size limits, by name. */
function costly(parts: Parts): Record<string, Parts> {
  const values = (count: number, length: number) => ({
    attributes: attributeStatement({ groups: Array.from({ length: count }, (_, i) => `${i}`.padStart(length, 'g')) }),
  });
  const declared = (index: number, count: number) =>
    numbered(count, (i) => ` xmlns:n${index}x${i}="urn:n${index}x${i}"`);
  const around = (inside: string) =>
    `<saml:AttributeStatement><saml:Attribute Name="groups">${inside}</saml:Attribute></saml:AttributeStatement>`;
  const value = (inside: string, more = '') => `<saml:AttributeValue${more}>${inside}</saml:AttributeValue>`;
  const depth = 12;
  const changes: Record<string, Partial<Parts>> = {
    '1,300 values': values(1300, 100),
    'one namespace on each of 1,300 values': { attributes: around(numbered(1300, (i) => value('g', declared(i, 1)))) },
    'three namespaces on each of 1,300 values': {
      attributes: around(numbered(1300, (i) => value('g', declared(i, 3)))),
    },
    '4,000 namespaces on one element': {
      attributes: around(
        value(
          numbered(1200, () => '<saml:a/>'),
          declared(0, 4000),
        ),
      ),
    },
    'namespaces at each level of nested elements': {
      attributes: around(
        value(
          numbered(
            90,
            (i) => numbered(depth, (d) => `<saml:a${declared(i * depth + d, 4)}>`) + '</saml:a>'.repeat(depth),
          ),
        ),
      ),
    },
    '4,000 attributes': {
      attributes: around(
        value(
          'g',
          numbered(4000, (i) => ` a${i}="${i}"`),
        ),
      ),
    },
    'one long text': { attributes: around(value('g'.repeat(200 * 1024))) },
    'many entities': { attributes: around(value('&amp;'.repeat(40 * 1024))) },
  };
  return Object.fromEntries(Object.entries(changes).map(([name, change]) => [name, { ...parts, ...change }]));
}

/**
 * Returns a message whose `element` declares the greatest number of prefixes, and whose SignedInfo lists prefixes. Any
 * caller can change both without a key.
 */
export function withPrefixes(xml: string, element: string, declared: number, list: string): string {
  const method = `<ds:CanonicalizationMethod Algorithm="${EXCLUSIVE}"`;
  return xml
    .replace(`<${element} `, `<${element}${numbered(declared, (i) => ` xmlns:k${i}="urn:k"`)} `)
    .replace(
      `${method}/>`,
      `${method}><i:InclusiveNamespaces xmlns:i="${EXCLUSIVE}" PrefixList="${list}"/></ds:CanonicalizationMethod>`,
    );
}

/** Returns forged answers with prefixes within the limits, and above them, by name. */
function prefixed(parts: Parts, untrusted: SigningKey, spCertificate: string): Record<string, string> {
  const listed = (count: number): string => Array.from({ length: count }, (_, i) => `k${i}`).join(' ');
  const cases = {
    '40 namespaces and a list of 20 prefixes': [40, listed(20), parts],
    '40 namespaces, a list of 20 prefixes, and 1,300 values': [
      40,
      listed(20),
      { ...parts, attributes: attributeStatement({ groups: Array.from({ length: 1300 }, (_, i) => `g${i}`) }) },
    ],
    '3,000 namespaces and a list of 48,000 prefixes': [3000, `${listed(3000)}${' q'.repeat(45_000)}`, parts],
  } as const;
  return Object.fromEntries(
    Object.entries(cases).flatMap(([name, [declared, list, made]]) => {
      const forged = signedResponse(made, untrusted);
      const inside = withPrefixes(forged, 'saml:Assertion', declared, list);
      return [
        [name, withPrefixes(forged, 'samlp:Response', declared, list)],
        [`${name}, encrypted with GCM`, withEncrypted(inside, spCertificate, { content: GCM_256 })],
        [`${name}, encrypted with CBC`, withEncrypted(inside, spCertificate, { content: CBC_256 })],
      ];
    }),
  );
}

/** Returns answers of at most 256 kB that cost most to verify, by name. None of them is accepted. */
export function costlyAnswers(
  parts: Parts,
  { key, untrusted, spCertificate }: { key: SigningKey; untrusted: SigningKey; spCertificate: string },
): Record<string, string> {
  const outer = (xml: string, by: SigningKey): string => sign(xml, parts.responseAttrs['ID']!, by);
  const answers = Object.entries(costly(parts)).flatMap(([name, made]) => {
    const plain = responseXml(made, assertionXml(made));
    const forged = signedResponse(made, untrusted);
    return [
      [`${name}, signed by another key`, forged],
      [`${name}, response signed by another key`, outer(plain, untrusted)],
      [
        `${name}, changed after it was signed`,
        signedResponse(made, key)
          .replace('Version="2.0"', 'Version="2.0" Consent="x"')
          .replace('>subject-1<', '>subject-2<'),
      ],
      [`${name}, encrypted with GCM`, withEncrypted(forged, spCertificate, { content: GCM_256 })],
      [`${name}, encrypted with CBC`, withEncrypted(forged, spCertificate, { content: CBC_256 })],
    ];
  });
  const noise = (content: string) =>
    responseXml(parts, encrypted(Buffer.alloc(180 * 1024, '<'), spCertificate, { content }));
  const all = {
    ...Object.fromEntries(answers),
    ...prefixed(parts, untrusted, spCertificate),
    'noise in CBC': noise(CBC_256),
    'noise in GCM': noise(GCM_256),
  };
  return Object.fromEntries(
    Object.entries(all).filter(([, xml]) => Buffer.byteLength(xml as string) <= MAX_BYTES),
  ) as Record<string, string>;
}
