import { beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Clock } from '../clock/clock.js';
import type { RedisConfig } from '../config/services.config.js';
import { LocalRateLimiter, RateLimiter, type RateLimit, type Use } from './rate-limit.js';
import { Problem } from '../problem/problem.js';

const limit: RateLimit = { name: 'sign-in', points: 2, seconds: 60 };
const once: RateLimit = { name: 'once', points: 1, seconds: 30 };

let now: number;
const clock = Object.assign(new Clock(), { now: () => new Date(now) });
beforeEach(() => {
  now = 1_000_000_000_000;
});

/** Fakes of a Redis that fails every command and of one that is not connected. */
const gone = () => Promise.reject(new Error('gone'));
const broken = { status: 'ready', countUse: gone, lrem: gone, del: gone, set: gone, getdel: gone };
const absent = { ...broken, status: 'connecting' };
const shared = (redis: typeof broken, processes = 1) => new RateLimiter(redis, { processes } as RedisConfig, clock);

async function outcome(act: Promise<unknown>): Promise<string> {
  try {
    await act;
    return 'passed';
  } catch (error) {
    if (error instanceof Problem) return error.code;
    throw error;
  }
}

describe.each([
  ['in memory', () => new LocalRateLimiter(clock)],
  ['while Redis fails', () => shared(broken)],
  ['while Redis is not connected', () => shared(absent)],
])('rate limits %s', (_name, create) => {
  it('reject a use above the limit, for each key separately', async () => {
    const limiter = create();
    expect(await outcome(limiter.consume(limit, 'a'))).toBe('passed');
    expect(await outcome(limiter.consume(limit, 'a'))).toBe('passed');
    expect(await outcome(limiter.consume(limit, 'a'))).toBe('too_many_requests');
    expect(await outcome(limiter.consume(limit, 'b'))).toBe('passed');
  });

  it('allow another use exactly when one use leaves the window', async () => {
    const limiter = create();
    const at = async (ms: number) => {
      now = 1_000_000_000_000 + ms;
      return outcome(limiter.consume(limit, 'a'));
    };
    expect([await at(0), await at(59_999), await at(59_999)]).toEqual(['passed', 'passed', 'too_many_requests']);
    expect([await at(60_000), await at(60_001), await at(119_998), await at(119_999)]).toEqual([
      'passed',
      'too_many_requests',
      'too_many_requests',
      'passed',
    ]);
  });

  it('never allow more uses than points in any window', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 40_000 }), { maxLength: 40 }), async (pauses) => {
        const limiter = create();
        const passed: number[] = [];
        for (const pause of pauses) {
          now += pause;
          if ((await outcome(limiter.consume(limit, 'a'))) === 'passed') passed.push(now);
        }
        for (const [i, time] of passed.entries())
          expect(passed[i + limit.points] ?? Infinity).toBeGreaterThanOrEqual(time + 60_000);
      }),
    );
  });
});

describe.each([
  ['in memory', () => new LocalRateLimiter(clock)],
  ['while Redis fails', () => shared(broken)],
])('a use that is given back %s', (_name, create) => {
  it('does not count, and the others keep their times', async () => {
    const limiter = create();
    const first = await limiter.consume(limit, 'a');
    now += 10_000;
    await limiter.consume(limit, 'a');
    await first.giveBack();
    expect(await outcome(limiter.consume(limit, 'a'))).toBe('passed');
    now += 59_999;
    expect(await outcome(limiter.consume(limit, 'a'))).toBe('too_many_requests');
    now += 1;
    expect(await outcome(limiter.consume(limit, 'a'))).toBe('passed');
  });

  it('never lets more than the points be kept or in progress in any window', async () => {
    const step = fc.record({ pause: fc.integer({ min: 0, max: 40_000 }), back: fc.nat({ max: 5 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const limiter = create();
        let kept: { at: number; use: Use }[] = [];
        for (const { pause, back } of steps) {
          now += pause;
          const use = await limiter.consume(limit, 'a').catch(() => null);
          if (use !== null) kept.push({ at: now, use });
          expect(kept.filter(({ at }) => now - at < 60_000).length).toBeLessThanOrEqual(limit.points);
          expect(use !== null || kept.filter(({ at }) => now - at < 60_000).length === limit.points).toBe(true);
          await kept[back]?.use.giveBack();
          kept = kept.filter((_one, i) => i !== back);
        }
      }),
    );
  });
});

describe('an admission', () => {
  it('lets one use of its key and limit pass, for ten minutes', async () => {
    const limiter = shared(absent);
    await limiter.admitNext(limit, 'a');
    expect([await limiter.wasAdmitted(limit, 'b'), await limiter.wasAdmitted(once, 'a')]).toEqual([false, false]);
    expect([await limiter.wasAdmitted(limit, 'a'), await limiter.wasAdmitted(limit, 'a')]).toEqual([true, false]);
    await limiter.admitNext(limit, 'a');
    now += 600_000;
    expect(await limiter.wasAdmitted(limit, 'a')).toBe(false);
  });
});

describe('while Redis is unavailable', () => {
  it('each process allows its fraction of the points, at least one', async () => {
    const limiter = shared(broken, 4);
    const passed = async (points: number) => {
      const results: string[] = [];
      for (let i = 0; i <= points; i += 1)
        results.push(await outcome(limiter.consume({ name: `p${points}`, points, seconds: 60 }, 'a')));
      return results.filter((result) => result === 'passed').length;
    };
    expect([await passed(100), await passed(9), await passed(3)]).toEqual([25, 2, 1]);
  });
});

describe('a rejected use', () => {
  it('returns when to retry', async () => {
    const limiter = new LocalRateLimiter(clock);
    await limiter.consume(once, 'a');
    now += 4_500;
    const rejection = await limiter.consume(once, 'a').catch((error: unknown) => error as Problem);
    expect(rejection).toMatchObject({
      status: 429,
      headers: { 'Retry-After': '26', 'RateLimit-Policy': '"once";q=1;w=30', RateLimit: '"once";r=0;t=26' },
    });
  });

  it('is allowed again after a reset of the key', async () => {
    for (const limiter of [new LocalRateLimiter(clock), shared(broken)]) {
      await limiter.consume(once, 'a');
      await limiter.reset(once, 'a');
      expect(await outcome(limiter.consume(once, 'a'))).toBe('passed');
    }
  });

  it('throws for two limits with one name', async () => {
    for (const limiter of [new LocalRateLimiter(clock), shared(broken)]) {
      await limiter.consume(limit, 'a');
      await expect(limiter.consume({ ...limit, points: 3 }, 'a')).rejects.toThrow('two different rate limits');
    }
  });
});

it('keeps a bounded number of keys and evicts the oldest', async () => {
  const limiter = new LocalRateLimiter(clock);
  for (let i = 0; i <= 50_000; i += 1) await limiter.consume(once, `key ${i}`);
  expect(await outcome(limiter.consume(once, 'key 50000'))).toBe('too_many_requests');
  expect(await outcome(limiter.consume(once, 'key 0'))).toBe('passed');
});

it('sends Redis only hashed keys', async () => {
  const seen: unknown[] = [];
  const redis = {
    ...broken,
    countUse: async (...parts: unknown[]) => {
      seen.push(parts);
      return -1;
    },
  };
  await shared(redis as unknown as typeof broken).consume(limit, 'jane@example.org');
  expect(seen).toHaveLength(1);
  expect(JSON.stringify(seen)).not.toContain('jane');
});
