import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { normalizeCode, newRecoveryCodes } from './recovery-codes.js';

describe('recovery codes', () => {
  it('are ten different codes of 50 bits, without letters that are easily misread', () => {
    const codes = newRecoveryCodes();
    expect(new Set(codes).size).toBe(10);
    for (const code of codes) expect(code).toMatch(/^[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}$/);
  });

  it('are normalized regardless of case, spaces, and misread letters', () => {
    fc.assert(
      fc.property(fc.constantFrom(...newRecoveryCodes()), fc.array(fc.nat(10)), (code, spaces) => {
        const spaced = spaces.reduce((typed, at) => `${typed.slice(0, at)} ${typed.slice(at)}`, code.toLowerCase());
        const misread = spaced.replaceAll('0', 'o').replaceAll('1', 'l');
        return [code, spaced, misread].every((typed) => normalizeCode(typed) === code.replace('-', ''));
      }),
    );
  });
});
