import { describe, expect, it } from '@jest/globals';
import { withProgress } from './progress.js';

describe('progress', () => {
  it("saves the count while the work runs, and returns the work's result", async () => {
    const seen = Promise.withResolvers<number>();
    const save = (count: number) => Promise.resolve(seen.resolve(count));
    await withProgress(save, 1, (add) => {
      add(2);
      add(3);
      return seen.promise;
    });
    expect(await seen.promise).toBe(5);
    expect(
      await withProgress(
        () => Promise.resolve(),
        1_000,
        () => Promise.resolve('done'),
      ),
    ).toBe('done');
  });

  it('ignores a count that cannot be saved', async () => {
    let tries = 0;
    await withProgress(
      () => {
        tries += 1;
        return Promise.reject(new Error('the database is unavailable'));
      },
      1,
      async (add) => {
        while (tries < 2) {
          add(1);
          await new Promise(setImmediate);
        }
      },
    );
    expect(tries).toBeGreaterThanOrEqual(2);
  });

  it('fails when the work fails', async () => {
    await expect(
      withProgress(
        () => Promise.resolve(),
        1,
        () => Promise.reject(new Error('the query failed')),
      ),
    ).rejects.toThrow('the query failed');
  });
});
