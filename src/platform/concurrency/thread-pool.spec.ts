import { afterAll, describe, expect, it } from '@jest/globals';
import { ThreadPool, type ThreadPoolOptions } from './thread-pool.js';

const entry = new URL('../../../test/harness/thread.mjs', import.meta.url);
const pools: ThreadPool[] = [];
const optionsOf = (more: Partial<ThreadPoolOptions> = {}): ThreadPoolOptions => ({
  entry,
  threads: 1,
  maxWaiting: 8,
  maxWaitMs: 60_000,
  deadlineMs: 60_000,
  maxHeapMb: 32,
  whenBusy: () => new RangeError('busy'),
  ...more,
});
const pool = (options = optionsOf()): ThreadPool => {
  const made = new ThreadPool(options);
  pools.push(made);
  return made;
};
const caller = { key: 'connection', part: 'network' };
const answer = (value: unknown) => ({ act: 'answer', value });
afterAll(() => Promise.all(pools.map((one) => one.close())));

describe('ThreadPool', () => {
  it('gives each request its own reply', async () => {
    const threads = pool(optionsOf({ threads: 2 }));
    const values = [1, 'two', { three: [3] }, null];
    expect(await Promise.all(values.map((value) => threads.run(answer(value), caller)))).toEqual(values);
  });

  it.each([
    ['throws', 'throw'],
    ['ends', 'exit'],
    ['uses too much memory', 'fill'],
  ])('rejects the request whose thread %s, and answers the next one', async (_name, act) => {
    const threads = pool();
    const attempts = [threads.run({ act }, caller), threads.run(answer('next'), caller)];
    expect(await Promise.allSettled(attempts)).toMatchObject([
      { status: 'rejected', reason: { name: 'ThreadError', reason: 'ended' } },
      { status: 'fulfilled', value: 'next' },
    ]);
  });

  it('ends a thread that passes the deadline, and answers the next request', async () => {
    const options = optionsOf({ deadlineMs: 1 });
    const threads = pool(options);
    await expect(threads.run({ act: 'loop' }, caller)).rejects.toMatchObject({ reason: 'deadline' });
    options.deadlineMs = 60_000;
    expect(await threads.run(answer('next'), caller)).toBe('next');
  });

  it('bounds the queue', async () => {
    const threads = pool(optionsOf({ maxWaiting: 1 }));
    const attempts = await Promise.allSettled([1, 2, 3].map((value) => threads.run(answer(value), caller)));
    expect(attempts).toMatchObject([
      { value: 1 },
      { value: 2 },
      { status: 'rejected', reason: expect.any(RangeError) },
    ]);
  });

  it.each([
    ['key, next', { key: 'another', part: 'network' }, 1, 10],
    ['part of the key, after one request that waits', { key: 'connection', part: 'another' }, 2, 9],
  ])('answers a caller with another %s, also when the line of a flood is full', async (_n, quiet, place, count) => {
    const threads = pool();
    const answered: string[] = [];
    const ask = (value: string, by: typeof caller) =>
      threads.run(answer(value), by).then(
        () => answered.push(value),
        () => answered.push('busy'),
      );
    const flood = Array.from({ length: 20 }, () => ask('flood', caller));
    await Promise.all([...flood, ask('quiet', quiet)]);
    const served = answered.filter((value) => value !== 'busy');
    expect([served.indexOf('quiet'), served.length, answered.length]).toEqual([place, count, 21]);
  });

  it('answers after an idle thread ended', async () => {
    const threads = pool();
    expect(await threads.run({ act: 'answer-and-exit', value: 1 }, caller)).toBe(1);
    const outcomes = await Promise.allSettled([threads.run(answer(2), caller), threads.run(answer(3), caller)]);
    // the first request can reach the thread before it ends
    expect(outcomes.at(-1)).toEqual({ status: 'fulfilled', value: 3 });
  });

  it('starts no thread after it was closed', async () => {
    const threads = pool();
    expect(await threads.run(answer(1), caller)).toBe(1);
    await threads.close();
    await expect(threads.run(answer(2), caller)).rejects.toMatchObject({ name: 'ThreadError', reason: 'ended' });
  });
});
