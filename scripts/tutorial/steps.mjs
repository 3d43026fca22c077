import { Fixable } from '../lib/log.mjs';

const FENCE = /^```(\w+)(?: +(\S+))?\n([\s\S]*?)^```$/gm;

/**
 * Returns the steps of a tutorial in order: each line of an `sh` block is a command, and a `diff` block with a file
 * name is an edit. Other blocks are not steps.
 */
export function stepsOf(markdown) {
  return [...markdown.matchAll(FENCE)].flatMap(([, language, file, text]) => {
    if (language === 'sh')
      return text
        .trim()
        .split('\n')
        .map((command) => ({ command }));
    return language === 'diff' && file !== undefined ? [{ file, hunks: hunksOf(text) }] : [];
  });
}

/** Splits an edit into hunks at lines that start with `@@`. Every line starts with a space, `+`, or `-`. */
function hunksOf(diff) {
  return diff
    .split(/^@@.*\n/m)
    .filter((hunk) => hunk.trim() !== '')
    .map((hunk) => {
      const lines = hunk.replace(/\n$/, '').split('\n');
      const side = (sign) =>
        lines.filter((line) => line.startsWith(' ') || line.startsWith(sign)).map((line) => `${line.slice(1)}\n`);
      return { before: side('-').join(''), after: side('+').join('') };
    });
}

/** Returns the text after an edit. Throws when a hunk does not match exactly one position. */
export function edited(text, { file, hunks }) {
  return hunks.reduce((current, { before, after }) => {
    const at = current.indexOf(before);
    if (before === '' || at === -1 || current.includes(before, at + 1))
      throw new Fixable(
        `The edit of ${file} does not match exactly one position:\n${before}`,
        'correct the block in docs/tutorial.md',
      );
    return current.slice(0, at) + after + current.slice(at + before.length);
  }, text);
}
