import { type AttackContext, type Attack, saying, altered, posted, swap, carrying } from './saml-attacks.js';
import { assertionXml, responseXml, sign, signedResponse, status } from './saml-idp.js';

export const FORM_ATTACKS: readonly Attack[] = [
  ['no response in the form', 'parameter_missing', () => ({ body: {} })],
  ['no form at all', 'parameter_missing', () => ({ body: null })],
  [
    'a duplicate response field',
    'parameter_duplicated',
    posted((form) => ({ body: { SAMLResponse: [form.SAMLResponse, form.SAMLResponse] } })),
  ],
  [
    'a duplicate RelayState',
    'parameter_duplicated',
    posted((form) => ({ body: { ...form, RelayState: ['/a', '/b'] } })),
  ],
  [
    'a request next to the response',
    'parameter_unexpected',
    posted((form) => ({ body: { ...form, SAMLRequest: 'AA==' } })),
  ],
  [
    'a second response in the URL',
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
    'base64 with other characters',
    'not_base64',
    posted((form) => ({ body: { SAMLResponse: `*${form.SAMLResponse}` } })),
  ],
  ['base64url', 'not_base64', () => ({ body: { SAMLResponse: '__-_' } })],
  [
    'truncated base64',
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
  ['a message of one megabyte', 'too_large', () => ({ body: { SAMLResponse: 'A'.repeat(1 << 20) } })],
  ['a response of more than 256 kB', 'too_large', saying(() => carrying({ note: ['x'.repeat(257 * 1024)] }))],
  ['no browser cookie', 'browser_binding_missing', posted(() => ({ cookie: '' }))],
  [
    'the cookie of another browser',
    'request_unknown',
    posted(() => ({ cookie: `__Host-vouchsafe-sign-in=${'A'.repeat(43)}` })),
  ],
  ['a malformed cookie', 'browser_binding_missing', posted(() => ({ cookie: '__Host-vouchsafe-sign-in=short' }))],
  ['a connection that does not exist', 'connection_unknown', posted(() => ({ connectionId: 'unknown' }))],
];

export const DOCUMENT_ATTACKS: readonly Attack[] = [
  ['a DOCTYPE', 'xml_doctype', altered((xml) => `<!DOCTYPE r>${xml}`)],
  ['entity expansion', 'xml_doctype', altered((xml) => `<!DOCTYPE r [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]>${xml}`)],
  [
    'an entity from a file',
    'xml_doctype',
    altered((xml) => `<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd">]>${xml}`),
  ],
  ['an undeclared entity', 'xml_malformed', altered((xml) => swap(xml, '>subject-1<', '>&subject;<'))],
  ['a comment in the NameID', 'xml_comment', altered((xml) => swap(xml, '>subject-1<', '>admin<!-- -->subject-1<'))],
  ['a comment before the root', 'xml_comment', altered((xml) => `<!-- hello -->${xml}`)],
  ['a CDATA section in the NameID', 'xml_cdata', altered((xml) => swap(xml, '>subject-1<', '><![CDATA[subject-1]]><'))],
  ['a processing instruction', 'xml_instruction', altered((xml) => swap(xml, '>subject-1<', '>subject<?x y?>-1<'))],
  ['a style sheet', 'xml_instruction', altered((xml) => `<?xml-stylesheet href="a.xsl"?>${xml}`)],
  ['XML 1.1', 'xml_encoding', altered((xml) => `<?xml version="1.1"?>${xml}`)],
  ['another declared encoding', 'xml_encoding', altered((xml) => `<?xml version="1.0" encoding="UTF-7"?>${xml}`)],
  ['a byte order mark', 'xml_encoding', altered((xml) => `\uFEFF${xml}`)],
  ['two roots', 'xml_malformed', altered((xml) => xml + xml)],
  ['text after the root', 'xml_malformed', altered((xml) => `${xml}and more`)],
  ['a tag left open', 'xml_malformed', altered((xml) => xml.slice(0, -5))],
  ['an undeclared prefix', 'xml_malformed', altered((xml) => swap(xml, '<saml:Subject>', '<evil:Subject>'))],
  [
    'the same attribute twice',
    'xml_malformed',
    altered((xml) => swap(xml, ' Version="2.0"', ' Version="2.0" Version="2.0"')),
  ],
  ['20 000 nested elements', 'xml_too_deep', () => ({ xml: '<a>'.repeat(20_000) })],
  [
    'a deep tree inside a real response',
    'xml_too_deep',
    altered((xml) => swap(xml, '<samlp:Status>', `${'<x>'.repeat(30)}${'</x>'.repeat(30)}<samlp:Status>`)),
  ],
  [
    '5 000 sibling elements',
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
  [
    '51 namespaces in scope of one element',
    'xml_too_many_nodes',
    altered((xml) =>
      swap(
        xml,
        '<samlp:Status>',
        `<samlp:Status${Array.from({ length: 49 }, (_, i) => ` xmlns:n${i}="urn:n"`).join('')}>`,
      ),
    ),
  ],
  ['a NUL character', 'xml_malformed', altered((xml) => swap(xml, '>subject-1<', '>subject-1\0<'))],
];

const LOGOUT = (context: AttackContext): string =>
  sign(
    responseXml(context.parts, '').replaceAll('samlp:Response', 'samlp:LogoutResponse'),
    context.parts.responseAttrs['ID']!,
    context.key,
  );

const inStatus = (element: string) => ({
  status: swap(status('Success'), '</samlp:Status>', `${element}</samlp:Status>`),
});

export const SHAPE_ATTACKS: readonly Attack[] = [
  ['a signed LogoutResponse', 'not_a_response', (context) => ({ xml: LOGOUT(context) })],
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
    'an unknown element',
    'element_unexpected',
    altered((xml) => swap(xml, '<samlp:Status>', '<samlp:Other/><samlp:Status>')),
  ],
  [
    'extensions of the response',
    'element_unexpected',
    altered((xml) => swap(xml, '<samlp:Status>', '<samlp:Extensions><x/></samlp:Extensions><samlp:Status>')),
  ],
  [
    'advice in the assertion',
    'element_unexpected',
    saying(({ parts }) => ({ conditions: `${parts.conditions}<saml:Advice/>` })),
  ],
  [
    'a decision in the assertion',
    'element_unexpected',
    saying(({ parts }) => ({ authn: `${parts.authn}<saml:AuthzDecisionStatement Resource="/" Decision="Permit"/>` })),
  ],
  ['a detail of the status', 'element_unexpected', saying(() => inStatus('<samlp:StatusDetail/>'))],
  ['an unknown element of the status', 'element_unexpected', saying(() => inStatus('<x:a xmlns:x="urn:x"/>'))],
  [
    'a second issuer of the response',
    'element_unexpected',
    saying(({ parts }) => ({ responseIssuer: parts.responseIssuer.repeat(2) })),
  ],
  [
    'a second issuer of the assertion',
    'element_unexpected',
    saying(({ parts }) => ({ issuer: `${parts.issuer}<saml:Issuer>https://evil.example.test</saml:Issuer>` })),
  ],
  [
    'a BaseID in the subject',
    'element_unexpected',
    saying(({ parts }) => ({ nameId: `${parts.nameId}<saml:BaseID/>` })),
  ],
  [
    'an unknown element in the subject',
    'element_unexpected',
    saying(({ parts }) => ({ nameId: `${parts.nameId}<x:a xmlns:x="urn:x"/>` })),
  ],
  [
    'an unknown element in the authentication statement',
    'element_unexpected',
    saying(({ parts }) => ({
      authn: swap(parts.authn, '</saml:AuthnStatement>', '<x:a xmlns:x="urn:x"/></saml:AuthnStatement>'),
    })),
  ],
  [
    'an unknown element in the attribute statement',
    'element_unexpected',
    saying(({ parts }) => ({
      attributes: swap(
        parts.attributes,
        '</saml:AttributeStatement>',
        '<x:a xmlns:x="urn:x"/></saml:AttributeStatement>',
      ),
    })),
  ],
  ['no status', 'status_missing', saying(() => ({ status: '' }))],
  ['two statuses', 'status_missing', saying(() => ({ status: status('Success') + status('Requester') }))],
  [
    'an error status of the identity provider',
    'status_not_success',
    saying(() => ({ status: status('Responder', 'AuthnFailed') })),
  ],
  [
    'an error status with a nested Success',
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
    'an empty encrypted assertion',
    'encryption_malformed',
    ({ parts }) => ({ xml: responseXml(parts, '<saml:EncryptedAssertion/>') }),
  ],
  [
    'an encrypted assertion next to a plain one',
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
    'an unsolicited response',
    'response_unsolicited',
    saying(({ parts }) => ({ responseAttrs: { ...parts.responseAttrs, InResponseTo: undefined } })),
  ],
  [
    'a response to an unknown request',
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
    "the assertion's ID in another attribute",
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
