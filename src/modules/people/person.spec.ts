import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { maskDateOfBirth, maskSsn, normalized } from './person.js';

const digits = (length: number) =>
  fc.array(fc.integer({ min: 0, max: 9 }), { minLength: length, maxLength: length }).map((list) => list.join(''));
const day = fc
  .integer({ min: Date.UTC(1900, 0, 1), max: Date.UTC(2099, 11, 31) })
  .map((time) => new Date(time).toISOString().slice(0, 10));

describe('masks', () => {
  it('show the last four digits of an SSN, with and without dashes', () => {
    fc.assert(
      fc.property(digits(9), (ssn) => {
        const masked = `***-**-${ssn.slice(5)}`;
        expect([maskSsn(ssn), maskSsn(`${ssn.slice(0, 3)}-${ssn.slice(3, 5)}-${ssn.slice(5)}`)]).toEqual([
          masked,
          masked,
        ]);
      }),
    );
  });

  it('show the year of a date of birth', () => {
    fc.assert(
      fc.property(day, (date) => {
        expect(maskDateOfBirth(date)).toBe(`**/**/${date.slice(0, 4)}`);
      }),
    );
  });

  it('show nothing of an invalid value', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        if (text.replace(/\D/g, '').length !== 9) expect(maskSsn(text)).toBe('***-**-****');
        if (!/^\d{4}-\d\d-\d\d$/.test(text)) expect(maskDateOfBirth(text)).toBe('**/**/****');
      }),
    );
    expect([maskSsn(null), maskDateOfBirth(null)]).toEqual([null, null]);
  });
});

describe('normalized fields', () => {
  it('hold the digits of an SSN, keep nulls, and omit absent fields', () => {
    expect(normalized({ ssn: '000-12-3456', title: null, npi: undefined, phone: '+1 202 555' })).toEqual({
      ssn: '000123456',
      title: null,
      phone: '+1 202 555',
    });
    expect(normalized({ ssn: null })).toEqual({ ssn: null });
  });
});
