import { Problem } from '../../platform/problem/index.js';

interface Entry<Item, Outcome> {
  item: Item;
  resolve: (outcome: Outcome) => void;
  reject: (error: unknown) => void;
}

export interface MicroBatchOptions<Item, Outcome> {
  /** Writes items together and gives their outcomes in the same order. */
  write: (items: readonly Item[]) => Promise<readonly Outcome[]>;
  /** The weight of an item, such as its bytes. */
  weigh: (item: Item) => number;
  /** Whether a failure may be the fault of one item, so that the others deserve a try without it. */
  isolate: (error: unknown) => boolean;
  mostItems: number;
  mostWeight: number;
  /** How many may wait; more are turned away. */
  mostWaiting: number;
}

/**
 * Writes items one batch at a time, in the order they came: the first goes at once, and what comes while it is under
 * way goes together after it. So a quiet time costs no waiting and a busy one few statements.
 */
export class MicroBatch<Item, Outcome> {
  private waiting: Entry<Item, Outcome>[] = [];
  private writing = false;

  constructor(private readonly options: MicroBatchOptions<Item, Outcome>) {}

  /** The outcome of writing an item. Throws what writing threw, or unavailable when too many wait. */
  add(item: Item): Promise<Outcome> {
    if (this.waiting.length >= this.options.mostWaiting) {
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
