import { create, type Font, type Subset } from 'fontkit';
import * as harfbuzz from 'harfbuzzjs';
import { fontData, type FontName } from './pdf-fonts.js';
import { isRightToLeft } from './visual-order.js';

/** A glyph in drawing order, with lengths in the units of its font. */
export interface ShapedGlyph {
  readonly id: number;
  /** The characters that a reader of the file gets for this glyph. */
  readonly text: string;
  readonly xAdvance: number;
  readonly yAdvance: number;
  readonly xOffset: number;
  readonly yOffset: number;
}

/** The text of a glyph without characters. Readers ignore U+2060, but show the glyph number if the text is empty. */
const NO_TEXT = '\u2060';
/** Fonts have at most 65,536 glyphs. Higher ids name a glyph together with its text. */
const FIRST_COMBINED = 0x1_0000;

const shapers = new Map<FontName, harfbuzz.Font>();
const buffer = new harfbuzz.Buffer();

function shaperOf(name: FontName): harfbuzz.Font {
  let shaper = shapers.get(name);
  if (shaper === undefined) {
    shaper = new harfbuzz.Font(new harfbuzz.Face(new harfbuzz.Blob(fontData(name))));
    shapers.set(name, shaper);
  }
  return shaper;
}

/**
 * Shapes a run of one direction with HarfBuzz: joined letters, conjuncts, reordered vowels, and marks (OpenType GSUB
 * and GPOS). The texts of the glyphs of a cluster together are the characters of the cluster in reading order, so that
 * text can be read back from the file.
 */
export function shape(name: FontName, text: string): ShapedGlyph[] {
  buffer.reset();
  buffer.addText(text);
  buffer.guessSegmentProperties();
  const reversed = isRightToLeft(text);
  buffer.setDirection(reversed ? harfbuzz.Direction.RTL : harfbuzz.Direction.LTR);
  harfbuzz.shape(shaperOf(name), buffer);
  const [glyphs, positions] = [buffer.getGlyphInfos(), buffer.getGlyphPositions()];
  const clusters = Map.groupBy(glyphs, ({ cluster }) => cluster);
  const starts = [...clusters.keys()].toSorted((a, b) => a - b);
  const texts = new Map(
    starts.map((start, i) => {
      const parts = divided(text.slice(start, starts[i + 1]), clusters.get(start)!.length);
      return [start, reversed ? parts.toReversed() : parts];
    }),
  );
  return glyphs.map(({ codepoint: id, cluster }, i) => {
    const { xAdvance, yAdvance, xOffset, yOffset } = positions[i]!;
    return { id, text: texts.get(cluster)!.shift()!, xAdvance, yAdvance, xOffset, yOffset };
  });
}

/** Divides the characters of a cluster among its glyphs; the last glyph gets the rest. */
function divided(cluster: string, count: number): string[] {
  const characters = Array.from(cluster);
  return Array.from({ length: count }, (_, i) => {
    const part = i === count - 1 ? characters.slice(i).join('') : characters[i];
    return part === undefined || part === '' ? NO_TEXT : part;
  });
}

/** The parts of a subset that fontkit does not declare: glyph ids by their index, and the reverse. */
type OpenSubset = Omit<Subset, 'includeGlyph'> & {
  glyphs: number[];
  mapping: Record<number, number>;
  includeGlyph(id: number): number;
};

/** Ids of glyphs together with their text, in one document. */
class GlyphIds {
  private readonly ids = new Map<string, number>();
  private readonly glyphs: number[] = [];

  idOf({ id, text }: ShapedGlyph): number {
    const key = `${id} ${text}`;
    const known = this.ids.get(key) ?? FIRST_COMBINED + this.glyphs.push(id) - 1;
    this.ids.set(key, known);
    return known;
  }

  /** Returns the glyph of an id. An id of the font itself names its glyph. */
  glyphOf(id: number): number {
    return id < FIRST_COMBINED ? id : this.glyphs[id - FIRST_COMBINED]!;
  }
}

/**
 * Returns a font for one PDF document: HarfBuzz shapes, and fontkit embeds the used glyphs. fontkit's own shaping does
 * not cover Burmese and Mongolian. A PDF font has one text per glyph (ISO 32000-1 section 9.10.3), so the subset has a
 * glyph once for each text.
 */
export function documentFont(name: FontName): Font {
  const font = create(fontData(name)) as Font;
  const ids = new GlyphIds();
  const createSubset = font.createSubset.bind(font);
  return Object.assign(font, {
    layout: (text: string) => {
      const shaped = shape(name, text);
      const positions = shaped.map(({ id: _id, text: _text, ...position }) => position);
      return {
        glyphs: shaped.map((glyph) => ({
          id: ids.idOf(glyph),
          advanceWidth: font.getGlyph(glyph.id).advanceWidth,
          codePoints: Array.from(glyph.text, (character) => character.codePointAt(0)!),
        })),
        positions,
        // pdfkit scales the positions in place before it reads the width
        get advanceWidth() {
          return positions.reduce((sum, { xAdvance }) => sum + xAdvance, 0);
        },
      };
    },
    createSubset: () => {
      const subset = createSubset() as unknown as OpenSubset;
      subset.includeGlyph = (id) => (subset.mapping[id] ??= subset.glyphs.push(ids.glyphOf(id)) - 1);
      return subset;
    },
  }) as Font;
}
