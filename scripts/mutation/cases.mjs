import { moduleCases } from './module-cases.mjs';
import { platformCases } from './platform-cases.mjs';

/**
 * One control per case: the file, the edit that removes the control, and the tests that must fail. `expect` must match
 * the name or the message of a failed test.
 */
export const cases = [...platformCases, ...moduleCases];
