/** Throws unless the condition holds; the other arguments say which error. */
export type Ensure<Args extends unknown[]> = (condition: boolean, ...args: Args) => asserts condition;

/**
 * Returns an `ensure` function for one kind of error. TypeScript narrows by it only where the constant that holds it is
 * declared with its type: `const ensure: Ensure<[Reason]> = ensurer(…)`.
 */
export function ensurer<Args extends unknown[]>(toError: (...args: Args) => Error): Ensure<Args> {
  return (condition, ...args) => {
    if (!condition) throw toError(...args);
  };
}
