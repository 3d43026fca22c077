import type { Clock } from '../../../platform/clock/clock.js';

const FRESH_MS = 60 * 60 * 1000;
const BETWEEN_MS = 60 * 1000;
const STALE_MS = 24 * 60 * 60 * 1000;

/**
 * Something fetched: kept for an hour, fetched by one caller for all, and while that fails the last good copy goes on
 * for a day.
 */
export class StaleCache<T> {
  private copy?: { value: T; at: number };
  private triedAt = -Infinity;
  private underWay?: Promise<T>;

  constructor(
    private readonly fetch: () => Promise<T>,
    private readonly clock: Clock,
  ) {}

  /**
   * The copy, fetched where there is none or it is old. Throws what fetching throws when there is nothing to fall back
   * on.
   */
  async get(): Promise<T> {
    return this.copy !== undefined && this.clock.millis() - this.copy.at < FRESH_MS ? this.copy.value : this.renew();
  }

  /** A new copy; less than a minute after the last try the one that is there. */
  async renew(): Promise<T> {
    if (this.copy !== undefined && this.clock.millis() - this.triedAt < BETWEEN_MS) return this.fallBack(this.copy);
    this.underWay ??= this.load().finally(() => {
      this.underWay = undefined;
    });
    return this.underWay;
  }

  private async load(): Promise<T> {
    this.triedAt = this.clock.millis();
    try {
      const value = await this.fetch();
      this.copy = { value, at: this.triedAt };
      return value;
    } catch (error) {
      return this.fallBack(this.copy, error);
    }
  }

  private fallBack(copy: { value: T; at: number } | undefined, cause?: unknown): T {
    if (copy === undefined || this.clock.millis() - copy.at >= STALE_MS) {
      this.copy = undefined;
      throw cause instanceof Error ? cause : new Error('what was fetched is too old', { cause });
    }
    return copy.value;
  }
}
