import type { Subscription } from './subscription.js';
import type { RealtimeLimits } from './realtime-limits.js';

/**
 * The listeners of one organization in this process. One look tells for all of them how far its events have come; those
 * who
 * are behind then read for themselves.
 */
export class Channel {
  readonly subscriptions = new Set<Subscription>();
  private looking = false;
  private again = false;
  private rest: number;

  constructor(
    private readonly limits: RealtimeLimits,
    private readonly failed: (error: unknown) => void,
  ) {
    this.rest = limits.restMillis;
  }

  /** Looks now, or once more after the look under way and a rest. */
  poll(): void {
    this.again = true;
    if (this.looking) return;
    this.looking = true;
    this.again = false;
    void this.lookOnce()
      .catch(this.failed)
      .then(() =>
        setTimeout(() => {
          this.looking = false;
          if (this.again) this.poll();
        }, this.rest).unref(),
      );
  }

  /** What waits for a transaction to end is looked for again soon, and less often the longer that lasts. */
  private async lookOnce(): Promise<void> {
    const head = await this.head();
    this.again ||= head?.waiting === true;
    this.rest = head?.waiting === true ? Math.min(this.rest * 2, this.limits.pollMs) : this.limits.restMillis;
    const newest = head?.newest ?? null;
    if (newest === null) return;
    const behind = [...this.subscriptions].filter((listener) => listener.isBehind(newest));
    const outcomes = await Promise.allSettled(behind.map((listener) => listener.deliver()));
    for (const outcome of outcomes) if (outcome.status === 'rejected') this.failed(outcome.reason);
  }

  /** Asked as the first listener who may still ask. */
  private async head() {
    for (const listener of this.subscriptions) {
      const head = await listener.head();
      if (head !== null) return head;
    }
    return null;
  }
}
