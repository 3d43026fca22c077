import { isCode } from './files.mjs';

/** The maximum length of a code line, in columns. The formatter does not break comments and strings. */
export const MAX_COLUMNS = 120;

/**
 * Returns a finding for each line of a code file that is longer than `MAX_COLUMNS`. Markdown has no limit: the
 * formatter wraps it, except tables.
 */
export function longLines(file, text) {
  if (!isCode(file)) return [];
  return text.split('\n').flatMap((content, index) => {
    const columns = [...content].length;
    if (columns <= MAX_COLUMNS) return [];
    const message = `line of ${columns} columns, at most ${MAX_COLUMNS}`;
    return [{ line: index + 1, column: MAX_COLUMNS + 1, message }];
  });
}
