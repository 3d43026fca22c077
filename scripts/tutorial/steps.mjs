import { Fixable } from '../lib/log.mjs';

const FENCE = /^```(\w+)(?: +(\S+))?\n([\s\S]*?)^```$/gm;

/**
 * What a tutorial tells its reader to do, in order: `sh` blocks are commands, one a line; `diff` blocks with a file name
 * are edits. Other blocks are only shown.
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

/** Hunks are separated by lines that begin with `@@`; every line begins with a space, `+`, or `-`. */
function hunksOf(diff) {
  return diff
    .split(/^@@.*\n/m)
    .filter((hunk) => hunk.trim() !== '')
    .map((hunk) => {
      const lines = hunk.replace(/\n$/, '').split('\n');
      const side = (mark) =>
        lines.filter((line) => line.startsWith(' ') || line.startsWith(mark)).map((line) => `${line.slice(1)}\n`);
      return { before: side('-').join(''), after: side('+').join('') };
    });
}

/** The text after an edit. Throws when a hunk does not fit exactly one place. */
export function edited(text, { file, hunks }) {
  return hunks.reduce((current, { before, after }) => {
    const at = current.indexOf(before);
    if (before === '' || at === -1 || current.includes(before, at + 1))
      throw new Fixable(
        `The edit of ${file} fits no single place:\n${before}`,
        'correct the block in docs/tutorial.md',
      );
    return current.slice(0, at) + after + current.slice(at + before.length);
  }, text);
}
