import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { setImmediate as turn } from 'node:timers/promises';
import { FairQueue } from './fair-queue.js';

const queueOf = (slots: number, maxWaitMs = 60_000) =>
  new FairQueue({ slots, maxWaitMs, whenLate: () => new RangeError('late') });

/** Asks for slots and records the keys in the order of admission. `free` frees the oldest slot of a key. */
function callers(queue: FairQueue) {
  const admitted: string[] = [];
  const releases = new Map<string, (() => void)[]>();
  const ask = async (key: string, group: () => string = () => key): Promise<void> => {
    const release = await queue.acquire(group);
    admitted.push(key);
    releases.set(key, [...(releases.get(key) ?? []), release]);
  };
  return {
    admitted,
    ask: (key: string, times = 1, group?: () => string) => {
      // a caller that still waits after its test must not disturb the next one
      for (let i = 0; i < times; i += 1) ask(key, group).catch(() => undefined);
    },
    free: async (key: string) => {
      releases.get(key)!.shift()!();
      await turn();
    },
  };
}

it.each([
  [1, 1],
  [2, 1],
  [3, 2],
  [4, 2],
  [10, 6],
  [20, 13],
])('of %i slots, a single key holds at most %i, so that another key gets one at once', async (slots, most) => {
  const { admitted, ask } = callers(queueOf(slots));
  ask('busy', 50);
  await turn();
  expect(admitted).toHaveLength(most);
  ask('quiet');
  await turn();
  expect(admitted.includes('quiet')).toBe(slots > 1);
});

it('passes a free slot to the waiting key that holds the fewest, and equal keys take turns', async () => {
  const { admitted, ask, free } = callers(queueOf(1));
  ask('a', 4);
  ask('b', 2);
  ask('c');
  await turn();
  for (const key of ['a', 'a', 'b', 'c', 'a', 'b']) await free(key);
  expect(admitted).toEqual(['a', 'a', 'b', 'c', 'a', 'b', 'a']);
});

it('moves a waiting caller to another key when its key has changed', async () => {
  const { admitted, ask, free } = callers(queueOf(2));
  let key = 'address';
  ask('organization', 1);
  ask('first', 1, () => 'other');
  ask('unknown', 1, () => key);
  ask('neighbor', 1, () => 'neighbor');
  await turn();
  key = 'organization';
  await free('first');
  expect(admitted).toEqual(['organization', 'first', 'neighbor']);
  await free('organization');
  expect(admitted.at(-1)).toBe('unknown');
});

it('rejects a caller that has waited too long, and forgets it', async () => {
  const queue = queueOf(1, 1);
  const release = await queue.acquire(() => 'a');
  await expect(queue.acquire(() => 'a')).rejects.toEqual(new RangeError('late'));
  release();
  (await queue.acquire(() => 'a'))();
});

it('rejects the last caller of the longest line when too many wait', async () => {
  const queue = new FairQueue({ slots: 1, maxWaitMs: 60_000, maxWaiting: 3, whenLate: () => new RangeError('full') });
  const release = await queue.acquire(() => 'busy');
  const asked = ['busy', 'busy', 'busy', 'quiet'].map(async (key, i) => {
    const free = await queue.acquire(() => key);
    free();
    return `${key} ${i}`;
  });
  const outcomes = Promise.allSettled(asked);
  await turn();
  release();
  expect(await outcomes).toMatchObject([
    { value: 'busy 0' },
    { value: 'busy 1' },
    { reason: new RangeError('full') },
    { value: 'quiet 3' },
  ]);
});

it('serves every caller once, never above the number of slots, and keeps a slot for a newcomer', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 6 }),
      fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 30 }),
      async (slots, keys) => {
        const queue = queueOf(slots);
        const running = new Map<string, number>();
        const served: string[] = [];
        await Promise.all(
          keys.map(async (key) => {
            const release = await queue.acquire(() => key);
            running.set(key, (running.get(key) ?? 0) + 1);
            const total = [...running.values()].reduce((sum, n) => sum + n, 0);
            expect(total).toBeLessThanOrEqual(slots);
            expect(running.get(key)).toBeLessThanOrEqual(Math.max(1, slots - 1));
            await turn();
            running.set(key, running.get(key)! - 1);
            served.push(key);
            release();
          }),
        );
        expect(served.toSorted()).toEqual(keys.toSorted());
      },
    ),
  );
});
