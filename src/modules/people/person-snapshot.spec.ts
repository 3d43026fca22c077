import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { SEALED } from './person.js';
import { changedFields, formerRecord, type Open } from './person-snapshot.js';

/** Columns in the format of `to_jsonb`. The test encodes "encrypted" values as hexadecimal only. */
const sealed = (text: string) => `\\x${Buffer.from(text).toString('hex')}`;
const open: Open = (_field, value) => value?.toString() ?? null;
const row = {
  external_id: 'partner-1',
  kind: 'trainee',
  given_name: 'Synthetic',
  family_name: 'Ada',
  title: null,
  npi: '1234567890',
  status: 'active',
  email_enc: sealed('ada@test.example'),
  phone_enc: sealed('+1 202 555 0100'),
  address_enc: null,
  date_of_birth_enc: sealed('1990-02-03'),
  ssn_enc: sealed('000123456'),
};
const shown = {
  externalId: 'partner-1',
  kind: 'trainee',
  givenName: 'Synthetic',
  familyName: 'Ada',
  title: null,
  npi: '1234567890',
  status: 'active',
  hasEmail: true,
  hasPhone: true,
  hasAddress: false,
  ssn: '***-**-3456',
  dateOfBirth: '**/**/1990',
};

describe('an earlier version of a record', () => {
  it('shows masked identifiers, and for contact details only whether they existed', () => {
    expect(formerRecord(row, open)).toEqual(shown);
  });

  it('hides every column that is not listed', () => {
    const unknown = fc.dictionary(
      fc.string().filter((column) => !(column in row)),
      fc.oneof(fc.string(), fc.constant(sealed('planted'))),
    );
    fc.assert(
      fc.property(unknown, (columns) => {
        expect(formerRecord({ ...columns, ...row }, open)).toEqual(shown);
        expect(changedFields([...Object.keys(columns), 'title'])).toEqual(['title']);
      }),
    );
  });

  it('never shows an SSN, a date of birth or a contact detail', () => {
    const value = fc.string({ minLength: 5 });
    fc.assert(
      fc.property(value, value, value, (email, ssn, dateOfBirth) => {
        const former = formerRecord(
          {
            ...row,
            email_enc: sealed(`e|${email}`),
            ssn_enc: sealed(`s|${ssn}`),
            date_of_birth_enc: sealed(`d|${dateOfBirth}`),
          },
          open,
        );
        expect(Object.values(former).filter((text) => typeof text === 'string' && /^[esd]\|/.test(text))).toEqual([]);
        expect([former.ssn, former.dateOfBirth]).toEqual([
          expect.stringMatching(/^\*{3}-\*\*-(\d{4}|\*{4})$/),
          '**/**/****',
        ]);
      }),
    );
  });

  it('shows an absent column as empty', () => {
    expect(formerRecord({}, open)).toEqual({
      ...Object.fromEntries(Object.keys(shown).map((field) => [field, null])),
      hasEmail: false,
      hasPhone: false,
      hasAddress: false,
    });
  });

  it('names the changed fields, including encrypted fields', () => {
    expect(changedFields(['external_id', ...Object.values(SEALED), 'email_index', 'constructor'])).toEqual([
      'externalId',
      ...Object.keys(SEALED),
    ]);
  });
});
