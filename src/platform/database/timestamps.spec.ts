import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import pg from 'pg';
import { readTimestamp } from './timestamps.js';

const generalParser = pg.types.getTypeParser(pg.types.builtins.TIMESTAMPTZ) as (text: string) => Date | number;

describe('reading timestamps', () => {
  it('matches the general parser for every time that Postgres writes in UTC', () => {
    const times = fc.date({
      min: new Date('0100-01-01T00:00:00Z'),
      max: new Date('9999-12-31T23:59:59Z'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(
        times,
        fc.integer({ min: 0, max: 999_999 }),
        fc.integer({ min: 0, max: 6 }),
        (time, micros, length) => {
          const fraction = length === 0 ? '' : `.${String(micros).padStart(6, '0').slice(0, length)}`;
          const text = `${time.toISOString().slice(0, 19).replace('T', ' ')}${fraction}+00`;
          expect(readTimestamp(text)).toEqual(generalParser(text));
        },
      ),
    );
  });

  it.each([
    '2026-01-31 09:30:00+02',
    '2026-01-31 09:30:00.5-03:30',
    '0044-03-15 12:00:00+00 BC',
    '0033-04-03 12:00:00+00',
    '12026-01-01 00:00:00+00',
    'infinity',
    '-infinity',
  ])('delegates %s to the general parser', (text) => expect(readTimestamp(text)).toEqual(generalParser(text)));
});
