import bidiFactory from 'bidi-js';

/** The Unicode bidirectional algorithm. The package's types declare a default export that its CommonJS file lacks. */
export const bidi = (bidiFactory as unknown as typeof bidiFactory.default)();
