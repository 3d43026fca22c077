import { describe, expect, it, jest } from '@jest/globals';
import { Clock } from '../../../platform/clock/clock.js';
import { StaleCache } from './stale-cache.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

function cacheOf(fetch: () => Promise<string>) {
  const clock = new Clock();
  let now = 1_000_000;
  clock.now = () => new Date(now);
  const fetching = jest.fn(fetch);
  return {
    cache: new StaleCache(fetching, clock),
    fetching,
    wait: (ms: number) => {
      now += ms;
    },
  };
}

describe('StaleCache', () => {
  it('fetches once for concurrent callers, and again after an hour', async () => {
    const { cache, fetching, wait } = cacheOf(async () => 'document');
    expect(await Promise.all([cache.get(), cache.get(), cache.get()])).toEqual(['document', 'document', 'document']);
    wait(HOUR - 1);
    await cache.get();
    expect(fetching).toHaveBeenCalledTimes(1);
    wait(1);
    await cache.get();
    expect(fetching).toHaveBeenCalledTimes(2);
  });

  it('fetches at most once a minute', async () => {
    const { cache, fetching, wait } = cacheOf(async () => 'keys');
    await cache.get();
    await cache.renew();
    expect(fetching).toHaveBeenCalledTimes(1);
    wait(MINUTE);
    await cache.renew();
    await cache.renew();
    expect(fetching).toHaveBeenCalledTimes(2);
  });

  it('returns the last good copy for at most a day', async () => {
    let broken = false;
    const { cache, wait } = cacheOf(async () => {
      if (broken) throw new Error('gone');
      return 'document';
    });
    await cache.get();
    broken = true;
    wait(23 * HOUR);
    expect(await cache.get()).toBe('document');
    wait(HOUR);
    await expect(cache.get()).rejects.toThrow('gone');
  });

  it('repeats the error of a failed fetch for a minute without another fetch', async () => {
    const { cache, fetching, wait } = cacheOf(() => Promise.reject(new Error('gone')));
    const get = () => expect(cache.get()).rejects.toThrow('gone');
    await Promise.all([get(), get(), get()]);
    await expect(cache.renew()).rejects.toThrow('gone');
    wait(MINUTE - 1);
    await get();
    expect(fetching).toHaveBeenCalledTimes(1);
    wait(1);
    await get();
    expect(fetching).toHaveBeenCalledTimes(2);
  });
});
