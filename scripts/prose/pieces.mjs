import { blank } from './blank.mjs';
import { proseOfMarkdown } from './markdown.mjs';
import { proseOfScript } from './script.mjs';
import { proseOfSql } from './sql.mjs';

/**
 * Returns the prose of a file as pieces `{ from, text }`. A piece has the length of the text at `from`, with blanks in
 * place of everything that is not prose, so that an offset in the piece leads to an offset in the file. Line breaks
 * inside a piece are blanks too: a phrase is found across lines.
 */
export function piecesOf(file, text) {
  if (file.endsWith('.md')) return proseOfMarkdown(text);
  const pieces = file.endsWith('.sql') ? proseOfSql(text) : proseOfScript(file, text);
  return pieces.map(({ from, text: raw }) => ({ from, text: withoutCode(raw) }));
}

/** Names in backquotes, addresses, and the targets of links are not prose. */
const CODE = /`[^`]*`|https?:\/\/\S+/g;

function withoutCode(text) {
  return text.replace(/\n\s*(\*(?!\/)|\/\/|--)?/g, blank).replace(CODE, blank);
}
