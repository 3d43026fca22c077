import { constants } from 'node:crypto';
import type { Attack, AttackContext } from './saml-attacks.js';
import {
  CBC_256,
  encrypted,
  GCM_256,
  OAEP_11,
  TRIPLE_DES,
  withEncrypted,
  type EncryptionChoices,
} from './saml-encryption.js';
import {
  assertionXml,
  attributeStatement,
  conditions,
  instant,
  nameId,
  responseXml,
  sign,
  signedResponse,
  type Parts,
  type SignatureChoices,
} from './saml-idp.js';

export const truth = (
  context: AttackContext,
  what: 'assertion' | 'both' = 'assertion',
  choices?: SignatureChoices,
): string => signedResponse(context.parts, context.key, what, choices);
export const spCertificate = ({ login }: AttackContext): string => login.connection.spKeys[0]!.certificate;

/** Returns a valid assertion that is encrypted with the given settings. */
const under = (choices: EncryptionChoices) => (context: AttackContext) => ({
  xml: withEncrypted(truth(context), spCertificate(context), choices),
});
/** Returns a valid message whose assertion is changed before encryption. */
const hiding = (change: (assertion: string, context: AttackContext) => string) => (context: AttackContext) => ({
  xml: withEncrypted(truth(context), spCertificate(context), {}, (assertion) => change(assertion, context)),
});
/** Returns a correctly signed and encrypted assertion with false content. */
const saying = (change: (context: AttackContext) => Partial<Parts>) => (context: AttackContext) => ({
  xml: withEncrypted(signedResponse({ ...context.parts, ...change(context) }, context.key), spCertificate(context)),
});
/** Returns a message that is changed after encryption. */
const altered = (from: string | RegExp, to: string, choices?: EncryptionChoices) => (context: AttackContext) => {
  const xml = withEncrypted(truth(context), spCertificate(context), choices);
  const changed = xml.replace(from, () => to);
  if (changed === xml) throw new Error(`Nothing to replace: ${String(from)}`);
  return { xml: changed };
};
const forgedAssertion = ({ parts }: AttackContext): string =>
  assertionXml({ ...parts, nameId: nameId('admin'), assertionAttrs: { ...parts.assertionAttrs, ID: '_evil' } });
const flipped =
  (at: number) =>
  (octets: Buffer): Buffer => {
    octets[at < 0 ? octets.length + at : at]! ^= 1;
    return octets;
  };

/** Attacks inside and on the encryption, for a connection that has a key and requires an encrypted assertion. */
export const ENCRYPTION_ATTACKS: readonly Attack[] = [
  ['a plain assertion instead of an encrypted one', 'assertion_not_encrypted', (context) => ({ xml: truth(context) })],
  [
    'an encrypted unsigned assertion',
    'assertion_unsigned',
    (context) => ({ xml: responseXml(context.parts, encrypted(assertionXml(context.parts), spCertificate(context))) }),
  ],
  [
    'an encrypted forged assertion',
    'signature_invalid',
    (context) => ({ xml: withEncrypted(signedResponse(context.parts, context.untrusted), spCertificate(context)) }),
  ],
  [
    'an encrypted assertion with a changed NameID',
    'signature_invalid',
    hiding((assertion) => assertion.replace('>subject-1<', '>admin<')),
  ],
  [
    'a signed response that is changed outside its encrypted assertion',
    'signature_invalid',
    (context) => ({
      xml: sign(withEncrypted(truth(context), spCertificate(context)), context.parts.responseAttrs['ID']!, context.key)
        .replace('<samlp:Status>', '<samlp:Status >')
        .replace('Version="2.0"', 'Version="2.0" Consent="x"'),
    }),
  ],
  [
    'SHA-1 in an encrypted assertion',
    'signature_algorithm',
    (context) => ({
      xml: withEncrypted(
        truth(context, 'assertion', { signature: 'http://www.w3.org/2000/09/xmldsig#rsa-sha1' }),
        spCertificate(context),
      ),
    }),
  ],
  [
    'a forged assertion before the signed one, both encrypted',
    'assertion_not_single',
    hiding((assertion, context) => forgedAssertion(context) + assertion),
  ],
  [
    'the signed assertion inside a forged one, encrypted',
    'assertion_not_single',
    hiding((assertion, context) =>
      forgedAssertion(context).replace('</saml:Assertion>', `${assertion}</saml:Assertion>`),
    ),
  ],
  [
    'the signature in a forged assertion next to the signed one, encrypted',
    'assertion_not_single',
    hiding((assertion, context) => {
      const signature = /<ds:Signature .*?<\/ds:Signature>/.exec(assertion)![0];
      return (
        forgedAssertion(context).replace('</saml:Issuer>', `</saml:Issuer>${signature}`) +
        assertion.replace(signature, '')
      );
    }),
  ],
  [
    'the signed assertion in an Object of the signature, encrypted',
    'assertion_not_single',
    hiding((assertion, context) => {
      const signature = /<ds:Signature .*?<\/ds:Signature>/.exec(assertion)![0];
      const wrapped = signature.replace(
        '</ds:Signature>',
        `<ds:Object>${assertion.replace(signature, '')}</ds:Object></ds:Signature>`,
      );
      return forgedAssertion(context).replace('</saml:Issuer>', `</saml:Issuer>${wrapped}`);
    }),
  ],
  [
    'a forged plain assertion next to the encrypted one',
    'assertion_not_single',
    (context) => ({
      xml: withEncrypted(truth(context), spCertificate(context)).replace(
        '</samlp:Response>',
        `${forgedAssertion(context)}</samlp:Response>`,
      ),
    }),
  ],
  [
    'two encrypted assertions',
    'assertion_not_single',
    (context) => ({
      xml: withEncrypted(truth(context), spCertificate(context)).replace(
        '</samlp:Response>',
        `${encrypted(forgedAssertion(context), spCertificate(context))}</samlp:Response>`,
      ),
    }),
  ],
  [
    'an encrypted assertion in Extensions',
    'assertion_missing',
    (context) => ({
      xml: responseXml(
        context.parts,
        `<samlp:Extensions>${encrypted(forgedAssertion(context), spCertificate(context))}</samlp:Extensions>`,
      ),
    }),
  ],
  [
    'an encrypted assertion inside the encryption',
    'assertion_not_single',
    hiding((assertion, context) => encrypted(assertion, spCertificate(context))),
  ],
  [
    'an end tag of the response inside the encryption',
    'xml_malformed',
    hiding((assertion) => `${assertion}</samlp:Response>`),
  ],
  [
    'a second response inside the encryption',
    'element_unexpected',
    hiding((assertion, context) => `<samlp:Response ID="_x">${assertion}</samlp:Response>${forgedAssertion(context)}`),
  ],
  ['nothing inside the encryption', 'assertion_missing', hiding(() => ' ')],
  [
    'a DOCTYPE inside the encryption',
    'xml_malformed',
    hiding((assertion) => `<!DOCTYPE a [<!ENTITY b "c">]>${assertion}`),
  ],
  [
    'a comment inside the encryption',
    'xml_comment',
    hiding((assertion) => assertion.replace('>subject-1<', '>subject-1<!-- x --><')),
  ],
  [
    'a CDATA section inside the encryption',
    'xml_cdata',
    hiding((assertion) => assertion.replace('>subject-1<', '><![CDATA[subject-1]]><')),
  ],
  ['great depth inside the encryption', 'xml_too_deep', hiding((assertion) => `${'<a>'.repeat(20_000)}${assertion}`)],
  [
    '5 000 elements inside the encryption',
    'xml_too_many_nodes',
    hiding((assertion) => `${'<a/>'.repeat(5000)}${assertion}`),
  ],
  [
    'bytes that are not UTF-8 inside the encryption',
    'decryption_failed',
    (context) => ({
      xml: responseXml(context.parts, encrypted(Buffer.from([0x3c, 0xff, 0xfe]), spCertificate(context))),
    }),
  ],
  [
    "the response's ID inside the encryption",
    'id_duplicated',
    hiding((assertion) => assertion.replace('<saml:Subject>', '<saml:Subject Id="_response">')),
  ],
  [
    'another audience in an encrypted assertion',
    'audience_mismatch',
    saying(() => ({ conditions: conditions(['https://elsewhere.example.test']) })),
  ],
  [
    'an encrypted expired assertion',
    'assertion_expired',
    saying(({ login }) => ({
      conditions: conditions([login.connection.spEntityId], { NotOnOrAfter: instant(-90) }),
    })),
  ],
  [
    'an encrypted NameID',
    'id_encrypted',
    saying((context) => ({ nameId: encrypted(nameId('subject-1'), spCertificate(context), {}, 'EncryptedID') })),
  ],
  [
    'an encrypted attribute',
    'attribute_encrypted',
    saying((context) => ({
      attributes:
        '<saml:AttributeStatement>' +
        `${encrypted('<saml:Attribute/>', spCertificate(context), {}, 'EncryptedAttribute')}</saml:AttributeStatement>`,
    })),
  ],
  [
    'an encrypted attribute next to plain ones',
    'attribute_encrypted',
    saying((context) => ({
      attributes: attributeStatement({ mail: ['ada@example.test'] }).replace(
        '</saml:AttributeStatement>',
        `${encrypted('<saml:Attribute/>', spCertificate(context), {}, 'EncryptedAttribute')}</saml:AttributeStatement>`,
      ),
    })),
  ],
  [
    'a key encrypted with RSA 1.5',
    'encryption_algorithm',
    under({ keyMethod: 'http://www.w3.org/2001/04/xmlenc#rsa-1_5', padding: constants.RSA_PKCS1_PADDING }),
  ],
  [
    'a key encrypted with RSA 1.5 that is declared as OAEP',
    'decryption_failed',
    under({ padding: constants.RSA_PKCS1_PADDING }),
  ],
  [
    'a key encrypted with OAEP and SHA-512',
    'encryption_algorithm',
    under({
      parameters:
        '<ds:DigestMethod xmlns:ds="http://www.w3.org/2000/09/xmldsig#" ' +
        'Algorithm="http://www.w3.org/2001/04/xmlenc#sha512"/>',
    }),
  ],
  [
    'a key encrypted with OAEP and two hashes',
    'encryption_algorithm',
    under({
      keyMethod: OAEP_11,
      parameters:
        '<ds:DigestMethod xmlns:ds="http://www.w3.org/2000/09/xmldsig#" ' +
        'Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/>',
    }),
  ],
  [
    'a key encrypted with OAEP and a label',
    'encryption_algorithm',
    under({ parameters: '<xenc:OAEPparams>AAAA</xenc:OAEPparams>' }),
  ],
  ...[
    ['a RetrievalMethod for a key elsewhere', '<ds:RetrievalMethod URI="http://127.0.0.1/key"/>'],
    ['a RetrievalMethod for no key', '<ds:RetrievalMethod URI="#_response"/>'],
    ['an agreed key', `<xenc:AgreementMethod xmlns:xenc="http://www.w3.org/2001/04/xmlenc#" Algorithm="x"/>`],
  ].map(([name, element]): Attack => [
    `${name} in the encryption`,
    'key_info_unexpected',
    altered('</ds:KeyInfo><xenc:CipherData>', `${element}</ds:KeyInfo><xenc:CipherData>`),
  ]),
  ['triple DES', 'encryption_algorithm', under({ content: TRIPLE_DES })],
  ['an algorithm called constructor', 'encryption_algorithm', altered(GCM_256, 'constructor')],
  [
    'no algorithm for the content',
    'encryption_malformed',
    altered(/<xenc:EncryptionMethod Algorithm="[^"]*aes256-gcm"\/>/, ''),
  ],
  [
    'no algorithm for the key',
    'encryption_malformed',
    altered(/<xenc:EncryptionMethod Algorithm="[^"]*mgf1p"><\/xenc:EncryptionMethod>/, ''),
  ],
  ['CBC content that is declared as GCM', 'decryption_failed', altered(CBC_256, GCM_256, { content: CBC_256 })],
  ['GCM content that is declared as CBC', 'decryption_failed', altered(GCM_256, CBC_256)],
  ['a changed byte of the tag', 'decryption_failed', under({ spoil: flipped(-1) })],
  ['a changed byte of the content', 'decryption_failed', under({ spoil: flipped(40) })],
  ['a short tag', 'decryption_failed', under({ spoil: (octets) => octets.subarray(0, -4) })],
  ['content with only a tag', 'decryption_failed', under({ spoil: (octets) => octets.subarray(0, 20) })],
  [
    'truncated CBC content',
    'decryption_failed',
    under({ content: CBC_256, spoil: (octets) => octets.subarray(0, -3) }),
  ],
  [
    'CBC content without a block',
    'decryption_failed',
    under({ content: CBC_256, spoil: (octets) => octets.subarray(0, 16) }),
  ],
  [
    'a key for another recipient',
    'decryption_failed',
    (context) => ({ xml: withEncrypted(truth(context), context.untrusted.certificate) }),
  ],
  ['no key', 'encryption_malformed', altered(/<xenc:EncryptedKey .*<\/xenc:EncryptedKey>/, '')],
  [
    'five keys',
    'encryption_malformed',
    (context) => ({
      xml: withEncrypted(truth(context), spCertificate(context), {
        otherRecipients: Array.from({ length: 4 }, () => context.untrusted.certificate),
      }),
    }),
  ],
  [
    'content by reference',
    'encryption_malformed',
    altered(
      /<xenc:CipherValue>[^<]*<\/xenc:CipherValue>(?=<\/xenc:CipherData><\/xenc:EncryptedData>)/,
      '<xenc:CipherReference URI="http://127.0.0.1/"/>',
    ),
  ],
  [
    'content that is not base64',
    'encryption_malformed',
    altered(
      /<xenc:CipherValue>(?=[^<]*<\/xenc:CipherValue><\/xenc:CipherData><\/xenc:EncryptedData>)/,
      '<xenc:CipherValue>*',
    ),
  ],
  ...[
    ['an unknown element next to the content', '</saml:EncryptedAssertion>', '<x:a xmlns:x="urn:x"/>'],
    ['properties of the encryption', '</xenc:EncryptedData>', '<xenc:EncryptionProperties/>'],
    ['an unknown element in the key', '</xenc:EncryptedKey>', '<x:a xmlns:x="urn:x"/>'],
    ['a reference next to the octets', '</xenc:CipherData>', '<xenc:CipherReference URI="http://127.0.0.1/"/>'],
    [
      'a reference of the key to another host',
      '</xenc:EncryptedKey>',
      '<xenc:ReferenceList><xenc:DataReference URI="http://127.0.0.1/"/></xenc:ReferenceList>',
    ],
  ].map(([name, end, element]): Attack => [name!, 'encryption_malformed', altered(end!, element! + end!)]),
  ['the type of element content', 'encryption_malformed', altered('xmlenc#Element"', 'xmlenc#Content"')],
  ['a MIME type of the content', 'encryption_malformed', altered('#Element"', '#Element" MimeType="text/xml"')],
  ['two contents', 'encryption_malformed', altered(/(?=<\/xenc:EncryptedData>)/, '<xenc:CipherData/>')],
];
