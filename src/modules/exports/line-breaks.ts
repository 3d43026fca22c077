const words = new Intl.Segmenter('und', { granularity: 'word' });
const graphemes = new Intl.Segmenter('und', { granularity: 'grapheme' });

/**
 * Breaks text into lines that fit a width: between words (Unicode UAX #29, which covers scripts without spaces), and
 * inside a word only when the word alone is too wide.
 *
 * @param widthOf measures a piece of text, in the unit of `width`
 * @returns at least one line; LF in the text always starts a new line
 */
export function breakLines(text: string, width: number, widthOf: (piece: string) => number): string[] {
  return text.split('\n').flatMap((paragraph) => breakParagraph(paragraph, width, widthOf));
}

function breakParagraph(paragraph: string, width: number, widthOf: (piece: string) => number): string[] {
  const lines: string[] = [];
  let [line, used] = ['', 0];
  const next = (): void => {
    lines.push(line.trimEnd());
    [line, used] = ['', 0];
  };
  const add = (piece: string): boolean => {
    const pieceWidth = widthOf(piece);
    if (used + pieceWidth > width) return false;
    [line, used] = [line + piece, used + pieceWidth];
    return true;
  };
  for (const { segment } of words.segment(paragraph)) {
    if (add(segment)) continue;
    if (line !== '') next();
    if (segment.trim() === '' || add(segment)) continue;
    for (const { segment: grapheme } of graphemes.segment(segment)) {
      if (add(grapheme)) continue;
      if (line !== '') next();
      if (!add(grapheme)) line = grapheme;
    }
  }
  if (line !== '' || lines.length === 0) next();
  return lines;
}
