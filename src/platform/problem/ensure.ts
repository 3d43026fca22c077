/** Throws unless the condition holds; the other arguments select the error. */
export type Ensure<Args extends unknown[]> = (condition: boolean, ...args: Args) => asserts condition;

/**
 * Returns an `ensure` function for one kind of error. TypeScript narrows with it only if the constant has an explicit
 * type: `const ensure: Ensure<[Reason]> = ensurer(…)`.
 */
export function ensurer<Args extends unknown[]>(toError: (...args: Args) => Error): Ensure<Args> {
  return (condition, ...args) => {
    if (!condition) throw toError(...args);
  };
}
