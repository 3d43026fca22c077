import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { setImmediate as turn } from 'node:timers/promises';
import { AsyncLocalStorage } from 'node:async_hooks';
import { Semaphore } from './semaphore.js';

it('runs at most as many functions at once as it has slots, in order of arrival, including failing ones', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 5 }),
      fc.array(fc.boolean(), { maxLength: 20 }),
      async (atOnce, works) => {
        const semaphore = new Semaphore({ slots: () => atOnce });
        const begun: number[] = [];
        let running = 0;
        let most = 0;
        const outcomes = await Promise.allSettled(
          works.map((well, i) =>
            semaphore.withSlot(async () => {
              begun.push(i);
              most = Math.max(most, (running += 1));
              await turn();
              running -= 1;
              if (!well) throw new Error('failed');
            }),
          ),
        );
        expect(outcomes.map(({ status }) => status === 'fulfilled')).toEqual(works);
        expect(begun).toEqual(works.map((_, i) => i));
        expect(most).toBe(Math.min(atOnce, works.length));
      },
    ),
  );
});

it('rejects a caller when the queue is full and accepts callers again after a slot is free', async () => {
  const semaphore = new Semaphore({ slots: () => 1, maxWaiting: 1, whenFull: () => new RangeError('full') });
  const release = await semaphore.acquire();
  const second = semaphore.acquire();
  await expect(semaphore.acquire()).rejects.toEqual(new RangeError('full'));
  release();
  const releaseSecond = await second;
  const third = semaphore.acquire();
  releaseSecond();
  (await third)();
  await expect(semaphore.withSlot(async () => 'done')).resolves.toBe('done');
});

it('runs a waiting function in the async context of its own caller', async () => {
  const context = new AsyncLocalStorage<string>();
  const semaphore = new Semaphore({ slots: () => 1 });
  const run = (name: string) =>
    context.run(name, () =>
      semaphore.withSlot(async () => {
        await turn();
        return context.getStore();
      }),
    );
  expect(await Promise.all([run('a'), run('b'), run('c')])).toEqual(['a', 'b', 'c']);
});
