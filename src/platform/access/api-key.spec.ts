import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { crc32 } from 'node:zlib';
import type { Request } from 'express';
import './access.feature.js';
import { bearerKey, isApiKey, keyPrefix, newApiKey, unauthenticatedProblem } from './api-key.js';

const anyKey = fc.constant(null).map(() => newApiKey());
const characters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'];

describe('an API key', () => {
  it('passes its own format check and contains 256 random bits', () => {
    const keys = Array.from({ length: 500 }, newApiKey);
    expect(
      keys.filter(
        (key) =>
          !isApiKey(key) || !/^vs_[\w-]{49}$/.test(key) || Buffer.from(key.slice(3, 46), 'base64url').length !== 32,
      ),
    ).toEqual([]);
    expect(new Set(keys.map((key) => key.slice(3, 46))).size).toBe(500);
  });

  it('ends with the CRC-32 of the preceding characters (check value of ISO/IEC 3309: "123456789")', () => {
    expect(crc32('123456789')).toBe(0xcbf43926);
    const sum = Buffer.alloc(4);
    const key = newApiKey();
    sum.writeUInt32BE(crc32(key.slice(0, 46)));
    expect(key.slice(46)).toBe(sum.toString('base64url'));
  });

  it('fails the format check after any single-character change, swap, loss, or duplication', () => {
    fc.assert(
      fc.property(anyKey, fc.nat(51), fc.constantFrom(...characters), (key, at, character) => {
        const [before, here, next, after] = [key.slice(0, at), key[at]!, key[at + 1] ?? '', key.slice(at + 2)];
        expect(isApiKey(before + character + next + after)).toBe(character === here);
        expect(isApiKey(before + next + here + after)).toBe(next === here || next === '');
        expect(isApiKey(before + next + after)).toBe(false);
        expect(isApiKey(before + here + here + next + after)).toBe(false);
      }),
    );
  });

  it('rejects arbitrary text', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...characters), minLength: 49, maxLength: 49 }),
        (text) => !isApiKey(`vs_${text}`),
      ),
    );
    fc.assert(
      fc.property(
        fc.string(),
        (text) => !isApiKey(text) && bearerKey(text) === undefined && bearerKey(`Bearer ${text}`) === undefined,
      ),
    );
  });

  it('has a prefix for recognition that leaves 220 random bits secret', () => {
    const key = newApiKey();
    expect([key.startsWith(keyPrefix(key)), keyPrefix(key).length]).toEqual([true, 9]);
  });
});

describe('an Authorization header', () => {
  it('yields the key only for the scheme Bearer in any case, followed by one space', () => {
    const key = newApiKey();
    expect([`Bearer ${key}`, `bearer ${key}`, `BEARER ${key}`].map(bearerKey)).toEqual([key, key, key]);
    expect(
      [
        key,
        `Basic ${key}`,
        `Bearer  ${key}`,
        `Bearer ${key} `,
        ` Bearer ${key}`,
        `Bearer ${key}, x`,
        `Bearer\t${key}`,
        `Bearer ${key}\n`,
        'Bearer',
        'Bearer ',
        '',
      ].map(bearerKey),
    ).toEqual(Array(11).fill(undefined));
  });

  it('gets WWW-Authenticate with a 401, and a cookie request does not', () => {
    const of = (authorization?: string) => ({ request: { headers: { authorization } } as Request });
    expect(unauthenticatedProblem(of('Bearer x'), 'api_key_expired').headers).toEqual({ 'WWW-Authenticate': 'Bearer' });
    expect([
      unauthenticatedProblem(of('Bearer x'), 'ip_not_allowed').headers,
      unauthenticatedProblem(of(), 'session_expired').headers,
    ]).toEqual([{}, {}]);
  });
});
