/** ES modules: no file is transformed to CommonJS, and decorators keep their metadata. */
export const swc = {
  jsc: {
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
    keepClassNames: true,
    target: 'es2024',
  },
  module: { type: 'es6' },
  sourceMaps: 'inline',
};
