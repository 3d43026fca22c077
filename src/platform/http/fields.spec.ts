import { describe, expect, it } from '@jest/globals';
import { IsOptional, IsString, validateSync } from 'class-validator';
import fc from 'fast-check';
import { IsInstant, IsOneLine, IsPastDay, MayBeAbsent } from './fields.js';

class Fields {
  @MayBeAbsent() @IsString() name?: unknown;
  @IsOptional() @IsString() title?: unknown;
  @MayBeAbsent() @IsInstant() at?: unknown;
  @MayBeAbsent() @IsOneLine() line?: unknown;
  @MayBeAbsent() @IsPastDay() day?: unknown;
}

const refused = (fields: Partial<Fields>) =>
  validateSync(Object.assign(new Fields(), fields)).map(({ property }) => property);

describe('a field that may be absent', () => {
  it('may be left out, and is not emptied by null', () => {
    expect(refused({})).toEqual([]);
    expect(refused({ name: undefined })).toEqual([]);
    expect(refused({ name: null, title: null })).toEqual(['name']);
  });
});

describe('a moment', () => {
  it.each([
    '2026-01-31',
    '2026-01-31T23:59Z',
    '2026-01-31T23:59:59Z',
    '2026-01-31T23:59:59.123456789+05:30',
    '2024-02-29',
  ])('is taken: %s', (at) => {
    expect(refused({ at })).toEqual([]);
    expect(new Date(at).getTime()).not.toBeNaN();
  });

  it.each<unknown>([
    '',
    'now',
    '2026',
    '2026-01',
    '2026-02-30',
    '2023-02-29',
    '2026-13-01',
    '2026-W01-1',
    '2026-366',
    '20260131',
    '2026-01-31 10:00',
    '2026-01-31T10:00',
    '2026-01-31T24:61Z',
    '2026-01-31T23:59:60Z',
    '2026-01-31T10:00:00+99:99',
    '+275760-09-13T00:00:00Z',
    '2026-01-31T10:00:00Z\n',
    ' 2026-01-31',
    0,
    1e12,
    true,
    {},
    [],
    ['2026-01-31'],
    null,
  ])('is refused: %j', (at) => {
    expect(refused({ at })).toEqual(['at']);
  });
});

describe('one line of text', () => {
  it.each(['Ada', 'Zoë O’Neill-Ng', 'نگار می‌خواهد', 'עדה', '阿达', 'a b', 'क्‍ष', '👩‍⚕️', '=1+1'])(
    'is taken: %s',
    (line) => {
      expect(refused({ line })).toEqual([]);
    },
  );

  it('is refused with anything in it that is not seen and moves, hides or reorders the rest', () => {
    const unseen = fc
      .oneof(
        fc.integer({ min: 0, max: 0x1f }),
        fc.integer({ min: 0x7f, max: 0x9f }),
        fc.constantFrom(0x2028, 0x2029),
        fc.integer({ min: 0x202a, max: 0x202e }),
        fc.integer({ min: 0x2066, max: 0x2069 }),
      )
      .map((code) => String.fromCodePoint(code));
    fc.assert(
      fc.property(fc.string(), unseen, fc.string(), (before, character, after) => {
        expect(refused({ line: `${before}${character}${after}` })).toEqual(['line']);
      }),
    );
  });

  it.each<unknown>([5, true, {}, ['x'], null])('is refused: %j', (line) => {
    expect(refused({ line })).toEqual(['line']);
  });
});

describe('a day of the past', () => {
  const day = (time: number) => new Date(time).toISOString().slice(0, 10);

  it('is taken when it is in the calendar and has begun somewhere', () => {
    fc.assert(
      fc.property(fc.integer({ min: Date.UTC(1900, 0, 1), max: Date.now() }), (time) => {
        expect(refused({ day: day(time) })).toEqual([]);
      }),
    );
    expect(refused({ day: '2024-02-29' })).toEqual([]);
  });

  it('is refused when it is still to come', () => {
    fc.assert(
      fc.property(fc.integer({ min: Date.now() + 2 * 86_400_000, max: Date.UTC(2999, 0, 1) }), (time) => {
        expect(refused({ day: day(time) })).toEqual(['day']);
      }),
    );
  });

  it.each<unknown>([
    '2026-02-30',
    '2023-02-29',
    '1900-02-29',
    '1990-04-31',
    '1990-00-01',
    '1990-1-1',
    '1990-01-01T00:00:00Z',
    '19900101',
    '',
    ' 1990-01-01',
    '1990-01-01\n',
    5,
    null,
    ['1990-01-01'],
  ])('is refused: %j', (value) => {
    expect(refused({ day: value })).toEqual(['day']);
  });
});
