import type { Clock } from '../../../platform/clock/clock.js';

const FRESH_MS = 60 * 60 * 1000;
const MIN_FETCH_INTERVAL_MS = 60 * 1000;
const STALE_MS = 24 * 60 * 60 * 1000;

/**
 * Caches a fetched value for an hour. Concurrent callers share one fetch. If the fetch fails, the last good copy stays
 * valid for a day.
 */
export class StaleCache<T> {
  private copy?: { value: T; at: number };
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

  /** Fetches a new value. Within a minute of the last fetch, returns the existing copy. */
  async renew(): Promise<T> {
    if (this.copy !== undefined && this.clock.millis() - this.lastFetchAt < MIN_FETCH_INTERVAL_MS)
      return this.fallBack(this.copy);
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
      return this.fallBack(this.copy, error);
    }
  }

  private fallBack(copy: { value: T; at: number } | undefined, cause?: unknown): T {
    if (copy === undefined || this.clock.millis() - copy.at >= STALE_MS) {
      this.copy = undefined;
      throw cause instanceof Error ? cause : new Error('the cached value is too old', { cause });
    }
    return copy.value;
  }
}
