import { swc } from './test/jest/swc.mjs';

/**
 * The test files of a worker share their modules, because loading the application costs more than most files
 * (docs/adr/0037). A file with the pragma `@jest-environment node` has its own modules.
 */
export default {
  testEnvironment: './test/jest/environment.mjs',
  testRunner: './test/jest/runner.mjs',
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: { '^.+\\.ts$': ['@swc/jest', swc] },
  // Node never forgets the module of an ended test file
  workerIdleMemoryLimit: '1GB',
  testTimeout: 600_000, // ends a test that hangs; no test may fail on a machine under load
  setupFilesAfterEnv: ['reflect-metadata'],
  testMatch: ['<rootDir>/src/**/*.spec.ts', '<rootDir>/scripts/**/*.spec.ts', '<rootDir>/test/**/*.spec.ts'],
  // They download servers: `npm run test:services`
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/services/'],
  modulePathIgnorePatterns: ['<rootDir>/dist', '<rootDir>/.vouchsafe'],
};
