import { describe, expect, it } from '@jest/globals';
import { LocalRateLimiter, RateLimiter } from './rate-limit.js';
import type { RateLimit } from './rate-limit.js';
import { Problem } from './problem.js';

const limit: RateLimit = { name: 'sign-in', points: 2, seconds: 60 };

/** A Redis that fails every command, or one that was never connected. */
const broken = { status: 'ready', defineCommand() {}, rlflxIncr: () => Promise.reject(new Error('gone')), multi: () => { throw new Error('gone'); } };
const absent = { status: 'connecting', defineCommand() {} };

async function outcome(act: Promise<void>): Promise<string> {
  try {
    await act;
    return 'passed';
  } catch (error) {
    if (error instanceof Problem) return error.code;
    throw error;
  }
}

describe.each([
  ['in memory', () => new LocalRateLimiter()],
  ['while Redis fails', () => new RateLimiter(broken)],
  ['while Redis is not connected', () => new RateLimiter(absent)],
])('rate limits %s', (_name, create) => {
  it('refuse the use after the last, for each key apart', async () => {
    const limiter = create();
    expect(await outcome(limiter.consume(limit, 'a'))).toBe('passed');
    expect(await outcome(limiter.consume(limit, 'a'))).toBe('passed');
    expect(await outcome(limiter.consume(limit, 'a'))).toBe('too_many_requests');
    expect(await outcome(limiter.consume(limit, 'b'))).toBe('passed');
  });
});

describe('a refusal', () => {
  it('tells when to come back', async () => {
    const limiter = new LocalRateLimiter();
    const once = { name: 'once', points: 1, seconds: 30 };
    await limiter.consume(once, 'a');
    const refusal = await limiter.consume(once, 'a').catch((error: unknown) => error as Problem);
    expect(refusal).toMatchObject({ status: 429, headers: { 'Retry-After': '30', 'RateLimit-Policy': '"once";q=1;w=30', RateLimit: '"once";r=0;t=30' } });
  });

  it('ends when the key is forgotten', async () => {
    const limiter = new LocalRateLimiter();
    const once = { name: 'once', points: 1, seconds: 30 };
    await limiter.consume(once, 'a');
    await limiter.reset(once, 'a');
    expect(await outcome(limiter.consume(once, 'a'))).toBe('passed');
  });

  it('is not blurred by two limits of one name', async () => {
    const limiter = new LocalRateLimiter();
    await limiter.consume(limit, 'a');
    await expect(limiter.consume({ ...limit, points: 3 }, 'a')).rejects.toThrow('two different rate limits');
  });
});

it('shows Redis no key in clear', async () => {
  const seen: unknown[] = [];
  const redis = { ...broken, rlflxIncr: (...parts: unknown[]) => { seen.push(parts); return Promise.reject(new Error('gone')); } };
  await new RateLimiter(redis).consume(limit, 'jane@example.org');
  expect(seen).toHaveLength(1);
  expect(JSON.stringify(seen)).not.toContain('jane');
});
