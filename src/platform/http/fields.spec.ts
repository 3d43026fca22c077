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

const invalidFields = (fields: Partial<Fields>) =>
  validateSync(Object.assign(new Fields(), fields)).map(({ property }) => property);

describe('a field that may be absent', () => {
  it('can be omitted but not set to null', () => {
    expect(invalidFields({})).toEqual([]);
    expect(invalidFields({ name: undefined })).toEqual([]);
    expect(invalidFields({ name: null, title: null })).toEqual(['name']);
  });
});

describe('an instant', () => {
  it.each([
    '2026-01-31',
    '2026-01-31T23:59Z',
    '2026-01-31T23:59:59Z',
    '2026-01-31T23:59:59.123456789+05:30',
    '2024-02-29',
  ])('accepts %s', (at) => {
    expect(invalidFields({ at })).toEqual([]);
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
  ])('rejects %j', (at) => {
    expect(invalidFields({ at })).toEqual(['at']);
  });
});

describe('one line of text', () => {
  const LINES = ['Ada', 'Zoë O’Neill-Ng', 'نگار می‌خواهد', 'עדה', '阿达', 'a b', 'क्‍ष', '👩‍⚕️', '=1+1'];
  it.each(LINES)('accepts %s', (line) => {
    expect(invalidFields({ line })).toEqual([]);
  });

  it('rejects control characters, line separators, and bidirectional controls', () => {
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
        expect(invalidFields({ line: `${before}${character}${after}` })).toEqual(['line']);
      }),
    );
  });

  it.each<unknown>([5, true, {}, ['x'], null])('rejects %j', (line) => {
    expect(invalidFields({ line })).toEqual(['line']);
  });
});

describe('a past day', () => {
  const day = (time: number) => new Date(time).toISOString().slice(0, 10);

  it('accepts a calendar day that has begun in some time zone', () => {
    fc.assert(
      fc.property(fc.integer({ min: Date.UTC(1900, 0, 1), max: Date.now() }), (time) => {
        expect(invalidFields({ day: day(time) })).toEqual([]);
      }),
    );
    expect(invalidFields({ day: '2024-02-29' })).toEqual([]);
  });

  it('rejects a future day', () => {
    fc.assert(
      fc.property(fc.integer({ min: Date.now() + 2 * 86_400_000, max: Date.UTC(2999, 0, 1) }), (time) => {
        expect(invalidFields({ day: day(time) })).toEqual(['day']);
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
  ])('rejects %j', (value) => {
    expect(invalidFields({ day: value })).toEqual(['day']);
  });
});
