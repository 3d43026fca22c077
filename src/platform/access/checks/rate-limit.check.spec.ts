import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Request } from 'express';
import { Clock } from '../../clock/clock.js';
import type { AppConfig, RedisConfig } from '../../config/index.js';
import { Context, withContext } from '../../context/context.js';
import { RateLimiter } from '../../http/rate-limit.js';
import '../../problem/problem.feature.js';
import { Problem } from '../../problem/problem.js';
import type { GuardContext } from '../guard-context.js';
import { FAILURES, PAGE_VIEWS, type NetworkLimit } from '../network-limit.js';
import { RateLimitCheck } from './rate-limit.check.js';

const HOSPITAL = '192.0.2.1';
const PAGE: NetworkLimit = { name: 'page', ...PAGE_VIEWS };
const PASSWORD: NetworkLimit = { name: 'password', ...FAILURES };
const ANSWER: NetworkLimit = { name: 'answer', ...FAILURES, admission: ({ headers }) => headers.cookie };

let now: number;
let limiter: RateLimiter;
let check: RateLimitCheck;
beforeEach(() => {
  now = 1_000_000_000_000;
  const clock = Object.assign(new Clock(), { now: () => new Date(now) });
  limiter = new RateLimiter({ status: 'connecting' } as never, { processes: 1 } as RedisConfig, clock);
  check = new RateLimitCheck(limiter, {} as AppConfig);
});

interface Attempt {
  /** The user of a known browser. */
  user?: string;
  /** The secret of the step before. */
  cookie?: string;
  ip?: string;
  /** Whether a service accepts the request. */
  succeeds: boolean;
}

/** Sends a request to a route with this limit, and returns whether the limit let it pass. */
async function send(limit: NetworkLimit, { user, cookie, ip = HOSPITAL, succeeds }: Attempt): Promise<boolean> {
  const context = new Context({ ip, browserUser: user ?? null });
  const request = { headers: { cookie } } as Request;
  return withContext(context, async () => {
    try {
      await check.check({ policy: { limit }, request } as unknown as GuardContext);
    } catch (error) {
      if (error instanceof Problem && error.code === 'too_many_requests') return false;
      throw error;
    }
    if (succeeds) await context.uncount();
    return true;
  });
}

/** Signs in through a provider: two pages, the start, and the answer. */
async function signInBySso(browser: Partial<Attempt>, secret: string): Promise<boolean> {
  for (let page = 0; page < 3; page += 1) if (!(await send(PAGE, { ...browser, succeeds: true }))) return false;
  await limiter.admitNext(ANSWER, secret);
  return send(ANSWER, { ...browser, cookie: secret, succeeds: true });
}

/** Signs in by password: two pages, in one of ten cases a wrong password, and the correct one. */
async function signInByPassword(browser: Partial<Attempt>, n: number): Promise<boolean> {
  for (let page = 0; page < 2; page += 1) if (!(await send(PAGE, { ...browser, succeeds: true }))) return false;
  if (n % 10 === 0 && !(await send(PASSWORD, { ...browser, succeeds: false }))) return false;
  return send(PASSWORD, { ...browser, succeeds: true });
}

const many = async (times: number, each: (n: number) => Promise<boolean>) => {
  let passed = 0;
  for (let n = 0; n < times; n += 1) if (await each(n)) passed += 1;
  return passed;
};

describe('a hospital behind one IP', () => {
  it('signs 2,000 users in within ten minutes while an attacker in the same address stays limited', async () => {
    const passed = { sso: 0, password: 0, forged: 0, guessed: 0 };
    for (let second = 0; second < 600; second += 1) {
      now += 1_000;
      passed.forged += await many(20, (n) => send(ANSWER, { cookie: `forged ${second} ${n}`, succeeds: false }));
      passed.guessed += await many(20, () => send(PASSWORD, { succeeds: false }));
      // Half of the browsers of the SSO users were never used before.
      passed.sso += await many(2, (n) => signInBySso(n === 0 ? {} : { user: `u${second % 400}` }, `s${second} ${n}`));
      const users = second % 3 === 0 ? 2 : 1;
      passed.password += await many(users, (n) => signInByPassword({ user: `u${second % 400}` }, second + n));
    }
    expect([passed.sso + passed.password, passed.sso, passed.password]).toEqual([2_000, 1_200, 800]);
    expect([passed.forged, passed.guessed]).toEqual([600, 600]); // of 12,000 each: 300 in each five minutes
  });

  it('signs 2,000 users in within ten minutes from browsers that were never used before', async () => {
    const passed = await many(2_000, async (n) => {
      now += 300;
      return n % 2 === 0 ? signInBySso({}, `browser ${n}`) : signInByPassword({}, n);
    });
    expect(passed).toBe(2_000);
  });
});

describe('a limit of failures', () => {
  it('counts every failure of a network, over all accounts and browsers, and no success', async () => {
    await many(1_000, () => send(PASSWORD, { succeeds: true }));
    expect(await many(400, () => send(PASSWORD, { succeeds: false }))).toBe(300);
    expect(await send(PASSWORD, { succeeds: true })).toBe(false);
    expect(await send(PASSWORD, { ip: '192.0.2.2', succeeds: false })).toBe(true);
    now += 300_000;
    expect(await many(400, () => send(PASSWORD, { succeeds: false }))).toBe(300);
  });

  it('bounds the requests in progress of unknown browsers', async () => {
    const inProgress = Array.from({ length: 310 }, () => send(PASSWORD, { succeeds: false }));
    expect((await Promise.all(inProgress)).filter(Boolean)).toHaveLength(300);
  });

  it('allows twenty failures of the known browsers of one user, and 600 of all browsers of a network', async () => {
    const user = 'one';
    await many(300, () => send(PASSWORD, { succeeds: false }));
    expect(await many(30, () => send(PASSWORD, { user, succeeds: false }))).toBe(20);
    const others = await many(400, (n) => send(PASSWORD, { user: `other ${n}`, succeeds: false }));
    expect(others).toBe(280);
    expect(await send(PASSWORD, { user: 'another', succeeds: true })).toBe(false);
  });

  it('counts a known browser above its own limit with the unknown ones', async () => {
    expect(await many(400, () => send(PASSWORD, { user: 'one', succeeds: false }))).toBe(320);
  });

  it('admits one answer for each start of a sign-in above the limit', async () => {
    await many(300, () => send(ANSWER, { succeeds: false }));
    await limiter.admitNext(ANSWER, 'browser');
    expect(await many(3, () => send(ANSWER, { cookie: 'browser', succeeds: false }))).toBe(1);
    expect(await send(ANSWER, { cookie: 'invented', succeeds: false })).toBe(false);
  });

  it('admits at most as many failures as the limit has points, and every success', async () => {
    await many(300, () => send(ANSWER, { succeeds: false }));
    const answer = async (secret: string, succeeds: boolean) => {
      await limiter.admitNext(ANSWER, secret);
      return send(ANSWER, { cookie: secret, succeeds });
    };
    expect(await many(1_000, (n) => answer(`honest ${n}`, true))).toBe(1_000);
    expect(await many(400, (n) => answer(`attack ${n}`, false))).toBe(300);
    expect(await answer('late', true)).toBe(false);
    now += 300_000;
    expect(await answer('later', true)).toBe(true);
  });
});

it('a limit of page views counts every view', async () => {
  expect(await many(12_100, () => send(PAGE, { succeeds: true }))).toBe(12_000);
  expect(await send(PAGE, { user: 'known', succeeds: true })).toBe(true);
});
