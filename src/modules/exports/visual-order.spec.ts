import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { bidi } from './bidi.js';
import { visualRuns } from './visual-order.js';

/** Returns the drawn characters from left to right, with each right-to-left run reversed as its font does it. */
const drawn = (line: string): string =>
  visualRuns(line, 'regular')
    .map(({ text }) => (/[\u05d0-\u05ea\u0621-\u064a]/.test(text) ? Array.from(text).toReversed().join('') : text))
    .join('');

describe('visual order', () => {
  it.each([
    ['plain text', 'plain text'],
    ['שלום עולם', 'םלוע םולש'],
    ['Dr. שלום עולם, MD', 'Dr. םלוע םולש, MD'],
    ['שלום 123 עולם', 'םלוע 123 םולש'],
    ['a (שלום) b', 'a (םולש) b'],
    ['שלום (א) ב', 'ב (א) םולש'],
    ['', ''],
  ])('draws %j as %j', (line, order) => {
    expect(drawn(line)).toBe(order);
  });

  it('matches the algorithm applied to single characters', () => {
    const character = fc.constantFrom('א', 'ב', 'ع', 'a', 'b', '1', '2', ' ', '(', ')', '.', ',', '-');
    fc.assert(
      fc.property(fc.array(character, { maxLength: 20 }), (characters) => {
        const line = characters.join('').trimEnd();
        expect(drawn(line)).toBe(bidi.getReorderedString(line, bidi.getEmbeddingLevels(line)));
      }),
      { numRuns: 500 },
    );
  });
});
