import ts from 'typescript';
import { blank } from './blank.mjs';
import { isSentence, isSql } from './sentence.mjs';
import { joinLines, proseOfSql } from './sql.mjs';

/** HTML tags in a template. */
const TAG = /<\/?[a-z][^>]*>/gi;

/** Returns the comments of a script, its strings of more than one word, and SQL comments in strings, as pieces. */
export function proseOfScript(file, text) {
  const literals = literalsOf(file, text);
  const comments = joinLines(commentsBetween(literals, text), text, '//').map(({ from, to }) => ({
    from: from + 2,
    text: text.slice(from + 2, to),
  }));
  const strings = literals.filter(({ isText }) => isText);
  return [...comments, ...strings.flatMap(({ from, to }) => proseOfString(from, text.slice(from, to)))];
}

/** Returns the prose of one string: a whole sentence, only the comments of SQL, nothing of a single word. */
function proseOfString(from, raw) {
  if (isSql(raw)) {
    return proseOfSql(raw.slice(1, -1)).map((piece) => ({ ...piece, from: from + 1 + piece.from }));
  }
  return isSentence(raw) ? [{ from, text: raw.replace(TAG, blank).replace(/\\n/g, blank) }] : [];
}

/** Returns strings, templates, and regular expressions in order: `{ from, to, isText }`. */
function literalsOf(file, text) {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, false);
  const found = [];
  const visit = (node) => {
    const isText = ts.isStringLiteral(node) || ts.isTemplateLiteralToken(node);
    if (isText || node.kind === ts.SyntaxKind.RegularExpressionLiteral) {
      found.push({ from: node.getStart(source), to: node.end, isText });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found.sort((a, b) => a.from - b.from);
}

/** Returns the comments outside literals in order: `{ from, to }`. */
function commentsBetween(literals, text) {
  const found = [];
  let from = 0;
  for (const literal of [...literals, { from: text.length, to: text.length }]) {
    const gap = text.slice(from, literal.from);
    for (const { 0: comment, index } of gap.matchAll(/\/\/[^\n]*|\/\*[\s\S]*?\*\//g)) {
      found.push({ from: from + index, to: from + index + comment.length });
    }
    from = literal.to;
  }
  return found;
}
