import { createHash, createSign, createVerify } from 'node:crypto';
import { SignedXml } from 'xml-crypto';
import { RSA_SHA384, SHA384 } from './saml-names.js';

/**
 * Adds SHA-384 (RFC 6931, sections 2.1.3 and 2.3.3) to xml-crypto, which has only SHA-256 and SHA-512. It extends the
 * class, because passport-saml creates its own instances.
 */
const { findHashAlgorithm, findSignatureAlgorithm } = SignedXml.prototype as unknown as Lookups;

interface Lookups {
  readonly findHashAlgorithm: (this: SignedXml, name: string) => unknown;
  readonly findSignatureAlgorithm: (this: SignedXml, name: string) => unknown;
}

const HASH = {
  getAlgorithmName: () => SHA384,
  getHash: (xml: string) => createHash('sha384').update(xml, 'utf8').digest('base64'),
};

const SIGNATURE = {
  getAlgorithmName: () => RSA_SHA384,
  getSignature: (info: string, key: string) => createSign('RSA-SHA384').update(info).sign(key, 'base64'),
  verifySignature: (info: string, key: string, value: string) =>
    createVerify('RSA-SHA384').update(info).verify(key, value, 'base64'),
};

Object.assign(SignedXml.prototype, {
  findHashAlgorithm(this: SignedXml, name: string) {
    return name === SHA384 ? HASH : findHashAlgorithm.call(this, name);
  },
  findSignatureAlgorithm(this: SignedXml, name: string) {
    return name === RSA_SHA384 ? SIGNATURE : findSignatureAlgorithm.call(this, name);
  },
} satisfies Lookups);
