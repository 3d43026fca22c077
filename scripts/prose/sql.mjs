import { isSentence } from './sentence.mjs';

/** A comment to the end of the line, a block comment, or a string. */
const TOKEN = /--[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^']|'')*'/g;

/** Returns comments, and strings of more than one word, of an SQL text. Adjacent comment lines are one piece. */
export function proseOfSql(text) {
  const pieces = [];
  for (const { 0: token, index } of text.matchAll(TOKEN)) {
    if (!token.startsWith("'") || isSentence(token)) pieces.push({ from: index, to: index + token.length });
  }
  return joinLines(pieces, text, '--').map(({ from, to }) => ({ from: from + 1, text: text.slice(from + 1, to) }));
}

/** Joins adjacent line comments, so that a phrase is found across their lines. */
export function joinLines(pieces, text, mark) {
  const joined = [];
  for (const piece of pieces) {
    const last = joined.at(-1);
    const isLine = [last, piece].every((comment) => comment && text.startsWith(mark, comment.from));
    if (isLine && /^\n[ \t]*$/.test(text.slice(last.to, piece.from))) last.to = piece.to;
    else joined.push({ ...piece });
  }
  return joined;
}
