import { bidi } from './bidi.js';
import { runsOf, type FontName, type Run } from './pdf-fonts.js';

const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

/** Returns whether a font draws the text of a run from right to left. */
export function isRightToLeft(text: string): boolean {
  return RIGHT_TO_LEFT.test(text);
}

/**
 * Returns the runs of one printable line in drawing order, by the Unicode bidirectional algorithm (UAX #9), so that
 * Hebrew or Arabic names are in the correct order between other text and numbers. The text inside a run keeps its
 * reading order, because the font reverses it during shaping.
 */
export function visualRuns(line: string, preferred: FontName): Run[] {
  if (!isRightToLeft(line)) return runsOf(line, preferred);
  const embedding = bidi.getEmbeddingLevels(line);
  const runs = stretches(line, embedding.levels).flatMap(({ text, level }) =>
    runsOf(level % 2 === 1 ? mirrored(text) : text, preferred).map((run) => ({ ...run, level })),
  );
  for (let level = Math.max(...runs.map((run) => run.level)); level > 0; level--) reverseFrom(runs, level);
  return runs.map(({ text, font, level }) => ({ text: turned(text, level), font }));
}

interface Stretch {
  readonly text: string;
  readonly level: number;
}

/** Splits a line where its embedding level changes; both halves of a surrogate pair have the same level. */
function stretches(line: string, levels: Uint8Array): Stretch[] {
  const found: Stretch[] = [];
  for (let start = 0, end = 1; end <= line.length; end++) {
    if (levels[end] === levels[start] && end < line.length) continue;
    found.push({ text: line.slice(start, end), level: levels[start]! });
    start = end;
  }
  return found;
}

/** Rule L4: brackets and similar characters are mirrored in right-to-left text. */
function mirrored(text: string): string {
  return Array.from(text, (character) => bidi.getMirroredCharacter(character) ?? character).join('');
}

/** Reverses a run that the font would not reverse, because it contains no right-to-left letter. */
function turned(text: string, level: number): string {
  return level % 2 === 0 || isRightToLeft(text) ? text : Array.from(text).toReversed().join('');
}

/** Rule L2, for runs instead of characters: reverses every sequence at this level or above. */
function reverseFrom<T extends { level: number }>(runs: T[], level: number): void {
  for (let start = 0; start < runs.length; start++) {
    let end = start;
    while (end < runs.length && runs[end]!.level >= level) end++;
    if (end === start) continue;
    runs.splice(start, end - start, ...runs.slice(start, end).toReversed());
    start = end;
  }
}
