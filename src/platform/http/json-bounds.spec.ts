import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { assertBounded } from './json-bounds.js';

/** Counts the values of parsed JSON. */
function valuesOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 1;
  return 1 + Object.values(value).reduce((sum: number, item) => sum + valuesOf(item), 0);
}

const check = (text: string, maxValues: number) => () => assertBounded(Buffer.from(text), maxValues);

describe('the bounds of JSON', () => {
  it('reject more values than allowed', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 8 }), (value) => {
        expect(check(JSON.stringify(value), valuesOf(value) - 1)).toThrow(
          expect.objectContaining({ code: 'payload_too_large' }),
        );
      }),
    );
  });

  it('admit every value that has half of the allowed values', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 8 }), (value) => {
        expect(check(JSON.stringify(value, null, 2), valuesOf(value) * 2)).not.toThrow();
      }),
    );
  });

  it('ignore brackets and commas in text', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('[', '{', ',', '"', '\\', 'a', ']') }), (text) => {
        expect(check(JSON.stringify({ [text]: text, b: 1 }), 3)).not.toThrow();
      }),
    );
  });

  it('admit 32 levels', () => {
    expect(check('['.repeat(32) + ']'.repeat(32), 100)).not.toThrow();
    expect(check('['.repeat(33) + ']'.repeat(33), 100)).toThrow(expect.objectContaining({ code: 'invalid_request' }));
    expect(check('{"a":['.repeat(17) + ']}'.repeat(17), 100)).toThrow(
      expect.objectContaining({ code: 'invalid_request' }),
    );
    expect(check('[],'.repeat(90), 1_000)).not.toThrow();
  });

  it.each([
    `{"x":[${'{},'.repeat(60_000)}{}]}`,
    `[${'[],'.repeat(60_000)}[]]`,
    `[${'0,'.repeat(120_000)}0]`,
    `{${'"a":1,'.repeat(40_000)}"a":1}`,
    ','.repeat(200_000),
  ])('reject a body of many small values: %.12s…', (text) => {
    expect(check(text, 10_000)).toThrow(expect.objectContaining({ code: 'payload_too_large' }));
  });
});
