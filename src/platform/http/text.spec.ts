import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Problem } from '../problem/problem.js';
import { assertJson, parsePairs } from './text.js';

const bad = fc.constantFrom('\0', '\ud800', '\udc00');
const broken = fc.tuple(fc.string(), bad, fc.string()).map((parts) => parts.join(' '));

describe('text validation', () => {
  it('rejects NUL and lone surrogates in any string and key', () => {
    const carrier = broken.chain(
      (text) =>
        fc.letrec((tie) => ({
          any: fc.oneof(
            { depthSize: 'small' },
            fc.constant(text),
            fc.constant({ [text]: 1 }),
            tie('list'),
            tie('object'),
          ),
          list: fc.tuple(fc.jsonValue({ maxDepth: 2 }), tie('any')),
          object: fc.record({ first: fc.integer(), second: tie('any') }),
        })).any,
    );
    fc.assert(fc.property(carrier, (value) => expect(() => assertJson(value)).toThrow(Problem)));
  });

  it('accepts all other JSON of limited depth', () => {
    const keys = fc
      .string({ unit: 'grapheme' })
      .filter((key) => !key.includes('\0') && !['__proto__', 'constructor', 'prototype'].includes(key));
    const text = fc.string({ unit: 'grapheme' }).filter((part) => !part.includes('\0'));
    const json = fc.object({ key: keys, values: [text, fc.integer(), fc.boolean(), fc.constant(null)], maxDepth: 5 });
    fc.assert(fc.property(json, (value) => assertJson(value)));
  });

  it('parses query strings as URLSearchParams does, each name once', () => {
    const name = fc
      .stringMatching(/^[a-z_]{1,8}$/)
      .filter((key) => !['__proto__', 'prototype', 'constructor'].includes(key));
    const pairs = fc.dictionary(
      name,
      fc.string({ unit: 'grapheme' }).filter((part) => !part.includes('\0')),
      { noNullPrototype: true },
    );
    fc.assert(
      fc.property(pairs, (record) => expect(parsePairs(new URLSearchParams(record).toString())).toEqual(record)),
    );
  });
});
