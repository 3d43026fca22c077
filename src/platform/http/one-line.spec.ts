import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { cleanLine, cutText, isOneLine, isPlainText, storableJson } from './one-line.js';

/** Names that were accepted by some entry points and rejected by others. */
const HOSTILE = [
  '\u202Egnp.exe',
  'A\r\nBcc: x@example.org',
  'tab\there',
  '\u200B\u200B',
  '\u3164',
  '\u2800',
  'a\uD83D',
];
const anyText = fc.string({ unit: 'binary', maxLength: 300 });

describe('a name', () => {
  it.each(HOSTILE)('is rejected where it can be: %j', (name) => expect(isOneLine(name)).toBe(false));

  it.each([
    ['\u202Egnp.exe', 'gnp.exe'],
    ['A\r\nBcc: x@example.org', 'A Bcc: x@example.org'],
    ['tab\there', 'tab here'],
    ['\u200B\u200B', undefined],
    [`${'n'.repeat(199)}\u{1F600}`, `${'n'.repeat(199)}\u{1F600}`],
    [`${'n'.repeat(200)}\u{1F600}`, 'n'.repeat(200)],
    [`${'n'.repeat(197)}👩‍⚕️`, 'n'.repeat(197)],
    ['Zoe\u0308', 'Zoë'],
    ['a\uD83D', 'a'],
    ['  ', undefined],
  ])('is cleaned at a sign-in, which it must not block: %j', (name, cleaned) => {
    expect(cleanLine(name, 200)).toBe(cleaned);
  });

  it('is accepted everywhere after it was cleaned', () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 1, max: 50 }), (text, max) => {
        const cleaned = cleanLine(text, max);
        if (cleaned === undefined) return;
        expect([isOneLine(cleaned), isPlainText(cleaned), cleaned.normalize('NFC') === cleaned]).toEqual([
          true,
          true,
          true,
        ]);
        expect([...cleaned].length).toBeLessThanOrEqual(max);
        expect(cleanLine(cleaned, max)).toBe(cleaned);
      }),
      { numRuns: 2_000 },
    );
  });

  it('is not changed by cleaning when it is accepted, composed, and has single spaces', () => {
    for (const name of ['Ada', 'Zoë O’Neill-Ng', 'نگار می‌خواهد', 'עדה', '阿达', 'a b', 'क्‍ष', '👩‍⚕️'])
      expect([isOneLine(name), cleanLine(name, 200)]).toEqual([true, name]);
  });
});

describe('text of several lines', () => {
  it('keeps line breaks and tabs, and excludes the other characters of the rule', () => {
    expect(isPlainText('1 Main St.\r\n\tSpringfield')).toBe(true);
    for (const text of ['a\0', 'a\u0085b', '\u202Ea', 'a\u2066', '\n', '\u200B', 'a\uD800'])
      expect([text, isPlainText(text)]).toEqual([text, false]);
  });
});

it('a cut never splits a character that people see', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme-composite' }), fc.nat(20), (text, max) => {
      const cut = cutText(text, max);
      expect(text.startsWith(cut) && cut.isWellFormed() && [...cut].length <= max).toBe(true);
    }),
  );
});

it('JSON for the database contains no NUL and no lone surrogate', () => {
  fc.assert(
    fc.property(fc.array(anyText), (texts) => {
      const json = storableJson({ texts: ['\0', '\uD800', ...texts] });
      expect(json).not.toMatch(/\\u0000|\\ud[89a-f]/i);
    }),
  );
});
