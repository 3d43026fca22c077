import base from './jest.config.js';

/** The tests of `npm run test:services`. They start identity providers that the command downloads (docs/adr/0048). */
export default {
  ...base,
  testMatch: ['<rootDir>/test/services/**/*.spec.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
};
