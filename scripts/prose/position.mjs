/** Returns the line and the column of an offset in a text, both counted from 1. */
export function positionAt(text, index) {
  const before = text.slice(0, index);
  return { line: before.split('\n').length, column: index - before.lastIndexOf('\n') };
}
