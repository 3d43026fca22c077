import { blank } from './blank.mjs';
import { proseOfMarkdown } from './markdown.mjs';
import { proseOfScript } from './script.mjs';
import { proseOfSql } from './sql.mjs';

/**
 * Returns the prose of a file as pieces `{ from, text }`. A piece has the same length as the text at `from`. Blanks
 * replace everything that is not prose, so an offset in the piece gives an offset in the file. Blanks also replace line
 * breaks inside a piece, so that a phrase is found across lines.
 */
export function piecesOf(file, text) {
  if (file.endsWith('.md')) return proseOfMarkdown(text);
  const pieces = file.endsWith('.sql') ? proseOfSql(text) : proseOfScript(file, text);
  return pieces.map(({ from, text: raw }) => ({ from, text: withoutCode(raw) }));
}

/** Names in backquotes, URLs, and link targets are not prose. */
const CODE = /`[^`]*`|https?:\/\/\S+/g;

function withoutCode(text) {
  return text.replace(/\n\s*(\*(?!\/)|\/\/|--)?/g, blank).replace(CODE, blank);
}
