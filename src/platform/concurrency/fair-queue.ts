export interface FairQueueOptions {
  /** The number of slots. */
  slots: number;
  /** The time for which a caller waits for a slot, in milliseconds. */
  maxWaitMs: number;
  /** Creates the error for a caller that has waited too long. */
  whenLate: () => Error;
}

interface Waiter {
  lane: string;
  key: () => string;
  admit: () => void;
}

/**
 * Shares slots fairly between keys. After a key has taken a slot, it holds at most two slots for each free one, so a
 * busy key never takes all of them. A key that holds no slot can take the last one. (Dynamic thresholds: Choudhury and
 * Hahne, IEEE/ACM Transactions on Networking 6(2), 1998.) A free slot passes to the waiting key that holds the fewest
 * slots; equal keys take turns. Callers with the same key wait in the order of their arrival.
 */
export class FairQueue {
  private readonly held = new Map<string, number>();
  private readonly lanes = new Map<string, Waiter[]>();
  private free: number;

  constructor(private readonly options: FairQueueOptions) {
    this.free = options.slots;
  }

  /**
   * Waits for a slot and returns the function that frees it. `key` returns the key of the caller; its result can change
   * while the caller waits. Throws the error of `whenLate`.
   */
  async acquire(key: () => string): Promise<() => void> {
    const lane = key();
    return this.lanes.has(lane) || !this.mayTake(lane) ? this.wait(lane, key) : this.take(lane);
  }

  private wait(lane: string, key: () => string): Promise<() => void> {
    const { maxWaitMs, whenLate } = this.options;
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        lane,
        key,
        admit: () => {
          clearTimeout(timer);
          resolve(this.take(waiter.lane));
        },
      };
      const timer = setTimeout(() => {
        this.remove(waiter);
        reject(whenLate());
      }, maxWaitMs).unref();
      this.append(waiter);
    });
  }

  private mayTake(lane: string): boolean {
    const held = this.held.get(lane) ?? 0;
    return held === 0 ? this.free > 0 : held + 1 <= 2 * (this.free - 1);
  }

  private take(lane: string): () => void {
    this.free -= 1;
    this.held.set(lane, (this.held.get(lane) ?? 0) + 1);
    return () => this.release(lane);
  }

  private release(lane: string): void {
    this.free += 1;
    const held = this.held.get(lane)! - 1;
    if (held === 0) this.held.delete(lane);
    else this.held.set(lane, held);
    this.admitNext();
  }

  private admitNext(): void {
    for (;;) {
      const lane = this.poorestLane();
      if (lane === undefined || !this.mayTake(lane)) return;
      const waiter = this.lanes.get(lane)![0]!;
      this.remove(waiter);
      this.moveToEnd(lane);
      waiter.lane = waiter.key();
      if (waiter.lane === lane) waiter.admit();
      else this.append(waiter);
    }
  }

  /** Returns the waiting key that holds the fewest slots; of equal keys, the one that was served least recently. */
  private poorestLane(): string | undefined {
    let poorest: string | undefined;
    let fewest = Infinity;
    for (const lane of this.lanes.keys()) {
      const held = this.held.get(lane) ?? 0;
      if (held < fewest) [poorest, fewest] = [lane, held];
    }
    return poorest;
  }

  private append(waiter: Waiter): void {
    const waiters = this.lanes.get(waiter.lane);
    if (waiters === undefined) this.lanes.set(waiter.lane, [waiter]);
    else waiters.push(waiter);
  }

  private remove(waiter: Waiter): void {
    const waiters = this.lanes.get(waiter.lane)!;
    waiters.splice(waiters.indexOf(waiter), 1);
    if (waiters.length === 0) this.lanes.delete(waiter.lane);
  }

  private moveToEnd(lane: string): void {
    const waiters = this.lanes.get(lane);
    if (waiters === undefined) return;
    this.lanes.delete(lane);
    this.lanes.set(lane, waiters);
  }
}
