import { constants, createDecipheriv, privateDecrypt } from 'node:crypto';
import { checkKeyInfo } from './key-info.js';
import type { SpKey } from './saml-connection.js';
import { ENCRYPTION, SIGNATURE } from './saml-names.js';
import { ensure, SamlError } from './saml-error.js';
import { attribute, childrenNamed, type XmlElement } from './strict-xml.js';

/**
 * The allowed content encryption algorithms (XML Encryption 1.1, section 5.2), best first. CBC does not authenticate
 * the content: see `cbc-decryption.ts` and docs/adr/0038.
 */
const CIPHERS: ReadonlyMap<string, Cipher> = new Map([
  ['http://www.w3.org/2009/xmlenc11#aes256-gcm', { name: 'aes-256-gcm', keyBytes: 32, ivBytes: 12 }],
  ['http://www.w3.org/2009/xmlenc11#aes128-gcm', { name: 'aes-128-gcm', keyBytes: 16, ivBytes: 12 }],
  ['http://www.w3.org/2001/04/xmlenc#aes256-cbc', { name: 'aes-256-cbc', keyBytes: 32, ivBytes: 16 }],
  ['http://www.w3.org/2001/04/xmlenc#aes128-cbc', { name: 'aes-128-cbc', keyBytes: 16, ivBytes: 16 }],
]);

interface Cipher {
  readonly name: 'aes-256-gcm' | 'aes-128-gcm' | 'aes-256-cbc' | 'aes-128-cbc';
  readonly keyBytes: number;
  readonly ivBytes: number;
}

/** The content algorithms that the metadata lists, best first. */
export const CONTENT_ALGORITHMS: readonly string[] = [...CIPHERS.keys()];
export const KEY_ALGORITHM = 'http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p';

const OAEP: ReadonlySet<string> = new Set([KEY_ALGORITHM, 'http://www.w3.org/2009/xmlenc11#rsa-oaep']);
const HASHES: ReadonlyMap<string, string> = new Map([
  ['http://www.w3.org/2000/09/xmldsig#sha1', 'sha1'],
  ['http://www.w3.org/2001/04/xmlenc#sha256', 'sha256'],
  ['http://www.w3.org/2000/09/xmldsig#sha256', 'sha256'], // an incorrect name that senders on Node use
]);
const MASKS: ReadonlyMap<string, string> = new Map([
  ['http://www.w3.org/2009/xmlenc11#mgf1sha1', 'sha1'],
  ['http://www.w3.org/2009/xmlenc11#mgf1sha256', 'sha256'],
]);
/** The greatest number of encrypted content keys in a message. Each attempt costs an RSA operation. */
const MAX_KEYS = 4;
const TAG_BYTES = 16;

function single(parent: XmlElement, local: string, uri = ENCRYPTION): XmlElement {
  const found = childrenNamed(parent, uri, local);
  ensure(found.length === 1, 'encryption_malformed', local);
  return found[0]!;
}

/** Returns the one child with this name in any namespace: `MGF` and `DigestMethod` have different ones. */
function optional(parent: XmlElement, local: string): XmlElement | undefined {
  const found = parent.children.filter((child) => child.local === local);
  ensure(found.length <= 1, 'encryption_malformed', local);
  return found[0];
}

/** Returns the octets in the document. Octets elsewhere (CipherReference) are not fetched. */
function cipherValue(encrypted: XmlElement): Buffer {
  const data = single(encrypted, 'CipherData');
  checkOnly(data, 'CipherValue');
  const text = single(data, 'CipherValue').text.replaceAll(/\s/g, '');
  const bytes = Buffer.from(text, 'base64');
  ensure(text.length > 0 && bytes.toString('base64') === text, 'encryption_malformed', 'CipherValue');
  return bytes;
}

function isNamed({ local, uri }: XmlElement, name: string): boolean {
  return local === name && uri === (name === 'KeyInfo' ? SIGNATURE : ENCRYPTION);
}

/** Rejects every child with another name. `KeyInfo` is in the namespace of signatures. */
function checkOnly(parent: XmlElement, ...names: string[]): void {
  const other = parent.children.find((child) => !names.some((name) => isNamed(child, name)));
  ensure(other === undefined, 'encryption_malformed', other?.local.slice(0, 50));
}

/** Rejects every attribute without a namespace that has another name. */
function checkAttributes(encrypted: XmlElement, ...names: string[]): void {
  const other = encrypted.attributes.find(({ local, uri }) => uri === '' && !names.includes(local));
  ensure(other === undefined, 'encryption_malformed', other?.local.slice(0, 50));
}

/**
 * Rejects the elements and attributes that no provider needs (XML Encryption 1.1, sections 3.1 to 3.6). When a key is
 * next to the content, Shibboleth names the content in the key. Nothing follows this reference.
 */
function checkStructure(wrapper: XmlElement, data: XmlElement, keys: readonly XmlElement[]): void {
  checkOnly(wrapper, 'EncryptedData', 'EncryptedKey');
  checkOnly(data, 'EncryptionMethod', 'KeyInfo', 'CipherData');
  checkAttributes(data, 'Id', 'Type');
  ensure([undefined, `${ENCRYPTION}Element`].includes(attribute(data, 'Type')), 'encryption_malformed', 'Type');
  checkOnly(single(data, 'EncryptionMethod'), 'KeySize');
  for (const key of keys) {
    checkOnly(key, 'EncryptionMethod', 'KeyInfo', 'CipherData', 'ReferenceList', 'CarriedKeyName');
    checkAttributes(key, 'Id', 'Recipient');
    for (const { attributes, children } of childrenNamed(key, ENCRYPTION, 'ReferenceList').flatMap(referencesIn)) {
      const isContent = attributes.every(
        ({ local, value }) => local === 'URI' && value === `#${attribute(data, 'Id')}`,
      );
      ensure(isContent && attributes.length === 1 && children.length === 0, 'encryption_malformed', 'DataReference');
    }
  }
}

function referencesIn(list: XmlElement): readonly XmlElement[] {
  checkOnly(list, 'DataReference');
  return list.children;
}

function algorithmOf(encrypted: XmlElement): { method: XmlElement; algorithm: string } {
  const method = single(encrypted, 'EncryptionMethod');
  return { method, algorithm: attribute(method, 'Algorithm') ?? '' };
}

function rejectAlgorithm(algorithm: string): never {
  throw new SamlError('encryption_algorithm', algorithm.slice(0, 100));
}

/** Returns the hash of RSA-OAEP. Node supports only one hash for digest and mask, and providers send only that. */
function oaepHash(encryptedKey: XmlElement): string {
  const { method, algorithm } = algorithmOf(encryptedKey);
  if (!OAEP.has(algorithm)) rejectAlgorithm(algorithm);
  const [digest, mask] = ['DigestMethod', 'MGF'].map((name) => optional(method, name));
  ensure(optional(method, 'OAEPparams') === undefined, 'encryption_algorithm', 'OAEPparams');
  const hash = digest === undefined ? 'sha1' : HASHES.get(attribute(digest, 'Algorithm') ?? '');
  if (hash === undefined) rejectAlgorithm(attribute(digest!, 'Algorithm') ?? '');
  if (algorithm === KEY_ALGORITHM) ensure(mask === undefined, 'encryption_malformed', 'MGF');
  else
    ensure(
      (mask === undefined ? 'sha1' : MASKS.get(attribute(mask, 'Algorithm') ?? '')) === hash,
      'encryption_algorithm',
      'mask and digest differ',
    );
  return hash;
}

/**
 * Returns the encrypted content keys, from the content's KeyInfo and from the wrapper element. A RetrievalMethod may
 * only name one of the latter, as Shibboleth writes it. Nothing follows it.
 */
function encryptedKeys(wrapper: XmlElement, data: XmlElement): XmlElement[] {
  const infos = childrenNamed(data, SIGNATURE, 'KeyInfo');
  const outside = childrenNamed(wrapper, ENCRYPTION, 'EncryptedKey');
  const named = outside.flatMap((key) => attribute(key, 'Id') ?? []);
  const isKey = ({ uri, local }: XmlElement): boolean => uri === ENCRYPTION && local === 'EncryptedKey';
  const namesKey = (child: XmlElement): boolean =>
    child.uri === SIGNATURE &&
    child.local === 'RetrievalMethod' &&
    child.children.length === 0 &&
    named.some((id) => attribute(child, 'URI') === `#${id}`);
  infos.forEach((info) => checkKeyInfo(info, (child) => isKey(child) || namesKey(child)));
  const keys = [...infos.flatMap((info) => info.children.filter(isKey)), ...outside];
  ensure(keys.length > 0 && keys.length <= MAX_KEYS, 'encryption_malformed', 'EncryptedKey');
  keys.flatMap((key) => childrenNamed(key, SIGNATURE, 'KeyInfo')).forEach((info) => checkKeyInfo(info));
  return keys;
}

/** An encrypted assertion whose structure and algorithms are allowed. */
export interface Encryption {
  readonly cipher: Cipher;
  /** The candidates for the content key, encrypted with RSA-OAEP and this hash. */
  readonly keys: readonly { readonly hash: string; readonly value: Buffer }[];
  readonly value: Buffer;
}

/**
 * Reads an `EncryptedAssertion` (saml-core-2.0-os, section 2.3.4) with an allow-list of elements and algorithms, before
 * anything is decrypted.
 * @throws SamlError
 */
export function readEncryption(wrapper: XmlElement): Encryption {
  const data = single(wrapper, 'EncryptedData');
  const { algorithm } = algorithmOf(data);
  const cipher = CIPHERS.get(algorithm) ?? rejectAlgorithm(algorithm);
  const candidates = encryptedKeys(wrapper, data);
  checkStructure(wrapper, data, candidates);
  const hashes = candidates.map(oaepHash);
  const keys = candidates.map((key, i) => ({ hash: hashes[i]!, value: cipherValue(key) }));
  return { cipher, keys, value: cipherValue(data) };
}

/** Returns whether a cipher authenticates its content. */
export function isAuthenticated({ name }: Cipher): boolean {
  return name.endsWith('gcm');
}

/** Returns the content key in one candidate; undefined when it is for another key or another recipient. */
export function unwrapKey(privateKey: string, { hash, value }: Encryption['keys'][number]): Buffer | undefined {
  try {
    return privateDecrypt({ key: privateKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: hash }, value);
  } catch {
    return undefined;
  }
}

/** Returns the content without its padding, of which only the last octet counts (XML Encryption 1.1, section 5.2.1). */
function unpadded(padded: Buffer): Buffer {
  const padding = padded.at(-1) ?? 0;
  ensure(padding >= 1 && padding <= 16 && padding <= padded.length, 'decryption_failed');
  return padded.subarray(0, -padding);
}

/** Returns the decrypted octets. The padding of CBC is still in them. Throws any error. */
export function decipher({ name, ivBytes }: Cipher, key: Buffer, value: Buffer): Buffer {
  const iv = value.subarray(0, ivBytes);
  if (name === 'aes-256-cbc' || name === 'aes-128-cbc') {
    const cbc = createDecipheriv(name, key, iv).setAutoPadding(false);
    return Buffer.concat([cbc.update(value.subarray(ivBytes)), cbc.final()]);
  }
  ensure(value.length >= ivBytes + TAG_BYTES, 'decryption_failed');
  const gcm = createDecipheriv(name, key, iv, { authTagLength: TAG_BYTES }).setAuthTag(value.subarray(-TAG_BYTES));
  return Buffer.concat([gcm.update(value.subarray(ivBytes, -TAG_BYTES)), gcm.final()]);
}

/**
 * Decrypts an assertion with GCM, or with CBC after a signature around it was verified. Every failure inside gives the
 * same error, so that a sender cannot learn whether padding, tag, or text was wrong.
 * @returns the decrypted text, which is not verified yet
 * @throws SamlError
 */
export function decrypt({ cipher, keys, value }: Encryption, spKeys: readonly SpKey[]): string {
  const opened = keys.flatMap((candidate) => spKeys.map(({ privateKey }) => unwrapKey(privateKey, candidate)));
  const key = opened.find((one) => one?.length === cipher.keyBytes);
  ensure(key !== undefined, 'decryption_failed', 'no key of the connection fits');
  try {
    const octets = decipher(cipher, key, value);
    const text = isAuthenticated(cipher) ? octets : unpadded(octets);
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(text);
  } catch (cause) {
    throw new SamlError('decryption_failed', undefined, { cause });
  }
}
