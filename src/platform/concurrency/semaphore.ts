export interface SemaphoreOptions {
  /** The number of functions that may run at once. Read at each acquisition. */
  slots: () => number;
  /** The number of callers that may wait for a slot; unlimited by default. */
  maxWaiting?: number;
  /** Creates the error for a caller that arrives when the queue is full. */
  whenFull?: () => Error;
}

/**
 * Limits how many functions run at once. Callers wait in the order of their arrival. A slot passes directly to the next
 * caller, so a later caller never overtakes a waiting one.
 *
 * cockatiel's bulkhead does not fit. It runs a waiting function in the async context of the caller that freed the slot,
 * which would be the context of another request. It can also reject a caller that already waits.
 */
export class Semaphore {
  private readonly waiting: (() => void)[] = [];
  private running = 0;

  constructor(private readonly options: SemaphoreOptions) {}

  /** Waits for a slot and returns the function that frees it. Throws the error of `whenFull`. */
  async acquire(): Promise<() => void> {
    const { slots, maxWaiting = Infinity, whenFull = () => new Error('the semaphore is full') } = this.options;
    if (this.running < slots()) this.running += 1;
    else if (this.waiting.length < maxWaiting) await new Promise<void>((resolve) => this.waiting.push(resolve));
    else throw whenFull();
    return () => this.release();
  }

  /** Runs a function in a slot. Throws what the function throws, and the error of `whenFull`. */
  async withSlot<T>(fn: () => Promise<T>): Promise<T> {
    const release = await this.acquire();
    try {
      return await fn();
    } finally {
      release();
    }
  }

  private release(): void {
    const next = this.waiting.shift();
    if (next === undefined) this.running -= 1;
    else next();
  }
}
