import { createHmac } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { deriveKey } from './derive.js';
import { DecryptionFailed } from './errors.js';
import { LocalKms, parseRootKey } from './kms.js';

const first = '1f'.repeat(32);
const second = '2e'.repeat(32);
const dataKey = Buffer.from(Array.from({ length: 32 }, (_, i) => i));
const context = 'organization/org-1/1';

describe('local KMS', () => {
  it('unwraps a wrapped key only in the same context', async () => {
    const kms = new LocalKms(first);
    const wrapped = await kms.wrap(dataKey, context);
    expect(wrapped.length).toBe(1 + 12 + 32 + 16);
    expect(wrapped.includes(dataKey)).toBe(false);
    expect(await kms.unwrap(wrapped, context)).toEqual(dataKey);
    await expect(kms.unwrap(wrapped, 'organization/org-2/1')).rejects.toThrow(DecryptionFailed);
  });

  it('rejects a wrapped key that is changed, truncated, or empty', async () => {
    const kms = new LocalKms(first, { keyId: 2, retired: { 1: second } });
    const wrapped = await kms.wrap(dataKey, context);
    for (let at = 0; at < wrapped.length; at++) {
      const forged = Buffer.from(wrapped);
      forged[at]! ^= 1;
      await expect(kms.unwrap(forged, context)).rejects.toThrow(DecryptionFailed);
      await expect(kms.unwrap(wrapped.subarray(0, at), context)).rejects.toThrow(DecryptionFailed);
    }
  });

  it('unwraps keys from before a root key rotation and wraps with the new key only', async () => {
    const before = await new LocalKms(first).wrap(dataKey, context);
    const rotated = new LocalKms(second, { keyId: 2, retired: { 1: first } });
    expect(await rotated.unwrap(before, context)).toEqual(dataKey);
    expect(rotated.isStale(before)).toBe(true);
    const after = await rotated.wrap(dataKey, context);
    expect(after[0]).toBe(2);
    expect(rotated.isStale(after)).toBe(false);
    await expect(new LocalKms(first).unwrap(after, context)).rejects.toThrow(DecryptionFailed);
    expect(await new LocalKms(second, { keyId: 2 }).unwrap(after, context)).toEqual(dataKey);
  });

  it('rejects malformed root keys without repeating them', () => {
    for (const bad of ['', 'ab', 'g'.repeat(64), 'ab'.repeat(33), ` ${'ab'.repeat(32)}`]) {
      expect(() => new LocalKms(bad)).toThrow(/^a root key is 64 hexadecimal characters$/);
    }
    expect(parseRootKey('AB'.repeat(32))).toEqual(Buffer.alloc(32, 0xab));
  });

  it('rejects invalid or repeated key ids and data keys of another length', async () => {
    for (const keyId of [0, 256, 1.5]) expect(() => new LocalKms(first, { keyId })).toThrow(RangeError);
    expect(() => new LocalKms(first, { retired: { 1: second } })).toThrow(RangeError);
    await expect(new LocalKms(first).wrap(Buffer.alloc(16), context)).rejects.toThrow(TypeError);
    await expect(new LocalKms(first).wrap(dataKey, '')).rejects.toThrow(TypeError);
  });
});

describe('key derivation', () => {
  it('is HKDF-SHA256 (RFC 5869) with the purpose as info', () => {
    const hmac = (key: Buffer, data: Buffer): Buffer => createHmac('sha256', key).update(data).digest();
    const salt = Buffer.alloc(32, 9);
    const pseudoRandom = hmac(salt, dataKey);
    const expected = hmac(pseudoRandom, Buffer.concat([Buffer.from('vouchsafe/v1/some purpose'), Buffer.of(1)]));
    expect(deriveKey(dataKey, 'some purpose', salt)).toEqual(expected);
  });

  it('derives an independent key for each purpose and salt', () => {
    const keys = [deriveKey(dataKey, 'a'), deriveKey(dataKey, 'b'), deriveKey(dataKey, 'a', Buffer.of(1)), dataKey];
    expect(new Set(keys.map((key) => key.toString('hex'))).size).toBe(keys.length);
    expect(() => deriveKey(dataKey, '')).toThrow(TypeError);
    expect(() => deriveKey(Buffer.alloc(31), 'a')).toThrow(TypeError);
  });
});
