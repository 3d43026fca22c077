import type { Posted } from './saml-sign-in.js';
import {
  type AttackContext,
  type Attack,
  RSA_SHA1,
  SHA1,
  INCLUSIVE,
  EXCLUSIVE,
  ENVELOPED,
  altered,
  signedBy,
  swap,
} from './saml-attacks.js';
import { assertionXml, nameId, responseXml, signedResponse } from './saml-idp.js';

export const SIGNATURE_ATTACKS: readonly Attack[] = [
  ...(
    [
      ['21 prefixes in the list of the SignedInfo', `PrefixList="${Array(21).fill('q').join(' ')}"`, ''],
      ['a prefix that is no name', 'PrefixList="a&#9;b"', ''],
      ['an element in the prefix list', 'PrefixList="a"', '<i:InclusiveNamespaces/>'],
    ] as const
  ).map(([name, list, inside]): Attack => [
    name,
    'transform',
    altered((xml) =>
      swap(
        xml,
        `<ds:CanonicalizationMethod Algorithm="${EXCLUSIVE}"/>`,
        `<ds:CanonicalizationMethod Algorithm="${EXCLUSIVE}"><i:InclusiveNamespaces xmlns:i="${EXCLUSIVE}" ${list}>` +
          `${inside}</i:InclusiveNamespaces></ds:CanonicalizationMethod>`,
      ),
    ),
  ]),
  [
    'two prefix lists in a transform',
    'transform',
    altered((xml) =>
      swap(
        xml,
        `<ds:Transform Algorithm="${EXCLUSIVE}"/>`,
        `<ds:Transform Algorithm="${EXCLUSIVE}">` +
          `${`<i:InclusiveNamespaces xmlns:i="${EXCLUSIVE}" PrefixList="xs"/>`.repeat(2)}</ds:Transform>`,
      ),
    ),
  ],
  ['no signature', 'assertion_unsigned', ({ parts }) => ({ xml: responseXml(parts, assertionXml(parts)) })],
  [
    'an untrusted key with its certificate in the message',
    'signature_invalid',
    ({ parts, untrusted }) => ({ xml: signedResponse(parts, untrusted) }),
  ],
  ['a NameID changed after signing', 'signature_invalid', altered((xml) => swap(xml, '>subject-1<', '>admin<'))],
  ['a group added after signing', 'signature_invalid', altered((xml) => swap(xml, '>mentors<', '>owners<'))],
  [
    'a changed byte of the signature',
    'signature_invalid',
    altered((xml) =>
      swap(xml, /<ds:SignatureValue>./, `<ds:SignatureValue>${/<ds:SignatureValue>A/.test(xml) ? 'B' : 'A'}`),
    ),
  ],
  [
    'no signature value',
    'signature_malformed',
    altered((xml) => swap(xml, /<ds:SignatureValue>.*<\/ds:SignatureValue>/, '')),
  ],
  ['no signature method', 'signature_malformed', altered((xml) => swap(xml, /<ds:SignatureMethod [^>]*>/, ''))],
  [
    'an empty signature value',
    'signature_invalid',
    altered((xml) => swap(xml, /<ds:SignatureValue>[^<]*</, '<ds:SignatureValue><')),
  ],
  [
    'the digest of other data',
    'signature_invalid',
    altered((xml) =>
      swap(xml, /<ds:DigestValue>[^<]*</, '<ds:DigestValue>47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=<'),
    ),
  ],
  ['RSA with SHA-1', 'signature_algorithm', signedBy({ signature: RSA_SHA1 })],
  ['a SHA-1 digest', 'digest_algorithm', signedBy({ digest: SHA1 })],
  [
    'HMAC keyed with the public certificate',
    'signature_algorithm',
    altered((xml) =>
      swap(xml, 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256', 'http://www.w3.org/2000/09/xmldsig#hmac-sha1'),
    ),
  ],
  [
    'no signature algorithm',
    'signature_algorithm',
    altered((xml) =>
      swap(xml, /<ds:SignatureMethod [^>]*>/, '<ds:SignatureMethod/>').replace('</ds:SignatureMethod>', ''),
    ),
  ],
  ['inclusive canonicalization', 'canonicalization_algorithm', signedBy({ canonicalization: INCLUSIVE })],
  ['a transform to inclusive canonicalization', 'transform', signedBy({ transforms: [ENVELOPED, INCLUSIVE] })],
  [
    'canonicalization that keeps comments',
    'transform',
    signedBy({ transforms: [ENVELOPED, `${EXCLUSIVE}WithComments`] }),
  ],
  [
    'an XPath transform',
    'transform',
    altered((xml) =>
      swap(
        xml,
        `<ds:Transform Algorithm="${EXCLUSIVE}"/>`,
        '<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116"/>',
      ),
    ),
  ],
  [
    'an XSLT transform',
    'transform',
    altered((xml) =>
      swap(
        xml,
        `<ds:Transform Algorithm="${EXCLUSIVE}"/>`,
        '<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116"><xsl:stylesheet ' +
          'xmlns:xsl="http://www.w3.org/1999/XSL/Transform"/></ds:Transform>',
      ),
    ),
  ],
  [
    'an XPath filter inside an allowed transform',
    'transform',
    altered((xml) =>
      swap(
        xml,
        `<ds:Transform Algorithm="${EXCLUSIVE}"/>`,
        `<ds:Transform Algorithm="${EXCLUSIVE}"><ds:XPath>not(//x)</ds:XPath></ds:Transform>`,
      ),
    ),
  ],
  [
    'a base64 transform',
    'transform',
    altered((xml) =>
      swap(
        xml,
        `<ds:Transform Algorithm="${EXCLUSIVE}"/>`,
        '<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#base64"/>',
      ),
    ),
  ],
  [
    'a reference to another host',
    'signature_reference',
    altered((xml) => swap(xml, /URI="#[^"]*"/, 'URI="http://127.0.0.1/signed.xml"')),
  ],
  [
    'a reference to a file',
    'signature_reference',
    altered((xml) => swap(xml, /URI="#[^"]*"/, 'URI="file:///etc/hosts"')),
  ],
  [
    'a reference by XPointer',
    'signature_reference',
    altered((xml) => swap(xml, /URI="#([^"]*)"/, 'URI="#xpointer(/)"')),
  ],
  ['a reference to nothing', 'signature_reference', altered((xml) => swap(xml, / URI="#[^"]*"/, ''))],
  [
    'HMAC-SHA-256 keyed with the public certificate',
    'signature_algorithm',
    altered((xml) =>
      swap(
        xml,
        'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
        'http://www.w3.org/2001/04/xmldsig-more#hmac-sha256',
      ),
    ),
  ],
  [
    'ECDSA with an RSA key',
    'signature_algorithm',
    altered((xml) =>
      swap(
        xml,
        'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
        'http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256',
      ),
    ),
  ],
  [
    'RSA with MD5',
    'signature_algorithm',
    altered((xml) =>
      swap(xml, 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256', 'http://www.w3.org/2001/04/xmldsig-more#rsa-md5'),
    ),
  ],
  [
    'a SHA-256 signature that is declared as SHA-512',
    'signature_invalid',
    altered((xml) =>
      swap(
        xml,
        'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
        'http://www.w3.org/2001/04/xmldsig-more#rsa-sha512',
      ),
    ),
  ],
  [
    'a signed response with an invalid outer signature',
    'signature_invalid',
    altered((xml) => swap(xml, 'Destination=', 'Consent="x" Destination='), 'both'),
  ],
  ['a third transform', 'signature_malformed', signedBy({ transforms: [ENVELOPED, EXCLUSIVE, EXCLUSIVE] })],
  [
    'a reference to the response document',
    'signature_reference',
    altered((xml) => swap(xml, /URI="#[^"]*"/, 'URI=""')),
  ],
  [
    'a reference to another element',
    'signature_reference',
    altered((xml) => swap(xml, /URI="#[^"]*"/, 'URI="#_response"')),
  ],
  [
    'two references',
    'signature_malformed',
    altered((xml) =>
      swap(xml, /(<ds:Reference .*<\/ds:Reference>)/, /(<ds:Reference .*<\/ds:Reference>)/.exec(xml)![1]!.repeat(2)),
    ),
  ],
  [
    'two signatures',
    'signature_malformed',
    altered((xml) =>
      swap(xml, /(<ds:Signature .*<\/ds:Signature>)/, /(<ds:Signature .*<\/ds:Signature>)/.exec(xml)![1]!.repeat(2)),
    ),
  ],
  [
    'a comment in the digest',
    'xml_comment',
    altered((xml) => swap(xml, '<ds:DigestValue>', '<ds:DigestValue><!-- -->')),
  ],
  [
    'a second SignedInfo',
    'signature_malformed',
    altered((xml) => swap(xml, '<ds:SignatureValue>', '<ds:SignedInfo/><ds:SignatureValue>')),
  ],
];

export const ASSERTION_PATTERN = /<saml:Assertion .*<\/saml:Assertion>/;
export const SIGNATURE_PATTERN = /<ds:Signature .*?<\/ds:Signature>/;

/**
 * Returns the parts that wrapping attacks move: the signed response, its assertion, the signature, and a forgery.
 */
export function pieces(context: AttackContext, what: 'assertion' | 'both') {
  const response = signedResponse(context.parts, context.key, what);
  const assertion = ASSERTION_PATTERN.exec(response)![0];
  const signature = SIGNATURE_PATTERN.exec(assertion)![0];
  const forged = assertionXml({
    ...context.parts,
    nameId: nameId('admin'),
    assertionAttrs: { ...context.parts.assertionAttrs, ID: '_evil' },
  });
  return { response, assertion, signature, forged, bare: assertion.replace(signature, '') };
}

function wrapping(build: (found: ReturnType<typeof pieces>) => string, what: 'assertion' | 'both' = 'assertion') {
  return (context: AttackContext): Posted => ({ xml: build(pieces(context, what)) });
}

const behindIssuer = (assertion: string, more: string): string =>
  assertion.replace('</saml:Issuer>', `</saml:Issuer>${more}`);

/** The eight classic signature wrapping attacks, as numbered by SAML Raider, and more. */
export const WRAPPING_ATTACKS: readonly Attack[] = [
  [
    'XSW 1: the signed response inside the signature of a forged one',
    'assertion_not_single',
    wrapping(({ response, forged }) => {
      const outer = SIGNATURE_PATTERN.exec(response)![0];
      const forgedResponse = response
        .replace(outer, '')
        .replace(ASSERTION_PATTERN, forged)
        .replace('_response', '_evil-response');
      return behindIssuer(
        forgedResponse,
        outer.replace('</ds:Signature>', `${response.replace(outer, '')}</ds:Signature>`),
      );
    }, 'both'),
  ],
  [
    'XSW 2: the signed response next to its signature',
    'assertion_not_single',
    wrapping(({ response, forged }) => {
      const outer = SIGNATURE_PATTERN.exec(response)![0];
      const forgedResponse = response
        .replace(outer, '')
        .replace(ASSERTION_PATTERN, forged)
        .replace('_response', '_evil-response');
      return behindIssuer(
        forgedResponse,
        `<samlp:Extensions>${response.replace(outer, '')}</samlp:Extensions>${outer}`,
      );
    }, 'both'),
  ],
  [
    'XSW 3: a forged assertion before the signed one',
    'assertion_not_single',
    wrapping(({ response, assertion, forged }) => response.replace(assertion, forged + assertion)),
  ],
  [
    'XSW 4: the signed assertion inside a forged one',
    'assertion_not_single',
    wrapping(({ response, assertion, forged }) =>
      response.replace(assertion, forged.replace('</saml:Assertion>', `${assertion}</saml:Assertion>`)),
    ),
  ],
  [
    'XSW 5: the signature moved into a forged assertion',
    'assertion_not_single',
    wrapping(({ response, assertion, signature, bare, forged }) =>
      response.replace(assertion, behindIssuer(forged, signature) + bare),
    ),
  ],
  [
    'XSW 6: the signed assertion inside the moved signature',
    'assertion_not_single',
    wrapping(({ response, assertion, signature, bare, forged }) =>
      response.replace(assertion, behindIssuer(forged, signature.replace('</ds:Signature>', `${bare}</ds:Signature>`))),
    ),
  ],
  [
    'XSW 7: a forged assertion in Extensions',
    'assertion_not_single',
    wrapping(({ response, assertion, forged }) =>
      response.replace(assertion, `<samlp:Extensions>${forged}</samlp:Extensions>${assertion}`),
    ),
  ],
  [
    'XSW 8: the signed assertion in an Object of the signature',
    'assertion_not_single',
    wrapping(({ response, assertion, signature, bare, forged }) =>
      response.replace(
        assertion,
        behindIssuer(forged, signature.replace('</ds:Signature>', `<ds:Object>${bare}</ds:Object></ds:Signature>`)),
      ),
    ),
  ],
  [
    'an Object in the signature',
    'signature_malformed',
    altered((xml) => swap(xml, '</ds:Signature>', '<ds:Object/></ds:Signature>')),
  ],
  [
    'the signature moved into the subject',
    'signature_misplaced',
    wrapping(({ response, signature }) =>
      response.replace(signature, '').replace('<saml:Subject>', `<saml:Subject>${signature}`),
    ),
  ],
  [
    'the signature moved up to the response',
    'signature_invalid',
    wrapping(({ response, signature }) =>
      behindIssuer(response.replace(signature, ''), signature.replace(/URI="#[^"]*"/, 'URI="#_response"')),
    ),
  ],
  [
    'a forged assertion in another namespace',
    'element_unexpected',
    wrapping(({ response, assertion, forged }) =>
      response.replace(
        assertion,
        forged.replace('xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"', 'xmlns:saml="urn:forged"') + assertion,
      ),
    ),
  ],
];
