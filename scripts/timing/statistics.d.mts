/** Types of the statistics for `npm run timing`, for their tests. */
export function mannWhitney(a: readonly number[], b: readonly number[]): { u: number; p: number };
export function quantile(sample: readonly number[], share: number): number;
