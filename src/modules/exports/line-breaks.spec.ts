import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { breakLines } from './line-breaks.js';

const widthOf = (piece: string): number => Array.from(piece).length;

describe('line breaks', () => {
  it.each([
    ['the quick brown fox', 10, ['the quick', 'brown fox']],
    ['unbreakable', 4, ['unbr', 'eaka', 'ble']],
    ['a\n\nb', 10, ['a', '', 'b']],
    ['', 10, ['']],
    ['   ', 2, ['']],
    ['wide', 0.5, ['w', 'i', 'd', 'e']],
  ])('break %j at %d into %j', (text, width, lines) => {
    expect(breakLines(text, width, widthOf)).toEqual(lines);
  });

  it('add and remove nothing but blanks, and stay within the width', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme-ascii', maxLength: 80 }),
        fc.integer({ min: 1, max: 30 }),
        (text, width) => {
          const lines = breakLines(text, width, widthOf);
          expect(lines.join('').replace(/\s/g, '')).toBe(text.replace(/\s/g, ''));
          for (const line of lines) expect(line.length).toBeLessThanOrEqual(width);
        },
      ),
      { numRuns: 500 },
    );
  });
});
