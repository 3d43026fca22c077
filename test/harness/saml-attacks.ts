import type { Departed, Posted } from './saml-door.js';
import {
  assertionXml,
  attributeStatement,
  authnStatement,
  conditions,
  confirmation,
  instant,
  nameId,
  responseXml,
  sign,
  signedResponse,
  status,
  type Parts,
  type SignatureChoices,
  type SigningKey,
} from './saml-idp.js';
import type { SamlRefusal } from '../../src/modules/auth/saml/saml-refusal.js';

/** What an attacker, or a broken identity provider, has to work with. */
export interface Means {
  readonly departed: Departed;
  readonly parts: Parts;
  /** The identity provider's key: for statements that it did sign, but that are not for us. */
  readonly key: SigningKey;
  /** A key that nobody trusts. */
  readonly strange: SigningKey;
}

/** A name, the refusal that is expected, and what is posted. */
export type Attack = readonly [name: string, reason: SamlRefusal, make: (means: Means) => Posted];

const RSA_SHA1 = 'http://www.w3.org/2000/09/xmldsig#rsa-sha1';
const SHA1 = 'http://www.w3.org/2000/09/xmldsig#sha1';
const INCLUSIVE = 'http://www.w3.org/TR/2001/REC-xml-c14n-20010315';
const EXCLUSIVE = 'http://www.w3.org/2001/10/xml-exc-c14n#';
const ENVELOPED = 'http://www.w3.org/2000/09/xmldsig#enveloped-signature';

/** Signed truly, about something that is not so. */
function saying(change: (means: Means) => Partial<Parts>, what: 'assertion' | 'both' = 'assertion') {
  return (means: Means): Posted => ({ xml: signedResponse({ ...means.parts, ...change(means) }, means.key, what) });
}

/** Signed truly, then altered on the way. */
function altered(change: (xml: string, means: Means) => string, what: 'assertion' | 'both' = 'assertion') {
  return (means: Means): Posted => ({ xml: change(signedResponse(means.parts, means.key, what), means) });
}

/** Signed by the right key in a way that is not allowed. */
function signedBy(choices: SignatureChoices) {
  return (means: Means): Posted => ({ xml: signedResponse(means.parts, means.key, 'assertion', choices) });
}

/** A truly signed form, posted in another way. */
function posted(change: (form: { SAMLResponse: string }, means: Means) => Partial<Posted>) {
  return (means: Means): Posted => {
    const form = { SAMLResponse: Buffer.from(signedResponse(means.parts, means.key)).toString('base64') };
    return { body: form, ...change(form, means) };
  };
}

/** Swaps one text for another, and insists that it was there: an attack that attacks nothing proves nothing. */
function swap(xml: string, from: string | RegExp, to: string): string {
  const result = xml.replace(from, () => to);
  if (result === xml) throw new Error(`Nothing to replace: ${String(from)}`);
  return result;
}

const confirming = (means: Means, change: Record<string, string | undefined>): Partial<Parts> => ({
  confirmations: confirmation({
    Recipient: means.departed.connection.acsUrl,
    InResponseTo: means.departed.requestId,
    NotOnOrAfter: instant(300),
    ...change,
  }),
});

const within = (means: Means, times: Record<string, string | undefined>, more = ''): Partial<Parts> => ({
  conditions: conditions([means.departed.connection.spEntityId], times, more),
});

const carrying = (values: Record<string, readonly string[]>): Partial<Parts> => ({
  attributes: attributeStatement(values),
});

export const FORM_ATTACKS: readonly Attack[] = [
  ['no response in the form', 'parameter_missing', () => ({ body: {} })],
  ['no form at all', 'parameter_missing', () => ({ body: null })],
  [
    'the response given twice',
    'parameter_duplicated',
    posted((form) => ({ body: { SAMLResponse: [form.SAMLResponse, form.SAMLResponse] } })),
  ],
  [
    'RelayState given twice',
    'parameter_duplicated',
    posted((form) => ({ body: { ...form, RelayState: ['/a', '/b'] } })),
  ],
  [
    'a request beside the response',
    'parameter_unexpected',
    posted((form) => ({ body: { ...form, SAMLRequest: 'AA==' } })),
  ],
  [
    'a second response in the address',
    'parameter_unexpected',
    posted((form) => ({ query: { SAMLResponse: form.SAMLResponse } })),
  ],
  [
    'an artifact in another letter case',
    'parameter_unexpected',
    posted((form) => ({ body: { ...form, samlart: 'AA==' } })),
  ],
  ['text that is not base64', 'not_base64', () => ({ body: { SAMLResponse: '<samlp:Response/>' } })],
  [
    'base64 with letters hidden in it',
    'not_base64',
    posted((form) => ({ body: { SAMLResponse: `*${form.SAMLResponse}` } })),
  ],
  ['base64 in the alphabet of addresses', 'not_base64', () => ({ body: { SAMLResponse: '__-_' } })],
  [
    'base64 cut short',
    'not_base64',
    posted((form) => ({ body: { SAMLResponse: form.SAMLResponse.replace(/=*$/, 'A=') } })),
  ],
  [
    'bytes that are not UTF-8',
    'not_utf8',
    () => ({ body: { SAMLResponse: Buffer.from([0x3c, 0xff, 0xfe, 0x3e]).toString('base64') } }),
  ],
  [
    'UTF-16',
    'not_utf8',
    ({ parts, key }) => ({
      body: { SAMLResponse: Buffer.from(`\uFEFF${signedResponse(parts, key)}`, 'utf16le').toString('base64') },
    }),
  ],
  ['a megabyte', 'too_large', () => ({ body: { SAMLResponse: 'A'.repeat(1 << 20) } })],
  ['more than 256 kB of response', 'too_large', saying(() => carrying({ note: ['x'.repeat(257 * 1024)] }))],
  ['no cookie of this browser', 'browser_unbound', posted(() => ({ cookie: '' }))],
  [
    'the cookie of another browser',
    'request_unknown',
    posted(() => ({ cookie: `__Host-vouchsafe-sign-in=${'A'.repeat(43)}` })),
  ],
  ['a cookie that is none of ours', 'browser_unbound', posted(() => ({ cookie: '__Host-vouchsafe-sign-in=short' }))],
  ['a connection that does not exist', 'connection_unknown', posted(() => ({ connectionId: 'nobody' }))],
];

export const DOCUMENT_ATTACKS: readonly Attack[] = [
  ['a DOCTYPE', 'xml_doctype', altered((xml) => `<!DOCTYPE r>${xml}`)],
  [
    'entities that multiply',
    'xml_doctype',
    altered((xml) => `<!DOCTYPE r [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]>${xml}`),
  ],
  [
    'an entity from a file',
    'xml_doctype',
    altered((xml) => `<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd">]>${xml}`),
  ],
  ['an entity that nobody declared', 'xml_malformed', altered((xml) => swap(xml, '>subject-1<', '>&subject;<'))],
  ['a comment in the NameID', 'xml_comment', altered((xml) => swap(xml, '>subject-1<', '>admin<!-- -->subject-1<'))],
  ['a comment before everything', 'xml_comment', altered((xml) => `<!-- hello -->${xml}`)],
  ['a CDATA section in the NameID', 'xml_cdata', altered((xml) => swap(xml, '>subject-1<', '><![CDATA[subject-1]]><'))],
  ['a processing instruction', 'xml_instruction', altered((xml) => swap(xml, '>subject-1<', '>subject<?x y?>-1<'))],
  ['a style sheet', 'xml_instruction', altered((xml) => `<?xml-stylesheet href="a.xsl"?>${xml}`)],
  ['XML 1.1', 'xml_encoding', altered((xml) => `<?xml version="1.1"?>${xml}`)],
  ['another encoding declared', 'xml_encoding', altered((xml) => `<?xml version="1.0" encoding="UTF-7"?>${xml}`)],
  ['a byte order mark', 'xml_encoding', altered((xml) => `\uFEFF${xml}`)],
  ['two roots', 'xml_malformed', altered((xml) => xml + xml)],
  ['text after the root', 'xml_malformed', altered((xml) => `${xml}and more`)],
  ['a tag left open', 'xml_malformed', altered((xml) => xml.slice(0, -5))],
  [
    'a prefix that stands for nothing',
    'xml_malformed',
    altered((xml) => swap(xml, '<saml:Subject>', '<evil:Subject>')),
  ],
  [
    'the same attribute twice',
    'xml_malformed',
    altered((xml) => swap(xml, ' Version="2.0"', ' Version="2.0" Version="2.0"')),
  ],
  ['20 000 elements inside each other', 'xml_too_deep', () => ({ xml: '<a>'.repeat(20_000) })],
  [
    'a deep tree inside a real response',
    'xml_too_deep',
    altered((xml) => swap(xml, '<samlp:Status>', `${'<x>'.repeat(30)}${'</x>'.repeat(30)}<samlp:Status>`)),
  ],
  [
    '5 000 elements beside each other',
    'xml_too_many_nodes',
    altered((xml) => swap(xml, '<samlp:Status>', `${'<x/>'.repeat(5000)}<samlp:Status>`)),
  ],
  [
    '10 000 attributes',
    'xml_too_many_nodes',
    altered((xml) =>
      swap(xml, '<samlp:Status>', `<samlp:Status ${Array.from({ length: 10_000 }, (_, i) => `a${i}=""`).join(' ')}>`),
    ),
  ],
  ['a NUL character', 'xml_malformed', altered((xml) => swap(xml, '>subject-1<', '>subject-1\0<'))],
];

const LOGOUT = (means: Means): string =>
  sign(
    responseXml(means.parts, '').replaceAll('samlp:Response', 'samlp:LogoutResponse'),
    means.parts.responseAttrs['ID']!,
    means.key,
  );

export const SHAPE_ATTACKS: readonly Attack[] = [
  ['a signed LogoutResponse', 'not_a_response', (means) => ({ xml: LOGOUT(means) })],
  [
    'an assertion without a response',
    'not_a_response',
    ({ parts, key }) => ({ xml: sign(assertionXml(parts), parts.assertionAttrs['ID']!, key) }),
  ],
  [
    'a Response in another namespace',
    'not_a_response',
    altered((xml) => swap(xml, 'xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"', 'xmlns:samlp="urn:evil"')),
  ],
  [
    'SAML 1.1',
    'version_unsupported',
    saying(({ parts }) => ({ responseAttrs: { ...parts.responseAttrs, Version: '1.1' } })),
  ],
  [
    'an assertion without a version',
    'version_unsupported',
    saying(({ parts }) => ({ assertionAttrs: { ...parts.assertionAttrs, Version: undefined } })),
  ],
  [
    "an element of the sender's own",
    'element_unexpected',
    altered((xml) => swap(xml, '<samlp:Status>', '<samlp:Other/><samlp:Status>')),
  ],
  ['no status', 'status_missing', saying(() => ({ status: '' }))],
  ['two statuses', 'status_missing', saying(() => ({ status: status('Success') + status('Requester') }))],
  [
    'a refusal by the identity provider',
    'status_not_success',
    saying(() => ({ status: status('Responder', 'AuthnFailed') })),
  ],
  [
    'a refusal with Success inside it',
    'status_not_success',
    saying(() => ({ status: status('Requester', 'Success') })),
  ],
  [
    'NoPassive without an assertion',
    'status_not_success',
    ({ parts }) => ({ xml: responseXml({ ...parts, status: status('Responder', 'NoPassive') }, '') }),
  ],
  ['no assertion', 'assertion_missing', ({ parts }) => ({ xml: responseXml(parts, '') })],
  [
    'two assertions',
    'assertion_not_single',
    altered((xml, { parts }) =>
      swap(
        xml,
        '</samlp:Response>',
        `${assertionXml({ ...parts, assertionAttrs: { ...parts.assertionAttrs, ID: '_evil' } })}</samlp:Response>`,
      ),
    ),
  ],
  [
    'an encrypted assertion with nothing in it',
    'encryption_malformed',
    ({ parts }) => ({ xml: responseXml(parts, '<saml:EncryptedAssertion/>') }),
  ],
  [
    'an encrypted assertion beside a plain one',
    'assertion_not_single',
    altered((xml) => swap(xml, '</samlp:Response>', '<saml:EncryptedAssertion/></samlp:Response>')),
  ],
  [
    'an assertion hidden in Extensions',
    'assertion_missing',
    ({ parts, key }) => ({
      xml: sign(
        responseXml(parts, `<samlp:Extensions>${assertionXml(parts)}</samlp:Extensions>`),
        parts.assertionAttrs['ID']!,
        key,
      ),
    }),
  ],
  [
    'no answer to any request',
    'response_unsolicited',
    saying(({ parts }) => ({ responseAttrs: { ...parts.responseAttrs, InResponseTo: undefined } })),
  ],
  [
    'an answer to a request nobody made',
    'request_unknown',
    saying(({ parts }) => ({ responseAttrs: { ...parts.responseAttrs, InResponseTo: '_guess' } })),
  ],
  [
    'the same ID on response and assertion',
    'id_duplicated',
    ({ parts }) => ({
      xml: responseXml(
        { ...parts, responseAttrs: { ...parts.responseAttrs, ID: '_same' } },
        assertionXml({ ...parts, assertionAttrs: { ...parts.assertionAttrs, ID: '_same' } }),
      ),
    }),
  ],
  [
    "the assertion's ID again on a foreign attribute",
    'id_duplicated',
    altered((xml, { parts }) =>
      swap(xml, '<samlp:Status>', `<samlp:Status xmlns:w="urn:w" w:Id="${parts.assertionAttrs['ID']}">`),
    ),
  ],
  [
    'an ID with a quote in it',
    'id_missing',
    saying(({ parts }) => ({ responseAttrs: { ...parts.responseAttrs, ID: "_a' or '1'='1" } })),
  ],
];

export const SIGNATURE_ATTACKS: readonly Attack[] = [
  ['no signature', 'assertion_unsigned', ({ parts }) => ({ xml: responseXml(parts, assertionXml(parts)) })],
  [
    'only the response signed',
    'assertion_unsigned',
    ({ parts, key }) => ({ xml: sign(responseXml(parts, assertionXml(parts)), parts.responseAttrs['ID']!, key) }),
  ],
  [
    'a key that nobody trusts, its certificate enclosed',
    'signature_invalid',
    ({ parts, strange }) => ({ xml: signedResponse(parts, strange) }),
  ],
  ['the name changed after signing', 'signature_invalid', altered((xml) => swap(xml, '>subject-1<', '>admin<'))],
  ['a group added after signing', 'signature_invalid', altered((xml) => swap(xml, '>mentors<', '>owners<'))],
  [
    'a byte of the signature changed',
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
    'the digest of something else',
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
        '<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116"><xsl:stylesheet xmlns:xsl="http://www.w3.org/1999/XSL/Transform"/></ds:Transform>',
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
    'ECDSA where the key is RSA',
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
    'SHA-512 said of a SHA-256 signature',
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
    'a signed response whose own signature does not hold',
    'signature_invalid',
    altered((xml) => swap(xml, 'Destination=', 'Consent="x" Destination='), 'both'),
  ],
  ['a third transform', 'signature_malformed', signedBy({ transforms: [ENVELOPED, EXCLUSIVE, EXCLUSIVE] })],
  ['a reference to the whole document', 'signature_reference', altered((xml) => swap(xml, /URI="#[^"]*"/, 'URI=""'))],
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

const ASSERTION_PATTERN = /<saml:Assertion .*<\/saml:Assertion>/;
const SIGNATURE_PATTERN = /<ds:Signature .*?<\/ds:Signature>/;

/**
 * The pieces that wrapping attacks move about: the signed whole, its assertion, the signature, and a forged assertion.
 */
function pieces(means: Means, what: 'assertion' | 'both') {
  const whole = signedResponse(means.parts, means.key, what);
  const assertion = ASSERTION_PATTERN.exec(whole)![0];
  const signature = SIGNATURE_PATTERN.exec(assertion)![0];
  const evil = assertionXml({
    ...means.parts,
    nameId: nameId('admin'),
    assertionAttrs: { ...means.parts.assertionAttrs, ID: '_evil' },
  });
  return { whole, assertion, signature, evil, bare: assertion.replace(signature, '') };
}

function wrapping(build: (found: ReturnType<typeof pieces>) => string, what: 'assertion' | 'both' = 'assertion') {
  return (means: Means): Posted => ({ xml: build(pieces(means, what)) });
}

const behindIssuer = (assertion: string, more: string): string =>
  assertion.replace('</saml:Issuer>', `</saml:Issuer>${more}`);

/** The eight classic signature wrappings, as numbered by SAML Raider, and some more. */
export const WRAPPING_ATTACKS: readonly Attack[] = [
  [
    'XSW 1: the signed response inside the signature of a forged one',
    'assertion_not_single',
    wrapping(({ whole, evil }) => {
      const outer = SIGNATURE_PATTERN.exec(whole)![0];
      const forged = whole.replace(outer, '').replace(ASSERTION_PATTERN, evil).replace('_response', '_evil-response');
      return behindIssuer(forged, outer.replace('</ds:Signature>', `${whole.replace(outer, '')}</ds:Signature>`));
    }, 'both'),
  ],
  [
    'XSW 2: the signed response beside its signature',
    'assertion_not_single',
    wrapping(({ whole, evil }) => {
      const outer = SIGNATURE_PATTERN.exec(whole)![0];
      const forged = whole.replace(outer, '').replace(ASSERTION_PATTERN, evil).replace('_response', '_evil-response');
      return behindIssuer(forged, `<samlp:Extensions>${whole.replace(outer, '')}</samlp:Extensions>${outer}`);
    }, 'both'),
  ],
  [
    'XSW 3: a forged assertion before the signed one',
    'assertion_not_single',
    wrapping(({ whole, assertion, evil }) => whole.replace(assertion, evil + assertion)),
  ],
  [
    'XSW 4: the signed assertion inside a forged one',
    'assertion_not_single',
    wrapping(({ whole, assertion, evil }) =>
      whole.replace(assertion, evil.replace('</saml:Assertion>', `${assertion}</saml:Assertion>`)),
    ),
  ],
  [
    'XSW 5: the signature moved into a forged assertion',
    'assertion_not_single',
    wrapping(({ whole, assertion, signature, bare, evil }) =>
      whole.replace(assertion, behindIssuer(evil, signature) + bare),
    ),
  ],
  [
    'XSW 6: the signed assertion inside the moved signature',
    'assertion_not_single',
    wrapping(({ whole, assertion, signature, bare, evil }) =>
      whole.replace(assertion, behindIssuer(evil, signature.replace('</ds:Signature>', `${bare}</ds:Signature>`))),
    ),
  ],
  [
    'XSW 7: a forged assertion in Extensions',
    'assertion_not_single',
    wrapping(({ whole, assertion, evil }) =>
      whole.replace(assertion, `<samlp:Extensions>${evil}</samlp:Extensions>${assertion}`),
    ),
  ],
  [
    'XSW 8: the signed assertion in an Object of the signature',
    'assertion_not_single',
    wrapping(({ whole, assertion, signature, bare, evil }) =>
      whole.replace(
        assertion,
        behindIssuer(evil, signature.replace('</ds:Signature>', `<ds:Object>${bare}</ds:Object></ds:Signature>`)),
      ),
    ),
  ],
  [
    'an Object in the signature',
    'signature_malformed',
    altered((xml) => swap(xml, '</ds:Signature>', '<ds:Object/></ds:Signature>')),
  ],
  [
    'the signature moved down into the subject',
    'signature_misplaced',
    wrapping(({ whole, signature }) =>
      whole.replace(signature, '').replace('<saml:Subject>', `<saml:Subject>${signature}`),
    ),
  ],
  [
    'the signature moved up to the response',
    'assertion_unsigned',
    wrapping(({ whole, signature }) =>
      behindIssuer(whole.replace(signature, ''), signature.replace(/URI="#[^"]*"/, 'URI="#_response"')),
    ),
  ],
  [
    'a forged assertion in a namespace of its own',
    'element_unexpected',
    wrapping(({ whole, assertion, evil }) =>
      whole.replace(
        assertion,
        evil.replace('xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"', 'xmlns:saml="urn:evil"') + assertion,
      ),
    ),
  ],
];

export const STATEMENT_ATTACKS: readonly Attack[] = [
  [
    'another issuer of the response',
    'issuer_wrong',
    saying(() => ({ responseIssuer: '<saml:Issuer>https://evil.example.test</saml:Issuer>' })),
  ],
  [
    'another issuer of the assertion',
    'issuer_wrong',
    saying(() => ({ issuer: '<saml:Issuer>https://evil.example.test</saml:Issuer>' })),
  ],
  [
    'another destination',
    'destination_wrong',
    saying(({ parts }) => ({
      responseAttrs: { ...parts.responseAttrs, Destination: 'https://elsewhere.example.test/acs' },
    })),
  ],
  [
    'a signed response without a destination',
    'destination_wrong',
    saying(({ parts }) => ({ responseAttrs: { ...parts.responseAttrs, Destination: undefined } }), 'both'),
  ],
  [
    'another audience',
    'audience_wrong',
    saying(() => ({ conditions: conditions(['https://elsewhere.example.test']) })),
  ],
  [
    'our audience among others',
    'audience_wrong',
    saying(({ departed }) => ({
      conditions: conditions([departed.connection.spEntityId, 'https://elsewhere.example.test']),
    })),
  ],
  ['no audience', 'audience_wrong', saying(() => ({ conditions: conditions([]) }))],
  ['no conditions', 'conditions_missing', saying(() => ({ conditions: '' }))],
  [
    'a condition that is not understood',
    'condition_unknown',
    saying((means) => within(means, {}, '<saml:Condition/>')),
  ],
  ['conditions that ended', 'assertion_expired', saying((means) => within(means, { NotOnOrAfter: instant(-90) }))],
  [
    'conditions that have not begun',
    'assertion_not_yet_valid',
    saying((means) => within(means, { NotBefore: instant(90) })),
  ],
  ['a time that is none', 'time_malformed', saying((means) => within(means, { NotOnOrAfter: 'tomorrow' }))],
  ['a time without a zone', 'time_malformed', saying((means) => within(means, { NotBefore: '2020-01-01T00:00:00' }))],
  [
    'another recipient',
    'confirmation_recipient_wrong',
    saying((means) => confirming(means, { Recipient: 'https://elsewhere.example.test/acs' })),
  ],
  ['no recipient', 'confirmation_recipient_wrong', saying((means) => confirming(means, { Recipient: undefined }))],
  [
    'a confirmation of another request',
    'in_response_to_wrong',
    saying((means) => confirming(means, { InResponseTo: '_other' })),
  ],
  [
    'a confirmation of no request',
    'in_response_to_wrong',
    saying((means) => confirming(means, { InResponseTo: undefined })),
  ],
  [
    'a confirmation that ended',
    'confirmation_expired',
    saying((means) => confirming(means, { NotOnOrAfter: instant(-90) })),
  ],
  [
    'a confirmation without an end',
    'confirmation_missing',
    saying((means) => confirming(means, { NotOnOrAfter: undefined })),
  ],
  [
    'a holder-of-key confirmation',
    'confirmation_missing',
    saying(({ departed }) => ({
      confirmations: confirmation(
        { Recipient: departed.connection.acsUrl, InResponseTo: departed.requestId, NotOnOrAfter: instant(300) },
        'urn:oasis:names:tc:SAML:2.0:cm:holder-of-key',
      ),
    })),
  ],
  ['no confirmation', 'confirmation_missing', saying(() => ({ confirmations: '' }))],
  [
    'an assertion from the future',
    'issued_in_future',
    saying(({ parts }) => ({ assertionAttrs: { ...parts.assertionAttrs, IssueInstant: instant(90) } })),
  ],
  [
    'an assertion from this morning',
    'assertion_too_old',
    saying(({ parts }) => ({ assertionAttrs: { ...parts.assertionAttrs, IssueInstant: instant(-6 * 3600) } })),
  ],
  ['no sign-in at the identity provider', 'authentication_missing', saying(() => ({ authn: '' }))],
  [
    'a session that ended',
    'session_expired',
    saying(() => ({ authn: authnStatement({ SessionNotOnOrAfter: instant(-1) }) })),
  ],
  ['an empty NameID', 'name_id_missing', saying(() => ({ nameId: nameId('') }))],
  ['a blank NameID', 'name_id_missing', saying(() => ({ nameId: nameId('  ') }))],
  [
    'no NameID, but an attribute that calls itself so',
    'name_id_missing',
    saying(() => ({ nameId: '', ...carrying({ nameID: ['admin'] }) })),
  ],
  ['two NameIDs', 'name_id_missing', saying(() => ({ nameId: nameId('subject-1') + nameId('admin') }))],
  [
    'a NameID with an element in it',
    'name_id_missing',
    saying(() => ({ nameId: nameId('sub<b xmlns="">ject</b>-1') })),
  ],
  [
    'a NameID that changes every time',
    'name_id_transient',
    saying(() => ({ nameId: nameId('subject-1', { Format: 'urn:oasis:names:tc:SAML:2.0:nameid-format:transient' }) })),
  ],
  ['an empty audience', 'audience_wrong', saying(() => ({ conditions: conditions(['']) }))],
  [
    'two audience restrictions',
    'audience_wrong',
    saying((means) =>
      within(
        means,
        {},
        `<saml:AudienceRestriction><saml:Audience>${means.departed.connection.spEntityId}</saml:Audience></saml:AudienceRestriction>`,
      ),
    ),
  ],
  [
    'our audience with a blank behind it',
    'audience_wrong',
    saying(({ departed }) => ({ conditions: conditions([`${departed.connection.spEntityId} `]) })),
  ],
  [
    'a recipient that only begins like ours',
    'confirmation_recipient_wrong',
    saying((means) => confirming(means, { Recipient: `${means.departed.connection.acsUrl}.evil.test` })),
  ],
  [
    'a sign-in of the future',
    'issued_in_future',
    saying(() => ({ authn: authnStatement({ AuthnInstant: instant(90) }) })),
  ],
  ['a persistent name as long as a book', 'name_id_missing', saying(() => ({ nameId: nameId('x'.repeat(300)) }))],
  ['two addresses', 'email_multiple', saying(() => carrying({ mail: ['ada@example.test', 'admin@example.test'] }))],
  [
    'two addresses in two attributes of one name',
    'email_multiple',
    saying(() => ({
      attributes:
        attributeStatement({ mail: ['ada@example.test'] }) + attributeStatement({ mail: ['admin@example.test'] }),
    })),
  ],
  [
    'an address that is none',
    'email_invalid',
    saying(() => carrying({ mail: ['ada@example.test, admin@example.test'] })),
  ],
  [
    'an address with a line break',
    'email_invalid',
    saying(() => carrying({ mail: ['ada@example.test&#10;Bcc:x@y.test'] })),
  ],
  [
    'groups too many to send',
    'groups_truncated',
    saying(() => carrying({ 'http://schemas.microsoft.com/claims/groups.link': ['https://graph.example.test'] })),
  ],
];
