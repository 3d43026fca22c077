import type { Listener } from './listener.js';
import type { LiveLimits } from './live-limits.js';

/**
 * The listeners of one organization in this process. One look tells for all of them how far its events have come; those
 * who
 * are behind then read for themselves.
 */
export class Feed {
  readonly listeners = new Set<Listener>();
  private looking = false;
  private again = false;
  private rest: number;

  constructor(
    private readonly limits: LiveLimits,
    private readonly failed: (error: unknown) => void,
  ) {
    this.rest = limits.restMillis;
  }

  /** Looks now, or once more after the look under way and a rest. */
  look(): void {
    this.again = true;
    if (this.looking) return;
    this.looking = true;
    this.again = false;
    void this.lookOnce()
      .catch(this.failed)
      .then(() =>
        setTimeout(() => {
          this.looking = false;
          if (this.again) this.look();
        }, this.rest).unref(),
      );
  }

  /** What waits for a transaction to end is looked for again soon, and less often the longer that lasts. */
  private async lookOnce(): Promise<void> {
    const head = await this.head();
    this.again ||= head?.waiting === true;
    this.rest = head?.waiting === true ? Math.min(this.rest * 2, this.limits.lookMillis) : this.limits.restMillis;
    const newest = head?.newest ?? null;
    if (newest === null) return;
    const behind = [...this.listeners].filter((listener) => listener.isBehind(newest));
    const outcomes = await Promise.allSettled(behind.map((listener) => listener.deliver()));
    for (const outcome of outcomes) if (outcome.status === 'rejected') this.failed(outcome.reason);
  }

  /** Asked as the first listener who may still ask. */
  private async head() {
    for (const listener of this.listeners) {
      const head = await listener.head();
      if (head !== null) return head;
    }
    return null;
  }
}
