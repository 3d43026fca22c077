import { altered, swap, type Attack, type AttackContext } from './saml-attacks.js';
import { ASSERTION_PATTERN, pieces, SIGNATURE_PATTERN } from './saml-attacks-signatures.js';
import { assertionXml, responseXml, sign } from './saml-idp.js';
import type { Posted } from './saml-sign-in.js';

/** Adds an element to the KeyInfo of a signature, which the signature does not cover. */
const naming = (element: string) => altered((xml) => swap(xml, '</ds:KeyInfo>', `${element}</ds:KeyInfo>`));

/** Elements of a KeyInfo that no provider needs, each in a correctly signed response. */
export const KEY_INFO_ATTACKS: readonly Attack[] = [
  ['a RetrievalMethod', 'key_info_unexpected', naming('<ds:RetrievalMethod URI="http://127.0.0.1/key"/>')],
  ['a RetrievalMethod in the document', 'key_info_unexpected', naming('<ds:RetrievalMethod URI="#_response"/>')],
  ['PGP data', 'key_info_unexpected', naming('<ds:PGPData><ds:PGPKeyID>AA==</ds:PGPKeyID></ds:PGPData>')],
  ['SPKI data', 'key_info_unexpected', naming('<ds:SPKIData><ds:SPKISexp>AA==</ds:SPKISexp></ds:SPKIData>')],
  ['a DSA key', 'key_info_unexpected', naming('<ds:KeyValue><ds:DSAKeyValue/></ds:KeyValue>')],
  ['management data', 'key_info_unexpected', naming('<ds:MgmtData>x</ds:MgmtData>')],
  [
    'a reference of version 1.1',
    'key_info_unexpected',
    naming('<x:KeyInfoReference xmlns:x="http://www.w3.org/2009/xmldsig11#" URI="#_response"/>'),
  ],
  ['a certificate revocation list', 'key_info_unexpected', naming('<ds:X509Data><ds:X509CRL/></ds:X509Data>')],
  ['an element named constructor', 'key_info_unexpected', naming('<ds:constructor/>')],
  ['an element inside a certificate', 'key_info_unexpected', naming('<ds:KeyName><ds:KeyName/></ds:KeyName>')],
  [
    'text after the signature value',
    'signature_malformed',
    altered((xml) => swap(xml, '</ds:SignatureValue>', 'AAAA</ds:SignatureValue>')),
  ],
];

/** Returns a response with a signature of the response only, and the forgery that {@link pieces} makes. */
function outerOnly(
  build: (found: { response: string; assertion: string; signature: string; forged: string }) => string,
) {
  return (context: AttackContext): Posted => {
    const { parts, key } = context;
    const response = sign(responseXml(parts, assertionXml(parts)), parts.responseAttrs['ID']!, key);
    const { forged } = pieces(context, 'assertion');
    const [signature, assertion] = [SIGNATURE_PATTERN, ASSERTION_PATTERN].map((pattern) => pattern.exec(response)![0]);
    return { xml: build({ response, assertion: assertion!, signature: signature!, forged }) };
  };
}

/** Attacks on a response whose signature covers an unsigned assertion. */
export const RESPONSE_SIGNATURE_ATTACKS: readonly Attack[] = [
  [
    'another assertion in place of the signed one',
    'signature_invalid',
    outerOnly(({ response, assertion, forged }) => response.replace(assertion, forged)),
  ],
  [
    'a change inside the signed assertion',
    'signature_invalid',
    outerOnly(({ response }) => response.replace('>subject-1<', '>admin<')),
  ],
  [
    'a forged assertion before the signed one',
    'assertion_not_single',
    outerOnly(({ response, assertion, forged }) => response.replace(assertion, forged + assertion)),
  ],
  [
    'the signed response inside a forged one',
    'assertion_not_single',
    outerOnly(({ response, assertion, signature, forged }) =>
      response
        .replace('_response', '_evil')
        .replace(assertion, forged)
        .replace(signature, `${signature}<samlp:Extensions>${response.replace(signature, '')}</samlp:Extensions>`),
    ),
  ],
  [
    'the signed assertion in an attribute of a forged one',
    'assertion_not_single',
    outerOnly(({ response, assertion, forged }) =>
      response.replace(assertion, forged.replace('>mentors<', `>${assertion}<`)),
    ),
  ],
  [
    'a forged assertion with the ID of the response',
    'id_duplicated',
    outerOnly(({ response, assertion, forged }) => response.replace(assertion, forged.replace('_evil', '_response'))),
  ],
  [
    'a reference to the assertion instead of the response',
    'signature_reference',
    outerOnly(({ response }) => response.replace(/URI="#_response"/, 'URI="#_evil"')),
  ],
  [
    'the signature moved into the assertion',
    'signature_reference',
    outerOnly(({ response, signature }) =>
      response.replace(signature, '').replace(/(<saml:Assertion .*?<\/saml:Issuer>)/, `$1${signature}`),
    ),
  ],
  [
    'the assertion without the signature',
    'assertion_unsigned',
    outerOnly(({ response, signature }) => response.replace(signature, '')),
  ],
  [
    'an untrusted key',
    'signature_invalid',
    ({ parts, untrusted }) => ({ xml: sign(responseXml(parts, assertionXml(parts)), '_response', untrusted) }),
  ],
];
