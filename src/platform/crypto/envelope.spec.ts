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
const place: CipherContext = { orgId: 'org-1', table: 'people', column: 'email_enc', rowId: 'row-1' };

const part = fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => !text.includes('|'));
const places = fc.record({ orgId: part, table: part, column: part, rowId: part });
const bytes = fc.uint8Array({ maxLength: 300 }).map((data) => Buffer.from(data));

describe('envelope', () => {
  it('gives the known answer for a fixed key, IV and place, computed with another library', () => {
    const sealed = sealWithIv(key, 7, Buffer.from('a0a1a2a3a4a5a6a7a8a9aaab', 'hex'), 'zoë@example.org', place);
    expect(sealed.toString('hex')).toBe(
      '07a0a1a2a3a4a5a6a7a8a9aaab9c77bf8605ae7ade0f15ebb62915b2b9500b94b0fa223b8753d01742ca88e29b',
    );
  });

  it('is plain AES-256-GCM behind the version byte and IV: WebCrypto opens it', async () => {
    const sealed = seal(key, 7, 'zoë@example.org', place);
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

  it('opens to what was sealed, for any bytes, place and keyVersion', () => {
    fc.assert(
      fc.property(bytes, places, fc.integer({ min: 1, max: 255 }), (data, at, keyVersion) => {
        const sealed = seal(key, keyVersion, data, at);
        expect(sealed.length).toBe(data.length + SEAL_OVERHEAD);
        expect(keyVersionOf(sealed)).toBe(keyVersion);
        expect(open(() => key, sealed, at)).toEqual(data);
      }),
    );
  });

  it('opens to the same text, whatever its characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(openText(keyFor, seal(key, 7, text, place), place)).toBe(text);
      }),
    );
  });

  it('never gives the same ciphertext twice', () => {
    const sealed = Array.from({ length: 100 }, () => seal(key, 7, 'same', place).toString('hex'));
    expect(new Set(sealed).size).toBe(100);
  });

  it('refuses a value with any one bit of any byte changed', () => {
    const sealed = seal(key, 7, 'secret', place);
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const forged = Buffer.from(sealed);
      forged[bit >> 3]! ^= 1 << (bit & 7);
      expect(() => open(keyFor, forged, place)).toThrow(DecryptionFailed);
    }
  });

  it('refuses a value cut short or made longer', () => {
    const sealed = seal(key, 7, 'secret', place);
    for (let length = 0; length < sealed.length; length++) {
      expect(() => open(keyFor, sealed.subarray(0, length), place)).toThrow(DecryptionFailed);
    }
    expect(() => open(keyFor, Buffer.concat([sealed, Buffer.of(0)]), place)).toThrow(DecryptionFailed);
  });

  it('refuses random bytes', () => {
    fc.assert(
      fc.property(bytes, (data) => {
        expect(() => open(keyFor, data, place)).toThrow(DecryptionFailed);
      }),
    );
  });

  it('refuses a value transplanted to another organization, table, column or row', () => {
    const sealed = seal(key, 7, 'secret', place);
    for (const moved of ['orgId', 'table', 'column', 'rowId'] as const) {
      expect(() => open(keyFor, sealed, { ...place, [moved]: 'other' })).toThrow(DecryptionFailed);
    }
  });

  it('refuses a value sealed under another key', () => {
    expect(() => open(keyFor, seal(otherKey, 7, 'secret', place), place)).toThrow(DecryptionFailed);
  });

  it('lets the reason why a key is gone pass through', () => {
    const destroyed = new Error('key destroyed');
    const noKey = (): Buffer => {
      throw destroyed;
    };
    expect(() => open(noKey, seal(key, 7, 'secret', place), place)).toThrow(destroyed);
  });

  it('tells nothing secret when it refuses', () => {
    const sealed = seal(otherKey, 7, 'secret', place);
    expect(() => open(keyFor, sealed, place)).toThrow(/^people\.email_enc could not be decrypted$/);
  });

  it('keeps null null, and empty text empty', () => {
    expect(sealNullable(key, 7, null, place)).toBeNull();
    expect(openNullable(keyFor, null, place)).toBeNull();
    expect(openTextNullable(keyFor, null, place)).toBeNull();
    const empty = sealNullable(key, 7, '', place);
    expect(openNullable(keyFor, empty, place)).toEqual(Buffer.alloc(0));
    expect(openTextNullable(keyFor, empty, place)).toBe('');
  });

  it('refuses key versions that do not fit the version byte, and text that would not come back', () => {
    for (const keyVersion of [0, 256, -1, 1.5, Number.NaN])
      expect(() => seal(key, keyVersion, 'x', place)).toThrow(RangeError);
    expect(() => seal(key, 1, '\ud800', place)).toThrow(TypeError);
    expect(() => keyVersionOf(Buffer.alloc(0))).toThrow(DecryptionFailed);
  });
});

describe('associated data', () => {
  it('is org|table|column|row', () => {
    expect(associatedData(place).toString()).toBe('org-1|people|email_enc|row-1');
  });

  it('differs for different places', () => {
    fc.assert(
      fc.property(places, places, (a, b) => {
        const same = a.orgId === b.orgId && a.table === b.table && a.column === b.column && a.rowId === b.rowId;
        expect(associatedData(a).equals(associatedData(b))).toBe(same);
      }),
    );
  });

  it('refuses parts that could make two places alike', () => {
    for (const bad of ['', 'a|b', '|', '\udfff']) {
      for (const name of ['orgId', 'table', 'column', 'rowId']) {
        expect(() => associatedData({ ...place, [name]: bad })).toThrow(`place.${name}`);
      }
    }
  });
});
