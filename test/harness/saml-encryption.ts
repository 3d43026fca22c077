import { constants, createCipheriv, createPublicKey, publicEncrypt, randomBytes } from 'node:crypto';

const XENC = 'http://www.w3.org/2001/04/xmlenc#';
export const OAEP = `${XENC}rsa-oaep-mgf1p`;
export const OAEP_11 = 'http://www.w3.org/2009/xmlenc11#rsa-oaep';
export const GCM_256 = 'http://www.w3.org/2009/xmlenc11#aes256-gcm';
export const GCM_128 = 'http://www.w3.org/2009/xmlenc11#aes128-gcm';
export const CBC_256 = `${XENC}aes256-cbc`;
export const CBC_128 = `${XENC}aes128-cbc`;
export const TRIPLE_DES = `${XENC}tripledes-cbc`;

const CIPHERS: Record<string, readonly [name: string, keyBytes: number, ivBytes: number]> = {
  [GCM_256]: ['aes-256-gcm', 32, 12],
  [GCM_128]: ['aes-128-gcm', 16, 12],
  [CBC_256]: ['aes-256-cbc', 32, 16],
  [CBC_128]: ['aes-128-cbc', 16, 16],
  [TRIPLE_DES]: ['des-ede3-cbc', 24, 8],
};

/** The encryption settings of a message. A test can name other algorithms in it than it uses. */
export interface EncryptionChoices {
  content?: string;
  keyMethod?: string;
  /** The content of the key's EncryptionMethod. */
  parameters?: string;
  hash?: 'sha1' | 'sha256';
  padding?: number;
  /** Whether the encrypted key is next to the content, as in Shibboleth, and not in the content's KeyInfo. */
  keyOutside?: boolean;
  /** The recipient that the key names. */
  recipient?: string;
  /** The certificates of other recipients, whose encrypted keys come first. */
  otherRecipients?: readonly string[];
  /** Changes the octets of the encrypted content. */
  spoil?: (octets: Buffer) => Buffer;
}

function encryptedOctets(
  plain: string | Buffer,
  [name, keyBytes, ivBytes]: readonly [string, number, number],
): { key: Buffer; octets: Buffer } {
  const [key, iv] = [randomBytes(keyBytes), randomBytes(ivBytes)];
  const cipher = createCipheriv(name, key, iv) as ReturnType<typeof createCipheriv> & { getAuthTag?: () => Buffer };
  const octets = Buffer.concat([iv, cipher.update(plain), cipher.final()]);
  return { key, octets: name.endsWith('gcm') ? Buffer.concat([octets, cipher.getAuthTag!()]) : octets };
}

/** How a key next to the content names it, as in Shibboleth. */
const CONTENT_NAMED =
  '<xenc:ReferenceList><xenc:DataReference URI="#content"/></xenc:ReferenceList>' +
  '<xenc:CarriedKeyName>content-key</xenc:CarriedKeyName>';

function encryptedKey(
  certificate: string,
  key: Buffer,
  {
    keyMethod = OAEP,
    parameters = '',
    hash = 'sha1',
    padding = constants.RSA_PKCS1_OAEP_PADDING,
    keyOutside = false,
    recipient,
  }: EncryptionChoices,
): string {
  const oaep = padding === constants.RSA_PKCS1_OAEP_PADDING ? { oaepHash: hash } : {};
  const value = publicEncrypt({ key: createPublicKey(certificate), padding, ...oaep }, key).toString('base64');
  return (
    `<xenc:EncryptedKey xmlns:xenc="${XENC}"${keyOutside ? ' Id="key"' : ''}` +
    `${recipient ? ` Recipient="${recipient}"` : ''}><xenc:EncryptionMethod ` +
    `Algorithm="${keyMethod}">${parameters}</xenc:EncryptionMethod><xenc:CipherData>` +
    `<xenc:CipherValue>${value}</xenc:CipherValue></xenc:CipherData>${keyOutside ? CONTENT_NAMED : ''}` +
    '</xenc:EncryptedKey>'
  );
}

/**
 * Returns `plain` encrypted for a certificate, in an element with this name (saml-core-2.0-os, section 2.3.4).
 */
export function encrypted(
  plain: string | Buffer,
  certificate: string,
  choices: EncryptionChoices = {},
  element = 'EncryptedAssertion',
): string {
  const { content = GCM_256, keyOutside = false, otherRecipients = [], spoil = (octets: Buffer) => octets } = choices;
  const { key, octets } = encryptedOctets(plain, CIPHERS[content] ?? CIPHERS[GCM_256]!);
  const keys = [...otherRecipients, certificate].map((one) => encryptedKey(one, key, choices)).join('');
  const info =
    '<ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#">' +
    `${keyOutside ? '<ds:RetrievalMethod URI="#key"/>' : keys}</ds:KeyInfo>`;
  return (
    `<saml:${element} xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"><xenc:EncryptedData ` +
    `xmlns:xenc="${XENC}"${keyOutside ? ' Id="content"' : ''} Type="${XENC}Element">` +
    `<xenc:EncryptionMethod Algorithm="${content}"/>${info}` +
    `<xenc:CipherData><xenc:CipherValue>${spoil(octets).toString('base64')}</xenc:CipherValue>` +
    `</xenc:CipherData></xenc:EncryptedData>${keyOutside ? keys : ''}</saml:${element}>`
  );
}

const ASSERTION_PATTERN = /<(\w+:)?Assertion .*<\/(\w+:)?Assertion>/s;

/** Returns a response with its assertion encrypted. */
export function withEncrypted(
  response: string,
  certificate: string,
  choices?: EncryptionChoices,
  change = (assertion: string): string => assertion,
): string {
  return response.replace(ASSERTION_PATTERN, (assertion) => encrypted(change(assertion), certificate, choices));
}
