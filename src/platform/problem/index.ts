import './problem.feature.js';
export { ensurer, type Ensure } from './ensure.js';
export { Problem } from './problem.js';
export type { FieldError, ProblemBody, ProblemOptions } from './problem.js';
