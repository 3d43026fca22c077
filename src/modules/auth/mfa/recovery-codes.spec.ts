import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { meantCode, newRecoveryCodes } from './recovery-codes.js';

describe('recovery codes', () => {
  it('are ten different ones of 50 bits, without letters that are misread', () => {
    const codes = newRecoveryCodes();
    expect(new Set(codes).size).toBe(10);
    for (const code of codes) expect(code).toMatch(/^[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}$/);
  });

  it('mean the same however they are typed', () => {
    fc.assert(
      fc.property(fc.constantFrom(...newRecoveryCodes()), fc.array(fc.nat(10)), (code, spaces) => {
        const spaced = spaces.reduce((typed, at) => `${typed.slice(0, at)} ${typed.slice(at)}`, code.toLowerCase());
        const misread = spaced.replaceAll('0', 'o').replaceAll('1', 'l');
        return [code, spaced, misread].every((typed) => meantCode(typed) === code.replace('-', ''));
      }),
    );
  });
});
