import { FairQueue, type FairQueueOptions } from './fair-queue.js';

/** Who asks for a slot, such as a network that sends to a connection. */
export interface Caller {
  readonly key: string;
  readonly part: string;
}

/**
 * Shares slots fairly between keys, and the slots of each key fairly between its parts. So neither a busy key nor a
 * busy part of a key delays the others. The limit of waiting callers counts for each key.
 */
export class NestedQueue {
  private readonly keys: FairQueue;
  private readonly parts = new Map<string, { queue: FairQueue; callers: number }>();

  constructor(private readonly options: FairQueueOptions) {
    this.keys = new FairQueue({ ...options, maxWaiting: undefined });
  }

  /** Runs a function in a slot. Throws what the function throws, and the error of `whenLate`. */
  async withSlot<T>({ key, part }: Caller, fn: () => Promise<T>): Promise<T> {
    const own = this.parts.get(key) ?? { queue: new FairQueue(this.options), callers: 0 };
    this.parts.set(key, own);
    own.callers += 1;
    try {
      return await within(own.queue, part, () => within(this.keys, key, fn));
    } finally {
      own.callers -= 1;
      if (own.callers === 0) this.parts.delete(key);
    }
  }
}

async function within<T>(queue: FairQueue, key: string, fn: () => Promise<T>): Promise<T> {
  const release = await queue.acquire(() => key);
  try {
    return await fn();
  } finally {
    release();
  }
}
