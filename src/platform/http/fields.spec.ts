import { describe, expect, it } from '@jest/globals';
import { IsOptional, IsString, validateSync } from 'class-validator';
import { IsInstant, MayBeAbsent } from './fields.js';

class Fields {
  @MayBeAbsent() @IsString() name?: unknown;
  @IsOptional() @IsString() title?: unknown;
  @MayBeAbsent() @IsInstant() at?: unknown;
}

const refused = (fields: Partial<Fields>) => validateSync(Object.assign(new Fields(), fields)).map(({ property }) => property);

describe('a field that may be absent', () => {
  it('may be left out, and is not emptied by null', () => {
    expect(refused({})).toEqual([]);
    expect(refused({ name: undefined })).toEqual([]);
    expect(refused({ name: null, title: null })).toEqual(['name']);
  });
});

describe('a moment', () => {
  it.each(['2026-01-31', '2026-01-31T23:59Z', '2026-01-31T23:59:59Z', '2026-01-31T23:59:59.123456789+05:30', '2024-02-29'])('is taken: %s', (at) => {
    expect(refused({ at })).toEqual([]);
    expect(new Date(at).getTime()).not.toBeNaN();
  });

  it.each<unknown>([
    '', 'now', '2026', '2026-01', '2026-02-30', '2023-02-29', '2026-13-01', '2026-W01-1', '2026-366', '20260131', '2026-01-31 10:00', '2026-01-31T10:00', '2026-01-31T24:61Z',
    '2026-01-31T23:59:60Z', '2026-01-31T10:00:00+99:99', '+275760-09-13T00:00:00Z', '2026-01-31T10:00:00Z\n', ' 2026-01-31', 0, 1e12, true, {}, [], ['2026-01-31'], null,
  ])('is refused: %j', (at) => {
    expect(refused({ at })).toEqual(['at']);
  });
});
