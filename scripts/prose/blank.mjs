/** Replaces a match with the same number of blanks, so that later offsets do not change. */
export const blank = (match) => ' '.repeat(match.length);
