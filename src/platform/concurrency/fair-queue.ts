export interface FairQueueOptions {
  /** The number of slots. */
  slots: number;
  /** The time for which a caller waits for a slot, in milliseconds. */
  maxWaitMs: number;
  /** Creates the error for a caller that has waited too long, or that is rejected because too many wait. */
  whenLate: () => Error;
  /** The number of callers that may wait; unlimited by default. */
  maxWaiting?: number;
}

interface Waiter {
  group: string;
  key: () => string;
  admit: () => void;
  reject: () => void;
}

/**
 * Shares slots fairly between keys. After a key has taken a slot, it holds at most two slots for each free one, so a
 * busy key never takes all of them. A key that holds no slot can take the last one. (Dynamic thresholds: Choudhury and
 * Hahne, IEEE/ACM Transactions on Networking 6(2), 1998.) A free slot passes to the waiting key that holds the fewest
 * slots; equal keys take turns. Callers with the same key wait in the order of their arrival. When too many callers
 * wait, the last caller of the key with the most waiting callers is rejected.
 */
export class FairQueue {
  private readonly held = new Map<string, number>();
  private readonly groups = new Map<string, Waiter[]>();
  private free: number;
  private waiting = 0;

  constructor(private readonly options: FairQueueOptions) {
    this.free = options.slots;
  }

  /**
   * Waits for a slot and returns the function that frees it. `key` returns the key of the caller; its result can change
   * while the caller waits. Throws the error of `whenLate`.
   */
  async acquire(key: () => string): Promise<() => void> {
    const group = key();
    return this.groups.has(group) || !this.mayTake(group) ? this.wait(group, key) : this.take(group);
  }

  private wait(group: string, key: () => string): Promise<() => void> {
    const { maxWaitMs, whenLate, maxWaiting = Infinity } = this.options;
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        group,
        key,
        admit: () => {
          clearTimeout(timer);
          resolve(this.take(waiter.group));
        },
        reject: () => {
          clearTimeout(timer);
          this.remove(waiter);
          reject(whenLate());
        },
      };
      const timer = setTimeout(() => waiter.reject(), maxWaitMs).unref();
      this.append(waiter);
      if (this.waiting > maxWaiting) this.longestLine().at(-1)!.reject();
    });
  }

  private mayTake(group: string): boolean {
    const held = this.held.get(group) ?? 0;
    return held === 0 ? this.free > 0 : held + 1 <= 2 * (this.free - 1);
  }

  private take(group: string): () => void {
    this.free -= 1;
    this.held.set(group, (this.held.get(group) ?? 0) + 1);
    return () => this.release(group);
  }

  private release(group: string): void {
    this.free += 1;
    const held = this.held.get(group)! - 1;
    if (held === 0) this.held.delete(group);
    else this.held.set(group, held);
    this.admitNext();
  }

  private admitNext(): void {
    for (;;) {
      const group = this.poorestGroup();
      if (group === undefined || !this.mayTake(group)) return;
      const waiter = this.groups.get(group)![0]!;
      this.remove(waiter);
      this.moveToEnd(group);
      waiter.group = waiter.key();
      if (waiter.group === group) waiter.admit();
      else this.append(waiter);
    }
  }

  /** Returns the waiting key that holds the fewest slots; of equal keys, the one that was served least recently. */
  private poorestGroup(): string | undefined {
    let poorest: string | undefined;
    let fewest = Infinity;
    for (const group of this.groups.keys()) {
      const held = this.held.get(group) ?? 0;
      if (held < fewest) [poorest, fewest] = [group, held];
    }
    return poorest;
  }

  private longestLine(): Waiter[] {
    return [...this.groups.values()].reduce((longest, line) => (line.length > longest.length ? line : longest));
  }

  private append(waiter: Waiter): void {
    this.waiting += 1;
    const waiters = this.groups.get(waiter.group);
    if (waiters === undefined) this.groups.set(waiter.group, [waiter]);
    else waiters.push(waiter);
  }

  private remove(waiter: Waiter): void {
    this.waiting -= 1;
    const waiters = this.groups.get(waiter.group)!;
    waiters.splice(waiters.indexOf(waiter), 1);
    if (waiters.length === 0) this.groups.delete(waiter.group);
  }

  private moveToEnd(group: string): void {
    const waiters = this.groups.get(group);
    if (waiters === undefined) return;
    this.groups.delete(group);
    this.groups.set(group, waiters);
  }
}
