import {
  BrokenCircuitError,
  circuitBreaker,
  ConsecutiveBreaker,
  ExponentialBackoff,
  handleWhen,
  retry,
  wrap,
} from 'cockatiel';
import { DatabaseUnavailable, isConnectionError } from './errors.js';

/**
 * Three more tries with exponential, jittered back-off while connecting; after three failures in a row the circuit
 * stays open for 30 seconds and every call fails at once, so that a database coming back is not trampled.
 * It guards the taking of a connection and the entrance, where nothing has been done yet: repeating those is safe.
 */
export class Resilience {
  private readonly breaker = circuitBreaker(handleWhen(isConnectionError), {
    halfOpenAfter: 30_000,
    breaker: new ConsecutiveBreaker(3),
  });
  private readonly policy = wrap(
    retry(handleWhen(isConnectionError), {
      maxAttempts: 3,
      backoff: new ExponentialBackoff({ initialDelay: 50, maxDelay: 1_000 }),
    }),
    this.breaker,
  );

  /** Runs a function under the policy. Throws DatabaseUnavailable when no connection is to be had. */
  async connecting<T>(fn: () => Promise<T>): Promise<T> {
    try {
      return await this.policy.execute(fn);
    } catch (error) {
      if (error instanceof BrokenCircuitError || isConnectionError(error))
        throw new DatabaseUnavailable({ cause: error });
      throw error;
    }
  }
}
