import type { Subscription } from './subscription.js';
import type { RealtimeLimits } from './realtime-limits.js';

/**
 * The subscriptions of one organization in this process. One poll finds the newest event for all of them.
 * Subscriptions that are behind then read for themselves.
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
    this.rest = limits.restMs;
  }

  /** Polls now, or once more after the running poll and a pause. */
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

  /** Polls again soon while events wait for an open transaction; the interval grows with the wait. */
  private async lookOnce(): Promise<void> {
    const head = await this.head();
    this.again ||= head?.waiting === true;
    this.rest = head?.waiting === true ? Math.min(this.rest * 2, this.limits.pollMs) : this.limits.restMs;
    const newest = head?.newest ?? null;
    if (newest === null) return;
    const behind = [...this.subscriptions].filter((listener) => listener.isBehind(newest));
    const outcomes = await Promise.allSettled(behind.map((listener) => listener.deliver()));
    for (const outcome of outcomes) if (outcome.status === 'rejected') this.failed(outcome.reason);
  }

  /** Polls as the first subscription that is still authorized. */
  private async head() {
    for (const listener of this.subscriptions) {
      const head = await listener.head();
      if (head !== null) return head;
    }
    return null;
  }
}
