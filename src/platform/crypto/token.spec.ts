import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { constantTimeEqual, hashToken, randomToken, sha256 } from './token.js';

describe('tokens', () => {
  it('contain 256 random bits in URL-safe characters', () => {
    const tokens = Array.from({ length: 200 }, () => randomToken());
    for (const token of tokens) {
      expect(token).toMatch(/^[\w-]{43}$/);
      expect(Buffer.from(token, 'base64url').length).toBe(32);
    }
    expect(new Set(tokens).size).toBe(200);
    expect(randomToken('vs_invite_')).toMatch(/^vs_invite_[\w-]{43}$/);
  });

  it('are stored as their SHA-256 digest (FIPS 180-4 example "abc")', () => {
    expect(hashToken('abc').toString('hex')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
    expect(sha256(Buffer.from('abc'))).toEqual(hashToken('abc'));
  });

  it('are equal only for equal content and length', () => {
    const text = fc.string({ maxLength: 4 });
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(constantTimeEqual(a, b)).toBe(a === b);
        expect(constantTimeEqual(a, Buffer.from(a))).toBe(true);
      }),
    );
  });
});
