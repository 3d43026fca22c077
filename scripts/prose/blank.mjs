/** Replaces a match by as many blanks, so that the offsets after it stay. */
export const blank = (match) => ' '.repeat(match.length);
