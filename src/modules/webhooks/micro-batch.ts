import { Problem } from '../../platform/problem/index.js';

interface Entry<Item, Outcome> {
  item: Item;
  resolve: (outcome: Outcome) => void;
  reject: (error: unknown) => void;
}

export interface MicroBatchOptions<Item, Outcome> {
  /** Writes items together and returns their outcomes in the same order. */
  write: (items: readonly Item[]) => Promise<readonly Outcome[]>;
  /** Returns the weight of an item, such as its bytes. */
  weigh: (item: Item) => number;
  /** Returns whether one item may have caused the failure, so that the others are retried without it. */
  isolate: (error: unknown) => boolean;
  mostItems: number;
  mostWeight: number;
  /** The maximum of waiting items; more are rejected. */
  maxWaiting: number;
}

/**
 * Writes items one batch at a time, in order of arrival. The first item is written at once. Items that arrive during a
 * write form the next batch. Under low load no item waits, and under high load there are few statements.
 */
export class MicroBatch<Item, Outcome> {
  private waiting: Entry<Item, Outcome>[] = [];
  private writing = false;

  constructor(private readonly options: MicroBatchOptions<Item, Outcome>) {}

  /** Returns the outcome for an item. Throws the error of the write, or unavailable when too many items wait. */
  add(item: Item): Promise<Outcome> {
    if (this.waiting.length >= this.options.maxWaiting) {
      return Promise.reject(new Problem('unavailable', { headers: { 'Retry-After': '1' } }));
    }
    return new Promise((resolve, reject) => {
      this.waiting.push({ item, resolve, reject });
      if (!this.writing) void this.drain();
    });
  }

  private async drain(): Promise<void> {
    this.writing = true;
    while (this.waiting.length > 0) await this.flush(this.next());
    this.writing = false;
  }

  private next(): Entry<Item, Outcome>[] {
    const { mostItems, mostWeight, weigh } = this.options;
    let weight = 0;
    const tooMany = this.waiting.findIndex(({ item }, index) => {
      weight += weigh(item);
      return index > 0 && (index >= mostItems || weight > mostWeight);
    });
    return this.waiting.splice(0, tooMany === -1 ? this.waiting.length : tooMany);
  }

  private async flush(entries: readonly Entry<Item, Outcome>[]): Promise<void> {
    try {
      const outcomes = await this.options.write(entries.map(({ item }) => item));
      entries.forEach(({ resolve }, index) => resolve(outcomes[index]!));
    } catch (error) {
      if (entries.length > 1 && this.options.isolate(error)) {
        for (const entry of entries) await this.flush([entry]);
      } else {
        for (const { reject } of entries) reject(error);
      }
    }
  }
}
