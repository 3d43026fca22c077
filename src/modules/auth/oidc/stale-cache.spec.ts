import { describe, expect, it, jest } from '@jest/globals';
import { Clock } from '../../../platform/clock/clock.js';
import { StaleCache } from './stale-cache.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

function kept(fetch: () => Promise<string>) {
  const clock = new Clock();
  let now = 1_000_000;
  clock.now = () => new Date(now);
  const fetching = jest.fn(fetch);
  return {
    copy: new StaleCache(fetching, clock),
    fetching,
    wait: (millis: number) => {
      now += millis;
    },
  };
}

describe('StaleCache', () => {
  it('fetches once for all who ask at the same time, and again after an hour', async () => {
    const { copy, fetching, wait } = kept(async () => 'document');
    expect(await Promise.all([copy.get(), copy.get(), copy.get()])).toEqual(['document', 'document', 'document']);
    wait(HOUR - 1);
    await copy.get();
    expect(fetching).toHaveBeenCalledTimes(1);
    wait(1);
    await copy.get();
    expect(fetching).toHaveBeenCalledTimes(2);
  });

  it('is renewed once a minute at most', async () => {
    const { copy, fetching, wait } = kept(async () => 'keys');
    await copy.get();
    await copy.renew();
    expect(fetching).toHaveBeenCalledTimes(1);
    wait(MINUTE);
    await copy.renew();
    await copy.renew();
    expect(fetching).toHaveBeenCalledTimes(2);
  });

  it('goes on with the last good copy for a day, and not longer', async () => {
    let broken = false;
    const { copy, wait } = kept(async () => {
      if (broken) throw new Error('gone');
      return 'document';
    });
    await copy.get();
    broken = true;
    wait(23 * HOUR);
    expect(await copy.get()).toBe('document');
    wait(HOUR);
    await expect(copy.get()).rejects.toThrow('gone');
  });

  it('has nothing to fall back on at first', async () => {
    await expect(kept(() => Promise.reject(new Error('gone'))).copy.get()).rejects.toThrow('gone');
  });
});
