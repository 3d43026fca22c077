import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { create, type Font } from 'fontkit';
import { unpackWoff } from './woff.js';

/*
 * DejaVu Sans draws Latin (Vietnamese too), Greek, Cyrillic, Armenian, Georgian, Hebrew and Arabic. Noto draws scripts
 * whose letters join, reorder, or stack. UnifontEX, a simpler font, draws the rest of Unicode's basic plane, such as
 * Chinese, Japanese, and Korean. A character that no font has is written as its code point, so that no character is
 * lost.
 */
const resolve = createRequire(import.meta.url).resolve;

/** Noto families by Unicode script, with the name of the family in its package. */
const SCRIPTS = {
  Bengali: 'noto-sans-bengali',
  Devanagari: 'noto-sans-devanagari',
  Gujarati: 'noto-sans-gujarati',
  Gurmukhi: 'noto-sans-gurmukhi',
  Kannada: 'noto-sans-kannada',
  Khmer: 'noto-sans-khmer',
  Malayalam: 'noto-sans-malayalam',
  Mongolian: 'noto-sans-mongolian',
  Myanmar: 'noto-sans-myanmar',
  Oriya: 'noto-sans-oriya',
  Sinhala: 'noto-sans-sinhala',
  Tamil: 'noto-sans-tamil',
  Telugu: 'noto-sans-telugu',
  Thai: 'noto-sans-thai',
  Tibetan: 'noto-serif-tibetan',
} as const;

type ScriptName = keyof typeof SCRIPTS;
export type FontName = 'regular' | 'bold' | 'wide' | ScriptName;

const FILES: Readonly<Record<FontName, string>> = {
  regular: 'dejavu-fonts-ttf/ttf/DejaVuSans.ttf',
  bold: 'dejavu-fonts-ttf/ttf/DejaVuSans-Bold.ttf',
  wide: '@fontsource/unifontex/files/unifontex-latin-400-normal.woff',
  ...(Object.fromEntries(
    Object.entries(SCRIPTS).map(([script, family]) => [
      script,
      `@fontsource/${family}/files/${family}-${script.toLowerCase()}-400-normal.woff`,
    ]),
  ) as Record<ScriptName, string>),
};

const SCRIPT_PATTERNS = (Object.keys(SCRIPTS) as ScriptName[]).map(
  (script) => [script, new RegExp(`\\p{Script_Extensions=${script}}`, 'u')] as const,
);

/** A part of a text that one font draws. */
export interface Run {
  readonly text: string;
  readonly font: FontName;
}

interface LoadedFont {
  readonly data: Buffer;
  /** Used only to look up characters: a font object that draws keeps the glyphs of one document. */
  readonly coverage: Font;
}

const loaded = new Map<FontName, LoadedFont>();
/** The scripts above begin with Devanagari. */
const FIRST_OF_SCRIPTS = '\u0900';
/** Marks, joiners, spaces, and the dandas that the scripts of India share. */
const SHARED = /[\p{M}\p{Join_Control} \u202f\u0964\u0965]/u;

function load(name: FontName): LoadedFont {
  const known = loaded.get(name);
  if (known) return known;
  const file = readFileSync(resolve(FILES[name]));
  const data = FILES[name].endsWith('.woff') ? unpackWoff(file) : file;
  const font = create(data);
  if (!('glyphForCodePoint' in font)) throw new TypeError('the file must contain one font');
  loaded.set(name, { data, coverage: font });
  return { data, coverage: font };
}

/** Returns the font file for embedding, read once per process. */
export function fontData(name: FontName): Buffer {
  return load(name).data;
}

/**
 * Returns the text in a form that can be drawn: composed (NFC), with plain spaces and LF line breaks. Control
 * characters, characters that reorder text, lone surrogates, and characters that no font has are replaced by their
 * code point, like `[U+202E]`.
 */
export function printable(text: string): string {
  const spaced = text
    .normalize('NFC')
    .replace(/\r\n?|[\u2028\u2029]/g, '\n')
    .replace(/(?<!\p{Script=Mongolian}(?=\u202f))[\t\p{Zs}]/gu, ' ');
  return spaced.replace(/[^\n\x20-\x7e]/gu, (character) => {
    const isDrawn = !/[\p{Cc}\p{Cs}\p{Bidi_Control}]/u.test(character) && fontOf(character, 'regular') !== undefined;
    return isDrawn ? character : `[U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}]`;
  });
}

/**
 * Splits printable text into runs. A combining mark, and a character that several scripts share, stays in the font of
 * the character before it, if possible.
 */
export function runsOf(text: string, preferred: FontName): Run[] {
  const runs: { text: string; font: FontName }[] = [];
  for (const character of text) {
    const last = runs.at(-1);
    const joins = last && SHARED.test(character) && has(last.font, character);
    const font = joins ? last.font : (fontOf(character, preferred) ?? preferred);
    if (last?.font === font) last.text += character;
    else runs.push({ text: character, font });
  }
  return runs;
}

function fontOf(character: string, preferred: FontName): FontName | undefined {
  const scripts = character < FIRST_OF_SCRIPTS ? [] : SCRIPT_PATTERNS.filter(([, pattern]) => pattern.test(character));
  const names: FontName[] = [...scripts.map(([script]) => script), preferred, 'regular', 'wide'];
  return names.find((name) => has(name, character));
}

/** Glyph 0 is the box for a missing character; some fonts map characters that they lack to it. */
function has(name: FontName, character: string): boolean {
  return load(name).coverage.glyphForCodePoint(character.codePointAt(0)!).id !== 0;
}
