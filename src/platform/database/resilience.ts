import {
  BrokenCircuitError,
  circuitBreaker,
  ConsecutiveBreaker,
  ConstantBackoff,
  ExponentialBackoff,
  handleWhen,
  retry,
  wrap,
} from 'cockatiel';
import { DatabaseUnavailable, isConnectionError } from './errors.js';

/** How long a starting process waits for Postgres: 60 seconds. */
export const START = { attempts: 120, delayMs: 500 };

/**
 * Retries a connection three times with exponential, jittered back-off. After three consecutive failures the circuit
 * stays open for 30 seconds and every call fails immediately, which protects a recovering database from load. The
 * policy covers only acquiring a connection and entering, which are safe to repeat because no statement has changed
 * data.
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

  private readonly startPolicy = retry(handleWhen(isConnectionError), {
    maxAttempts: START.attempts,
    backoff: new ConstantBackoff(START.delayMs),
  });

  /** Runs a function of the boot, which waits for a database that is starting. Throws the last error. */
  starting<T>(fn: () => Promise<T>): Promise<T> {
    return this.startPolicy.execute(fn);
  }

  /** Runs a function under the policy. Throws DatabaseUnavailable when no connection is available. */
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
