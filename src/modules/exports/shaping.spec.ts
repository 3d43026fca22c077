import { describe, expect, it } from '@jest/globals';
import { create, type Font } from 'fontkit';
import { fontData, runsOf, type FontName } from './pdf-fonts.js';
import { shape } from './shaping.js';

const fontOf = (name: FontName) => create(fontData(name)) as Font;
/** Returns the glyphs that a font has for single characters, which a program without shaping draws. */
const unshaped = (name: FontName, text: string): number[] =>
  Array.from(text, (character) => fontOf(name).glyphForCodePoint(character.codePointAt(0)!).id);
const shaped = (name: FontName, text: string): number[] => shape(name, text).map(({ id }) => id);

describe('shaping', () => {
  // fontkit interprets the same tables of the font with other code, and is correct for these scripts.
  it.each<[FontName, string]>([
    ['Devanagari', 'क्ष'],
    ['Devanagari', 'कि'],
    ['Devanagari', 'र्क'],
    ['Devanagari', 'अन्तर्राष्ट्रीय'],
    ['Devanagari', 'लक्ष्मी'],
    ['Gujarati', 'દ્વારકા'],
    ['Tamil', 'கௌ'],
    ['Kannada', 'ಕೃಷ್ಣ'],
    ['Oriya', 'କ୍ଷ'],
    ['Sinhala', 'ශ්‍රී'],
    ['Khmer', 'កម្ពុជា'],
    ['Khmer', 'ស្ត្រី'],
    ['Tibetan', 'སྒྲུབ'],
    ['regular', 'مُحَمَّد'],
  ])('%s: %s has the glyphs of the tables GSUB and GPOS of its font', (name, text) => {
    const { glyphs, positions } = fontOf(name).layout(text);
    expect(shaped(name, text)).toEqual(glyphs.map(({ id }) => id));
    expect(shape(name, text).map(({ xAdvance, xOffset, yOffset }) => [xAdvance, xOffset, yOffset])).toEqual(
      positions.map(({ xAdvance, xOffset, yOffset }) => [xAdvance, xOffset, yOffset]),
    );
    expect(shaped(name, text)).not.toEqual(unshaped(name, text));
  });

  it('joins a conjunct to one glyph', () => {
    expect(shaped('Devanagari', 'क्ष')).toHaveLength(1);
    expect(shaped('Myanmar', 'င်္ဂ')).toHaveLength(2);
  });

  it('draws a vowel that is written after its consonant before it', () => {
    for (const [name, text] of [
      ['Devanagari', 'कि'],
      ['Khmer', 'កេ'],
      ['Myanmar', 'နေ'],
    ] as const)
      expect(shape(name, text)[0]!.id).not.toBe(unshaped(name, text)[0]);
    expect(shaped('Khmer', 'កេ')).toEqual(unshaped('Khmer', 'កេ').toReversed());
  });

  it('draws each Mongolian letter in the form for its place in the word', () => {
    const letter = '\u1820'; // a
    const [isolated, word] = [shaped('Mongolian', letter), shaped('Mongolian', letter.repeat(3))];
    expect(word).toHaveLength(3);
    expect(new Set([...isolated, ...word]).size).toBe(4);
  });

  it('divides the text of a cluster among its glyphs, in reading order', () => {
    expect(shape('Devanagari', 'क्ष').map(({ text }) => text)).toEqual(['क्ष']);
    expect(shape('Devanagari', 'कि').map(({ text }) => text)).toEqual(['क', 'ि']);
    expect(shape('Bengali', 'কো').map(({ text }) => text)).toEqual(['ক', 'ো', '\u2060']);
    expect(shape('regular', 'لا').map(({ text }) => text)).toEqual(['لا']);
  });
});

describe('the runs of a text', () => {
  it('keep the marks, joiners, and dandas of a script in its font', () => {
    expect(runsOf('বাংলা। क्‍ष॥ A', 'regular')).toEqual([
      { text: 'বাংলা। ', font: 'Bengali' },
      { text: 'क्‍ष॥ ', font: 'Devanagari' },
      { text: 'A', font: 'regular' },
    ]);
  });

  it('keep the narrow space between a Mongolian word and its suffix', () => {
    expect(runsOf('ᠨᠠᠷᠠ\u202fᠶᠢᠨ', 'bold')).toEqual([{ text: 'ᠨᠠᠷᠠ\u202fᠶᠢᠨ', font: 'Mongolian' }]);
  });
});
