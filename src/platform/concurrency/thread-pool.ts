import { Worker } from 'node:worker_threads';
import { type Caller, NestedQueue } from './nested-queue.js';

export interface ThreadPoolOptions {
  /** The module of the threads. It posts any message when it is ready, and then one reply to each request, in order. */
  entry: URL;
  threads: number;
  /** The number of requests with one key that may wait for a thread, and the longest time that each waits. */
  maxWaiting: number;
  maxWaitMs: number;
  /** Creates the error for a request that waits too long, or is rejected because too many wait. */
  whenBusy: () => Error;
  /** The time for one request, after its thread has started. */
  deadlineMs: number;
  /** The greatest heap of a thread. A thread above it ends. */
  maxHeapMb: number;
}

/** A request that a thread did not answer: it passed the deadline, or its thread ended. */
export class ThreadError extends Error {
  override readonly name = 'ThreadError';

  constructor(
    readonly reason: 'deadline' | 'ended',
    options?: ErrorOptions,
  ) {
    super(`the thread did not answer: ${reason}`, options);
  }
}

/** The time in which a thread must load its modules, also on a busy machine. */
const START_MS = 60_000;

/**
 * Runs requests in worker threads, so that none of them blocks the event loop. The threads start when they are needed,
 * and then stay. A thread that passes the deadline or ends is replaced, so one request cannot affect the next. The
 * callers share the threads fairly, see {@link NestedQueue}.
 */
export class ThreadPool {
  private readonly idle: Worker[] = [];
  private readonly all = new Set<Worker>();
  private readonly queue: NestedQueue;
  private closed = false;

  constructor(private readonly options: ThreadPoolOptions) {
    const { threads: slots, maxWaiting, maxWaitMs, whenBusy } = options;
    this.queue = new NestedQueue({ slots, maxWaiting, maxWaitMs, whenLate: whenBusy });
  }

  /** Returns the reply to a request. Both are plain data. Throws ThreadError, or the error of `whenBusy`. */
  run(request: unknown, caller: Caller): Promise<unknown> {
    return this.queue.withSlot(caller, async () => {
      const worker = this.idle.pop() ?? (await this.start());
      const reply = await this.attempt(worker, this.options.deadlineMs, () => worker.postMessage(request));
      if (this.all.has(worker)) this.idle.push(worker); // it can end with its last reply
      return reply;
    });
  }

  /** Ends the threads. Later requests are rejected. */
  async close(): Promise<void> {
    this.closed = true;
    await Promise.all([...this.all].map((worker) => worker.terminate()));
  }

  private async start(): Promise<Worker> {
    if (this.closed) throw new ThreadError('ended');
    const { entry, maxHeapMb } = this.options;
    const worker = new Worker(entry, { resourceLimits: { maxOldGenerationSizeMb: maxHeapMb } });
    this.all.add(worker);
    worker.unref(); // an idle thread keeps no process alive
    worker.on('error', () => this.forget(worker)); // an error without a listener would end the process
    worker.on('exit', () => this.forget(worker));
    await this.attempt(worker, START_MS, () => undefined);
    return worker;
  }

  /** Returns the next message of a thread. Ends the thread if none arrives. */
  private async attempt(worker: Worker, deadlineMs: number, begin: () => void): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const fail = (cause?: unknown): void => reject(new ThreadError('ended', { cause }));
    const timer = setTimeout(() => reject(new ThreadError('deadline')), deadlineMs);
    worker.once('message', resolve).once('error', fail).once('exit', fail);
    try {
      begin();
      return await promise;
    } catch (error) {
      await worker.terminate();
      throw error;
    } finally {
      clearTimeout(timer);
      worker.off('message', resolve).off('error', fail).off('exit', fail);
    }
  }

  private forget(worker: Worker): void {
    this.all.delete(worker);
    const index = this.idle.indexOf(worker);
    if (index >= 0) this.idle.splice(index, 1);
  }
}
