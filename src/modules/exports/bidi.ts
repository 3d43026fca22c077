import bidiFactory from 'bidi-js';

/**
 * The Unicode bidirectional algorithm. The package's types speak of a default export that its CommonJS file does not
 * have.
 */
export const bidi = (bidiFactory as unknown as typeof bidiFactory.default)();
