import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { Redis } from 'ioredis';
import { newId } from '../../src/platform/clock/id.js';
import { allRoutes } from '../../src/platform/boot/routes.js';
import { RateLimiter, type RateLimit } from '../../src/platform/http/index.js';
import { startCaptured, type CapturedApi } from '../contract/captured.js';
import { Harness } from '../harness/app.js';
import type { Answer } from '../harness/client.js';

let harness: Harness;
let second: CapturedApi;
let redis: Redis;

beforeAll(async () => {
  harness = await Harness.start({ takeJobs: false, env: { TRUST_PROXY: 'loopback' } });
  second = await startCaptured(harness);
  redis = new Redis(harness.env.REDIS_URL!);
});
afterAll(async () => {
  redis.disconnect();
  await second.stop();
  await harness.stop();
});

const POINTS = 60;
const anybody = () => `nobody-${newId()}@test.example`;
const forgot = (url: string, ip: string, email = anybody()) =>
  harness.client().post(`${url}/v1/auth/password/forgot`, { email }, { headers: { 'x-forwarded-for': ip } });
/** The nth of many requests, by one process and the other in turn. */
const withSlot = (n: number) => (n % 2 === 0 ? harness.url : second.url);
const statuses = (answers: Answer[]) =>
  Object.fromEntries(
    Object.entries(Object.groupBy(answers, ({ status }) => status)).map(([status, all]) => [status, all!.length]),
  );
const together = (n: number, fn: (i: number) => Promise<Answer>) =>
  Promise.all(Array.from({ length: n }, (_, i) => fn(i)));

describe('the limit by address', () => {
  it('holds across processes, to the point, however much comes at once', async () => {
    const answers = await together(100, (i) => forgot(withSlot(i), '198.51.100.7'));
    expect(statuses(answers)).toEqual({ 202: POINTS, 429: 100 - POINTS });
    const refusal = answers.find(({ status }) => status === 429)!;
    expect(refusal.body.code).toBe('too_many_requests');
    const wait = Number(refusal.headers.get('retry-after'));
    expect(wait).toBeGreaterThan(0);
    expect([refusal.headers.get('ratelimit-policy'), refusal.headers.get('ratelimit')]).toEqual([
      `"password-forgot";q=${POINTS};w=300`,
      `"password-forgot";r=0;t=${wait}`,
    ]);
  });

  it('counts a /64 of IPv6 as one address, and the next as another', async () => {
    const answers = await together(POINTS + 5, (i) => forgot(withSlot(i), `2001:db8:1:2::${i.toString(16)}`));
    expect(statuses(answers)).toEqual({ 202: POINTS, 429: 5 });
    expect((await forgot(harness.url, '2001:db8:1:3::1')).status).toBe(202);
  });

  it("takes nobody's word for an address who is no proxy of ours", async () => {
    const answers = await together(POINTS + 5, (i) => forgot(withSlot(i), `203.0.113.${i}, 198.51.100.9`));
    expect(statuses(answers)).toEqual({ 202: POINTS, 429: 5 });
  });
});

describe('the limit by account', () => {
  it('holds across processes, from however many addresses', async () => {
    const email = anybody();
    expect(
      statuses(
        await together(30, (i) => forgot(withSlot(i), `203.0.113.${i}`, i % 2 === 0 ? email : email.toUpperCase())),
      ),
    ).toEqual({ 202: 10, 429: 20 });
  });
});

describe('the window', () => {
  const limit: RateLimit = { name: 'a-window', points: 3, seconds: 300 };
  const use = (key: string) =>
    harness.api
      .get(RateLimiter)
      .consume(limit, key)
      .then(
        () => 'passed',
        ({ headers }: { headers: Record<string, string> }) => Number(headers['Retry-After']),
      );
  /** Moves the nth of the uses back in time, as if it had been made earlier. */
  const moveBack = async (n: number, seconds: number) => {
    const [key] = await redis.keys('limit:a-window:*');
    await redis.lset(key!, n, String(Number(await redis.lindex(key!, n)) - seconds * 1_000_000));
  };

  it('slides by each use: what is older than the window is given back, one by one, and nothing before', async () => {
    expect([await use('a'), await use('a'), await use('a')]).toEqual(['passed', 'passed', 'passed']);
    await moveBack(0, 290);
    await moveBack(1, 200);
    expect([9, 10]).toContain(await use('a'));
    await moveBack(0, 10);
    expect(await use('a')).toBe('passed');
    expect([99, 100]).toContain(await use('a'));
    await moveBack(0, 101);
    expect([await use('a'), await use('a')]).toEqual(['passed', expect.any(Number)]);
  });

  it('leaves nothing behind once it is over, keeps no more than the points, and shows Redis nobody', async () => {
    const [key] = await redis.keys('limit:a-window:*');
    expect(await redis.llen(key!)).toBe(3);
    const left = await redis.pttl(key!);
    expect(left > 0 && left <= 300_000).toBe(true);
    expect((await redis.keys('limit:*')).filter((name) => /nobody|@|198\.51|2001:/.test(name))).toEqual([]);
  });
});

/**
 * Directories are limited by their layer. What lets somebody in, or helps to: all that is public but what is elsewhere,
 * and what takes a secret of whoever is here.
 */
const TRIES = /(login|forgot|reset|change|verify|accept|confirm|activate|step-up|mfa|acs|callback)/;
/** Files and empty forms, the same for everybody. */
const STILL = /^\/(assets\/|account\/(forgot|reset)$|invites\/accept$)/;
const ELSEWHERE = [
  '/metrics',
  '/health/live',
  '/health/ready',
  '/v1/webhooks/:sourceId',
  '/v1/sso/saml/:connectionId/metadata',
];

it('stands on every route that signs somebody in, or takes what does', () => {
  const routes = allRoutes(harness.api.get(DiscoveryService), harness.api.get(MetadataScanner));
  const asked = routes.filter(
    ({ path, policy, mutating }) =>
      (policy?.kind === 'public' && !ELSEWHERE.includes(path) && (mutating || !STILL.test(path))) ||
      (mutating && /^\/(account|v1\/(auth|sso\/(saml|oidc)))\//.test(path) && TRIES.test(path)),
  );
  expect(asked.length).toBeGreaterThan(9);
  expect(
    asked
      .filter(({ policy }) => policy?.limit === undefined)
      .map(({ method, path }) => `${method} ${path}: name a limit in its @Access or @Public`),
  ).toEqual([]);
});
