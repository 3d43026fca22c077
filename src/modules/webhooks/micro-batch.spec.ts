import { describe, expect, it } from '@jest/globals';
import { MicroBatch, type MicroBatchOptions } from './micro-batch.js';

/** Writes that the test completes or fails. */
function controlledWrites() {
  const batches: { items: readonly string[]; finish: () => void; fail: (error: Error) => void }[] = [];
  const options: MicroBatchOptions<string, string> = {
    write: (items) =>
      new Promise((resolve, reject) => {
        batches.push({ items, finish: () => resolve(items.map((item) => item.toUpperCase())), fail: reject });
      }),
    weigh: (item) => item.length,
    isolate: (error) => (error as Error).message === 'one of them',
    mostItems: 3,
    mostWeight: 100,
    maxWaiting: 5,
  };
  return { batches, options };
}
const turns = () => new Promise((resolve) => setImmediate(resolve));

describe('MicroBatch', () => {
  it('writes the first item at once, and the items that arrive meanwhile together, in order', async () => {
    const { batches, options } = controlledWrites();
    const batch = new MicroBatch(options);
    const all = ['a', 'b', 'c', 'd', 'e'].map((item) => batch.add(item));
    expect(batches.map(({ items }) => items)).toEqual([['a']]);
    batches[0]!.finish();
    await turns();
    batches[1]!.finish();
    await turns();
    batches[2]!.finish();
    expect(await Promise.all(all)).toEqual(['A', 'B', 'C', 'D', 'E']);
    expect(batches.map(({ items }) => items)).toEqual([['a'], ['b', 'c', 'd'], ['e']]);
  });

  it('closes a batch at its weight limit, and writes an overweight item alone', async () => {
    const { batches, options } = controlledWrites();
    const batch = new MicroBatch({ ...options, mostWeight: 4 });
    const all = ['a', 'bb', 'cc', 'dddddd', 'e'].map((item) => batch.add(item));
    for (let i = 0; i < 4; i += 1) {
      batches[i]!.finish();
      await turns();
    }
    await Promise.all(all);
    expect(batches.map(({ items }) => items)).toEqual([['a'], ['bb', 'cc'], ['dddddd'], ['e']]);
  });

  it('fails only the bad item of a batch', async () => {
    const batch = new MicroBatch({
      ...controlledWrites().options,
      write: (items) =>
        items.includes('bad') ? Promise.reject(new Error('one of them')) : Promise.resolve([...items]),
    });
    const outcomes = await Promise.allSettled(['a', 'b', 'bad', 'c'].map((item) => batch.add(item)));
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
  });

  it('does not retry item by item when no single item can be the cause', async () => {
    const { batches, options } = controlledWrites();
    const batch = new MicroBatch(options);
    const outcomes = Promise.allSettled(['a', 'b', 'c'].map((item) => batch.add(item)));
    batches[0]!.fail(new Error('the database is unavailable'));
    await turns();
    batches[1]!.fail(new Error('the database is unavailable'));
    expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(batches).toHaveLength(2);
  });

  it('rejects items above the queue limit, and continues afterwards', async () => {
    const { batches, options } = controlledWrites();
    const batch = new MicroBatch({ ...options, maxWaiting: 1 });
    const first = batch.add('a');
    const second = batch.add('b');
    await expect(batch.add('c')).rejects.toMatchObject({ code: 'unavailable', headers: { 'Retry-After': '1' } });
    batches[0]!.finish();
    await turns();
    batches[1]!.finish();
    expect(await Promise.all([first, second])).toEqual(['A', 'B']);
  });
});
