import { beforeEach, describe, expect, it } from '@jest/globals';
import { Clock } from '../../clock/clock.js';
import { Context, currentContext, withContext } from '../../context/context.js';
import { LocalRateLimiter, type RateLimit, type RateLimiter } from '../../http/rate-limit.js';
import { Problem } from '../../problem/problem.js';
import type { GuardContext } from '../guard-context.js';
import { newScimToken } from '../scim-token.js';
import {
  SCIM_BURST_RATE_LIMIT,
  SCIM_IP_RATE_LIMIT,
  SCIM_TOKEN_RATE_LIMIT,
  ScimTokenCheck,
} from './scim-token.check.js';

let now: number;
let state: string;
let check: ScimTokenCheck;
let counted: string[];
const clock = Object.assign(new Clock(), { now: () => new Date(now) });

beforeEach(() => {
  now = 1_000_000_000_000;
  state = 'ok';
  counted = [];
  const limiter = new LocalRateLimiter(clock);
  const unitOfWork = {
    begin: async () => ({ state }),
    rollback: async () => undefined,
  };
  const counting = {
    consume: (limit: RateLimit, key: string) => {
      counted.push(limit.name);
      return limiter.consume(limit, key);
    },
  };
  check = new ScimTokenCheck(unitOfWork as never, counting as unknown as RateLimiter, {} as never);
});

/** Sends a request, and returns `ok` or the problem. */
async function send(token: string): Promise<string | Problem> {
  const attempt = { request: { headers: { authorization: `Bearer ${token}` } }, mutating: false };
  try {
    await withContext(new Context({ ip: '192.0.2.1' }), async () => {
      currentContext().allow = () => undefined;
      await check.check(attempt as unknown as GuardContext);
    });
    return 'ok';
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
}

/** Sends requests at a rate, and returns how many were accepted before the first 429. */
async function accepted(token: string, many: number, perSecond: number): Promise<number> {
  for (let i = 0; i < many; i += 1) {
    if ((await send(token)) !== 'ok') return i;
    now += 1_000 / perSecond;
  }
  return many;
}

const USERS = 5_000;
/** A search, a creation, and an update with the manager. */
const REQUESTS_PER_USER = 3;

describe('the rate limit of a SCIM token', () => {
  it.each([
    ['the rate that Microsoft asks for', 25],
    ['as fast as the service answers', 150],
    ['the fastest accepted rate', 200],
  ])('allows the first provisioning of 5,000 users at %s', async (_what, perSecond) => {
    expect(await accepted(newScimToken(), USERS * REQUESTS_PER_USER, perSecond)).toBe(USERS * REQUESTS_PER_USER);
  });

  it('allows 50 requests a second without an end', async () => {
    expect(await accepted(newScimToken(), 40_000, 50)).toBe(40_000);
  });

  it('rejects a client that sends too fast or too long, and says when to continue', async () => {
    const [fast, long] = [newScimToken(), newScimToken()];
    expect(await accepted(fast, 10_000, 1_000)).toBe(SCIM_BURST_RATE_LIMIT.points);
    expect(await accepted(long, 100_000, 100)).toBe(SCIM_TOKEN_RATE_LIMIT.points);
    const problem = await send(long);
    expect(problem).toMatchObject({ code: 'too_many_requests', headers: { 'Retry-After': '300' } });
  });

  it('is separate for each token', async () => {
    await accepted(newScimToken(), 10_000, 1_000);
    expect(await send(newScimToken())).toBe('ok');
  });
});

describe('the rate limit of a network', () => {
  const counts = (name: string) => counted.filter((one) => one === name).length;

  it('counts a token only before it is accepted, so organizations behind one IP do not slow each other', async () => {
    for (const token of Array.from({ length: 50 }, newScimToken)) await accepted(token, 200, 100);
    expect(counts(SCIM_IP_RATE_LIMIT.name)).toBe(50);
  });

  it('counts every request with a token that is no longer valid', async () => {
    const token = newScimToken();
    await send(token);
    state = 'unknown';
    for (let i = 0; i < 10; i += 1) await send(token);
    expect(counts(SCIM_IP_RATE_LIMIT.name)).toBe(1 + 9);
    for (let i = 0; i < 10; i += 1) await send(newScimToken());
    expect(counts(SCIM_IP_RATE_LIMIT.name)).toBe(1 + 9 + 10);
  });
});
