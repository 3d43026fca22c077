import { webcrypto } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  keyVersionOf,
  open,
  openNullable,
  openText,
  openTextNullable,
  seal,
  SEAL_OVERHEAD,
  sealNullable,
  sealWithIv,
} from './envelope.js';
import { DecryptionFailed } from './errors.js';
import { associatedData, type CipherContext } from './cipher-context.js';

const key = Buffer.from('000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f', 'hex');
const otherKey = Buffer.alloc(32, 0xa5);
const keyFor = (keyVersion: number): Buffer => (keyVersion === 7 ? key : otherKey);
const context: CipherContext = { orgId: 'org-1', table: 'people', column: 'email_enc', rowId: 'row-1' };

const part = fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => !text.includes('|'));
const contexts = fc.record({ orgId: part, table: part, column: part, rowId: part });
const bytes = fc.uint8Array({ maxLength: 300 }).map((data) => Buffer.from(data));

describe('envelope', () => {
  it('matches a known answer for a fixed key, IV, and context from another library', () => {
    const sealed = sealWithIv(key, 7, Buffer.from('a0a1a2a3a4a5a6a7a8a9aaab', 'hex'), 'zoë@example.org', context);
    expect(sealed.toString('hex')).toBe(
      '07a0a1a2a3a4a5a6a7a8a9aaab9c77bf8605ae7ade0f15ebb62915b2b9500b94b0fa223b8753d01742ca88e29b',
    );
  });

  it('is AES-256-GCM after the version byte and IV: WebCrypto decrypts it', async () => {
    const sealed = seal(key, 7, 'zoë@example.org', context);
    const webKey = await webcrypto.subtle.importKey('raw', key, 'AES-GCM', false, ['decrypt']);
    const algorithm = {
      name: 'AES-GCM',
      iv: sealed.subarray(1, 13),
      additionalData: Buffer.from('org-1|people|email_enc|row-1'),
    };
    const opened = await webcrypto.subtle.decrypt(algorithm, webKey, sealed.subarray(13));
    expect(Buffer.from(opened).toString()).toBe('zoë@example.org');
    expect(sealed[0]).toBe(7);
  });

  it('opens to the sealed bytes for any context and key version', () => {
    fc.assert(
      fc.property(bytes, contexts, fc.integer({ min: 1, max: 255 }), (data, at, keyVersion) => {
        const sealed = seal(key, keyVersion, data, at);
        expect(sealed.length).toBe(data.length + SEAL_OVERHEAD);
        expect(keyVersionOf(sealed)).toBe(keyVersion);
        expect(open(() => key, sealed, at)).toEqual(data);
      }),
    );
  });

  it('opens to the same text for any characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(openText(keyFor, seal(key, 7, text, context), context)).toBe(text);
      }),
    );
  });

  it('never produces the same ciphertext twice', () => {
    const sealed = Array.from({ length: 100 }, () => seal(key, 7, 'same', context).toString('hex'));
    expect(new Set(sealed).size).toBe(100);
  });

  it('rejects a value with any single bit changed', () => {
    const sealed = seal(key, 7, 'secret', context);
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const forged = Buffer.from(sealed);
      forged[bit >> 3]! ^= 1 << (bit & 7);
      expect(() => open(keyFor, forged, context)).toThrow(DecryptionFailed);
    }
  });

  it('rejects a truncated or extended value', () => {
    const sealed = seal(key, 7, 'secret', context);
    for (let length = 0; length < sealed.length; length++) {
      expect(() => open(keyFor, sealed.subarray(0, length), context)).toThrow(DecryptionFailed);
    }
    expect(() => open(keyFor, Buffer.concat([sealed, Buffer.of(0)]), context)).toThrow(DecryptionFailed);
  });

  it('rejects random bytes', () => {
    fc.assert(
      fc.property(bytes, (data) => {
        expect(() => open(keyFor, data, context)).toThrow(DecryptionFailed);
      }),
    );
  });

  it('rejects a value moved to another organization, table, column, or row', () => {
    const sealed = seal(key, 7, 'secret', context);
    for (const moved of ['orgId', 'table', 'column', 'rowId'] as const) {
      expect(() => open(keyFor, sealed, { ...context, [moved]: 'other' })).toThrow(DecryptionFailed);
    }
  });

  it('rejects a value sealed under another key', () => {
    expect(() => open(keyFor, seal(otherKey, 7, 'secret', context), context)).toThrow(DecryptionFailed);
  });

  it('rethrows the error of the key lookup', () => {
    const destroyed = new Error('key destroyed');
    const noKey = (): Buffer => {
      throw destroyed;
    };
    expect(() => open(noKey, seal(key, 7, 'secret', context), context)).toThrow(destroyed);
  });

  it('reveals nothing secret in its error', () => {
    const sealed = seal(otherKey, 7, 'secret', context);
    expect(() => open(keyFor, sealed, context)).toThrow(/^people\.email_enc could not be decrypted$/);
  });

  it('keeps null as null and empty text as empty', () => {
    expect(sealNullable(key, 7, null, context)).toBeNull();
    expect(openNullable(keyFor, null, context)).toBeNull();
    expect(openTextNullable(keyFor, null, context)).toBeNull();
    const empty = sealNullable(key, 7, '', context);
    expect(openNullable(keyFor, empty, context)).toEqual(Buffer.alloc(0));
    expect(openTextNullable(keyFor, empty, context)).toBe('');
  });

  it('rejects key versions that do not fit the version byte and text that is not well-formed', () => {
    for (const keyVersion of [0, 256, -1, 1.5, Number.NaN])
      expect(() => seal(key, keyVersion, 'x', context)).toThrow(RangeError);
    expect(() => seal(key, 1, '\ud800', context)).toThrow(TypeError);
    expect(() => keyVersionOf(Buffer.alloc(0))).toThrow(DecryptionFailed);
  });
});

describe('associated data', () => {
  it('is org|table|column|row', () => {
    expect(associatedData(context).toString()).toBe('org-1|people|email_enc|row-1');
  });

  it('differs for different contexts', () => {
    fc.assert(
      fc.property(contexts, contexts, (a, b) => {
        const same = a.orgId === b.orgId && a.table === b.table && a.column === b.column && a.rowId === b.rowId;
        expect(associatedData(a).equals(associatedData(b))).toBe(same);
      }),
    );
  });

  it('rejects parts that could make two contexts equal', () => {
    for (const bad of ['', 'a|b', '|', '\udfff']) {
      for (const name of ['orgId', 'table', 'column', 'rowId']) {
        expect(() => associatedData({ ...context, [name]: bad })).toThrow(`context.${name}`);
      }
    }
  });
});
