import type { Clock } from '../../../platform/clock/clock.js';

const FRESH_MS = 60 * 60 * 1000;
const MIN_FETCH_INTERVAL_MS = 60 * 1000;
const STALE_MS = 24 * 60 * 60 * 1000;

/**
 * Caches a fetched value for an hour. Concurrent callers share one fetch. If the fetch fails, the last good copy stays
 * valid for a day. Without such a copy, the error is repeated for a minute, so that callers cannot cause more fetches.
 */
export class StaleCache<T> {
  private copy?: { value: T; at: number };
  private failure?: unknown;
  private lastFetchAt = -Infinity;
  private pendingFetch?: Promise<T>;

  constructor(
    private readonly fetch: () => Promise<T>,
    private readonly clock: Clock,
  ) {}

  /** Returns the value and fetches it when it is missing or old. Rejects if the fetch fails without a valid copy. */
  async get(): Promise<T> {
    return this.copy !== undefined && this.clock.millis() - this.copy.at < FRESH_MS ? this.copy.value : this.renew();
  }

  /** Fetches a new value. Within a minute of the last fetch, returns the existing copy, or throws the last error. */
  async renew(): Promise<T> {
    const isEarly = this.clock.millis() - this.lastFetchAt < MIN_FETCH_INTERVAL_MS;
    if (isEarly && (this.copy !== undefined || this.pendingFetch === undefined)) return this.fallBack();
    this.pendingFetch ??= this.load().finally(() => {
      this.pendingFetch = undefined;
    });
    return this.pendingFetch;
  }

  private async load(): Promise<T> {
    this.lastFetchAt = this.clock.millis();
    try {
      const value = await this.fetch();
      this.copy = { value, at: this.lastFetchAt };
      return value;
    } catch (error) {
      this.failure = error;
      return this.fallBack();
    }
  }

  private fallBack(): T {
    if (this.copy !== undefined && this.clock.millis() - this.copy.at < STALE_MS) return this.copy.value;
    this.copy = undefined;
    throw this.failure instanceof Error ? this.failure : new Error('no value was fetched', { cause: this.failure });
  }
}
