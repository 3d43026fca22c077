import {
  BrokenCircuitError,
  circuitBreaker,
  CircuitState,
  ConsecutiveBreaker,
  ConstantBackoff,
  ExponentialBackoff,
  handleWhen,
  retry,
  wrap,
} from 'cockatiel';
import { DatabaseUnavailable, isUnavailable, NoConnectionInTime, RETRY_AFTER_SECONDS } from './errors.js';

/** How long a starting process waits for Postgres: 60 seconds. */
export const START = { attempts: 120, delayMs: 500 };

/** How long the circuit stays open: 30 seconds. */
export const OPEN_MS = 30_000;

/**
 * Retries a connection three times with exponential, jittered back-off. After three consecutive failures the circuit
 * stays open for 30 seconds and every call fails immediately, which protects a recovering database from load. The
 * policy covers only acquiring a connection and entering, which are safe to repeat because no statement has changed
 * data. `onFailure` receives the error of each failed attempt.
 */
export class Resilience {
  private openUntil = 0;
  private readonly breaker = circuitBreaker(handleWhen(isOutage), {
    halfOpenAfter: OPEN_MS,
    breaker: new ConsecutiveBreaker(3),
  });
  private readonly policy = wrap(
    retry(handleWhen(isOutage), {
      maxAttempts: 3,
      backoff: new ExponentialBackoff({ initialDelay: 50, maxDelay: 1_000 }),
    }),
    this.breaker,
  );

  constructor(onFailure: (error: unknown) => void = () => undefined) {
    this.breaker.onBreak(() => {
      this.openUntil = Date.now() + OPEN_MS;
    });
    this.breaker.onFailure(({ handled, reason }) => {
      if (handled && 'error' in reason) onFailure(reason.error);
    });
  }

  private readonly startPolicy = retry(handleWhen(isUnavailable), {
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
      if (!(error instanceof BrokenCircuitError) && !isUnavailable(error)) throw error;
      throw new DatabaseUnavailable({ cause: error, retryAfterSeconds: this.retryAfterSeconds() });
    }
  }

  /** Returns the seconds until a call can succeed: while the circuit is open, the rest of that time, rounded up. */
  private retryAfterSeconds(): number {
    if (this.breaker.state !== CircuitState.Open) return RETRY_AFTER_SECONDS;
    return Math.max(1, Math.ceil((this.openUntil - Date.now()) / 1_000));
  }
}

/** Returns true if the server is at fault. A busy pool is none: another attempt would only wait again. */
function isOutage(error: unknown): boolean {
  return isUnavailable(error) && !(error instanceof NoConnectionInTime);
}
