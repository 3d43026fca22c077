import { constants } from 'node:crypto';
import type { Attack, AttackContext } from './saml-attacks.js';
import {
  CBC_128,
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

const truth = (context: AttackContext, what: 'assertion' | 'both' = 'assertion', choices?: SignatureChoices): string =>
  signedResponse(context.parts, context.key, what, choices);
const ours = ({ login }: AttackContext): string => login.connection.spKeys[0]!.certificate;

/** A true assertion, under encryption of some kind. */
const under = (choices: EncryptionChoices) => (context: AttackContext) => ({
  xml: withEncrypted(truth(context), ours(context), choices),
});
/** The true message with its assertion changed before it was encrypted. */
const hiding = (change: (assertion: string, context: AttackContext) => string) => (context: AttackContext) => ({
  xml: withEncrypted(truth(context), ours(context), {}, (assertion) => change(assertion, context)),
});
/** Signed truly about something that is not so, and encrypted. */
const saying = (change: (context: AttackContext) => Partial<Parts>) => (context: AttackContext) => ({
  xml: withEncrypted(signedResponse({ ...context.parts, ...change(context) }, context.key), ours(context)),
});
/** Changed after encryption. */
const altered = (from: string | RegExp, to: string, choices?: EncryptionChoices) => (context: AttackContext) => {
  const xml = withEncrypted(truth(context), ours(context), choices);
  const changed = xml.replace(from, () => to);
  if (changed === xml) throw new Error(`Nothing to replace: ${String(from)}`);
  return { xml: changed };
};
const evil = ({ parts }: AttackContext): string =>
  assertionXml({ ...parts, nameId: nameId('admin'), assertionAttrs: { ...parts.assertionAttrs, ID: '_evil' } });
const flipped =
  (at: number) =>
  (octets: Buffer): Buffer => {
    octets[at < 0 ? octets.length + at : at]! ^= 1;
    return octets;
  };

/** Attacks behind, and on, the encryption. For a connection that has a key and asks for an encrypted assertion. */
export const ENCRYPTION_ATTACKS: readonly Attack[] = [
  [
    'a plain assertion where an encrypted one is wanted',
    'assertion_not_encrypted',
    (context) => ({ xml: truth(context) }),
  ],
  [
    'an unsigned assertion under encryption',
    'assertion_unsigned',
    (context) => ({ xml: responseXml(context.parts, encrypted(assertionXml(context.parts), ours(context))) }),
  ],
  [
    'an unsigned assertion under encryption in a signed response',
    'assertion_unsigned',
    (context) => ({
      xml: sign(
        responseXml(context.parts, encrypted(assertionXml(context.parts), ours(context))),
        context.parts.responseAttrs['ID']!,
        context.key,
      ),
    }),
  ],
  [
    'a forged assertion under encryption',
    'signature_invalid',
    (context) => ({ xml: withEncrypted(signedResponse(context.parts, context.untrusted), ours(context)) }),
  ],
  [
    'a name changed before encryption',
    'signature_invalid',
    hiding((assertion) => assertion.replace('>subject-1<', '>admin<')),
  ],
  [
    'a signed response, changed outside its encrypted assertion',
    'signature_invalid',
    (context) => ({
      xml: sign(withEncrypted(truth(context), ours(context)), context.parts.responseAttrs['ID']!, context.key)
        .replace('<samlp:Status>', '<samlp:Status >')
        .replace('Version="2.0"', 'Version="2.0" Consent="x"'),
    }),
  ],
  [
    'SHA-1 under encryption',
    'signature_algorithm',
    (context) => ({
      xml: withEncrypted(
        truth(context, 'assertion', { signature: 'http://www.w3.org/2000/09/xmldsig#rsa-sha1' }),
        ours(context),
      ),
    }),
  ],
  [
    'a forged assertion before the signed one, both encrypted',
    'assertion_not_single',
    hiding((assertion, context) => evil(context) + assertion),
  ],
  [
    'the signed assertion inside a forged one, encrypted',
    'assertion_not_single',
    hiding((assertion, context) => evil(context).replace('</saml:Assertion>', `${assertion}</saml:Assertion>`)),
  ],
  [
    'the signature in a forged assertion beside the signed one, encrypted',
    'assertion_not_single',
    hiding((assertion, context) => {
      const signature = /<ds:Signature .*?<\/ds:Signature>/.exec(assertion)![0];
      return evil(context).replace('</saml:Issuer>', `</saml:Issuer>${signature}`) + assertion.replace(signature, '');
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
      return evil(context).replace('</saml:Issuer>', `</saml:Issuer>${wrapped}`);
    }),
  ],
  [
    'a forged plain assertion beside the encrypted one',
    'assertion_not_single',
    (context) => ({
      xml: withEncrypted(truth(context), ours(context)).replace(
        '</samlp:Response>',
        `${evil(context)}</samlp:Response>`,
      ),
    }),
  ],
  [
    'two encrypted assertions',
    'assertion_not_single',
    (context) => ({
      xml: withEncrypted(truth(context), ours(context)).replace(
        '</samlp:Response>',
        `${encrypted(evil(context), ours(context))}</samlp:Response>`,
      ),
    }),
  ],
  [
    'an encrypted assertion in Extensions',
    'assertion_missing',
    (context) => ({
      xml: responseXml(
        context.parts,
        `<samlp:Extensions>${encrypted(evil(context), ours(context))}</samlp:Extensions>`,
      ),
    }),
  ],
  [
    'an encrypted assertion inside the encryption',
    'assertion_not_single',
    hiding((assertion, context) => encrypted(assertion, ours(context))),
  ],
  [
    'an end of the response inside the encryption',
    'xml_malformed',
    hiding((assertion) => `${assertion}</samlp:Response>`),
  ],
  [
    'a second response inside the encryption',
    'element_unexpected',
    hiding((assertion, context) => `<samlp:Response ID="_x">${assertion}</samlp:Response>${evil(context)}`),
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
    (context) => ({ xml: responseXml(context.parts, encrypted(Buffer.from([0x3c, 0xff, 0xfe]), ours(context))) }),
  ],
  [
    "the response's ID again inside the encryption",
    'id_duplicated',
    hiding((assertion) => assertion.replace('<saml:Subject>', '<saml:Subject Id="_response">')),
  ],
  [
    'another audience under encryption',
    'audience_mismatch',
    saying(() => ({ conditions: conditions(['https://elsewhere.example.test']) })),
  ],
  [
    'an assertion under encryption that ended',
    'assertion_expired',
    saying(({ login }) => ({
      conditions: conditions([login.connection.spEntityId], { NotOnOrAfter: instant(-90) }),
    })),
  ],
  [
    'an encrypted NameID',
    'id_encrypted',
    saying((context) => ({ nameId: encrypted(nameId('subject-1'), ours(context), {}, 'EncryptedID') })),
  ],
  [
    'an encrypted attribute',
    'attribute_encrypted',
    saying((context) => ({
      attributes:
        '<saml:AttributeStatement>' +
        `${encrypted('<saml:Attribute/>', ours(context), {}, 'EncryptedAttribute')}</saml:AttributeStatement>`,
    })),
  ],
  [
    'an encrypted attribute beside plain ones',
    'attribute_encrypted',
    saying((context) => ({
      attributes: attributeStatement({ mail: ['ada@example.test'] }).replace(
        '</saml:AttributeStatement>',
        `${encrypted('<saml:Attribute/>', ours(context), {}, 'EncryptedAttribute')}</saml:AttributeStatement>`,
      ),
    })),
  ],
  [
    'the key under RSA 1.5',
    'encryption_algorithm',
    under({ keyMethod: 'http://www.w3.org/2001/04/xmlenc#rsa-1_5', padding: constants.RSA_PKCS1_PADDING }),
  ],
  ['the key under RSA 1.5 that says it is OAEP', 'decryption_failed', under({ padding: constants.RSA_PKCS1_PADDING })],
  [
    'the key under OAEP with SHA-512',
    'encryption_algorithm',
    under({
      parameters:
        '<ds:DigestMethod xmlns:ds="http://www.w3.org/2000/09/xmldsig#" ' +
        'Algorithm="http://www.w3.org/2001/04/xmlenc#sha512"/>',
    }),
  ],
  [
    'the key under OAEP with two hashes',
    'encryption_algorithm',
    under({
      keyMethod: OAEP_11,
      parameters:
        '<ds:DigestMethod xmlns:ds="http://www.w3.org/2000/09/xmldsig#" ' +
        'Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/>',
    }),
  ],
  [
    'the key under OAEP with a label',
    'encryption_algorithm',
    under({ parameters: '<xenc:OAEPparams>AAAA</xenc:OAEPparams>' }),
  ],
  ['triple DES', 'encryption_algorithm', under({ content: TRIPLE_DES })],
  ['AES-128 in CBC', 'encryption_algorithm', under({ content: CBC_128 })],
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
  ['content of CBC that says it is GCM', 'decryption_failed', altered(CBC_256, GCM_256, { content: CBC_256 })],
  ['content of GCM that says it is CBC', 'decryption_failed', altered(GCM_256, CBC_256)],
  ['a byte of the tag changed', 'decryption_failed', under({ spoil: flipped(-1) })],
  ['a byte of the content changed', 'decryption_failed', under({ spoil: flipped(40) })],
  ['a short tag', 'decryption_failed', under({ spoil: (octets) => octets.subarray(0, -4) })],
  ['content of nothing but a tag', 'decryption_failed', under({ spoil: (octets) => octets.subarray(0, 20) })],
  [
    'content of CBC cut short',
    'decryption_failed',
    under({ content: CBC_256, spoil: (octets) => octets.subarray(0, -3) }),
  ],
  [
    'content of CBC with no block',
    'decryption_failed',
    under({ content: CBC_256, spoil: (octets) => octets.subarray(0, 16) }),
  ],
  [
    'a key for somebody else',
    'decryption_failed',
    (context) => ({ xml: withEncrypted(truth(context), context.untrusted.certificate) }),
  ],
  ['no key', 'encryption_malformed', altered(/<xenc:EncryptedKey .*<\/xenc:EncryptedKey>/, '')],
  [
    'five keys',
    'encryption_malformed',
    (context) => ({
      xml: withEncrypted(truth(context), ours(context), {
        others: Array.from({ length: 4 }, () => context.untrusted.certificate),
      }),
    }),
  ],
  [
    'content from elsewhere',
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
  ['two contents', 'encryption_malformed', altered(/(?=<\/xenc:EncryptedData>)/, '<xenc:CipherData/>')],
];
