import './problem.feature.js';
export { Problem } from './problem.js';
export type { FieldError, ProblemBody, ProblemOptions } from './problem.js';
