/** Types of the hostile inputs for `npm run stall`, for the contract tests. */
export function hostileBodies(bytes: number): Record<string, Buffer<ArrayBuffer>>;
