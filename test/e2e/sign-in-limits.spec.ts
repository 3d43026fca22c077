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
const unknownEmail = () => `unknown-${newId()}@test.example`;
const forgot = (url: string, ip: string, email = unknownEmail()) =>
  harness.client().post(`${url}/v1/auth/password/forgot`, { email }, { headers: { 'x-forwarded-for': ip } });
/** Returns the process for the nth request, alternating between both. */
const urlOf = (n: number) => (n % 2 === 0 ? harness.url : second.url);
const statuses = (answers: Answer[]) =>
  Object.fromEntries(
    Object.entries(Object.groupBy(answers, ({ status }) => status)).map(([status, all]) => [status, all!.length]),
  );
const concurrently = (n: number, fn: (i: number) => Promise<Answer>) =>
  Promise.all(Array.from({ length: n }, (_, i) => fn(i)));

describe('the limit by IP', () => {
  it('applies across processes, exactly, for concurrent requests', async () => {
    const answers = await concurrently(100, (i) => forgot(urlOf(i), '198.51.100.7'));
    expect(statuses(answers)).toEqual({ 202: POINTS, 429: 100 - POINTS });
    const rejection = answers.find(({ status }) => status === 429)!;
    expect(rejection.body.code).toBe('too_many_requests');
    const wait = Number(rejection.headers.get('retry-after'));
    expect(wait).toBeGreaterThan(0);
    expect([rejection.headers.get('ratelimit-policy'), rejection.headers.get('ratelimit')]).toEqual([
      `"password-forgot";q=${POINTS};w=300`,
      `"password-forgot";r=0;t=${wait}`,
    ]);
  });

  it('counts a /64 of IPv6 as one IP, and the next one separately', async () => {
    const answers = await concurrently(POINTS + 5, (i) => forgot(urlOf(i), `2001:db8:1:2::${i.toString(16)}`));
    expect(statuses(answers)).toEqual({ 202: POINTS, 429: 5 });
    expect((await forgot(harness.url, '2001:db8:1:3::1')).status).toBe(202);
  });

  it('ignores a forwarded IP that no trusted proxy set', async () => {
    const answers = await concurrently(POINTS + 5, (i) => forgot(urlOf(i), `203.0.113.${i}, 198.51.100.9`));
    expect(statuses(answers)).toEqual({ 202: POINTS, 429: 5 });
  });
});

describe('the limit by account', () => {
  it('applies across processes and to requests from many IPs', async () => {
    const email = unknownEmail();
    expect(
      statuses(
        await concurrently(30, (i) => forgot(urlOf(i), `203.0.113.${i}`, i % 2 === 0 ? email : email.toUpperCase())),
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
  /** Moves the nth use back in time. */
  const moveBack = async (n: number, seconds: number) => {
    const [key] = await redis.keys('limit:a-window:*');
    await redis.lset(key!, n, String(Number(await redis.lindex(key!, n)) - seconds * 1_000_000));
  };

  it('slides with each use: only uses older than the window are released, one by one', async () => {
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

  it('expires after its window, stores at most the points, and reveals no identity to Redis', async () => {
    const [key] = await redis.keys('limit:a-window:*');
    expect(await redis.llen(key!)).toBe(3);
    const ttl = await redis.pttl(key!);
    expect(ttl > 0 && ttl <= 300_000).toBe(true);
    expect((await redis.keys('limit:*')).filter((name) => /unknown|@|198\.51|2001:/.test(name))).toEqual([]);
  });
});

/** Paths that start a session or take a credential. SCIM routes have a limit of their own. */
const CREDENTIAL_PATHS = /(login|forgot|reset|change|verify|accept|confirm|activate|step-up|mfa|acs|callback)/;
/** Static files, empty forms, and the redirect from the root. */
const STATIC_PATHS = /^\/($|assets\/|account\/(forgot|reset|verify)$|invites\/accept$)/;
const LIMITED_ELSEWHERE = [
  '/metrics',
  '/health/live',
  '/health/ready',
  '/v1/webhooks/:sourceId',
  '/v1/sso/saml/:connectionId/metadata',
];

it('is declared on every route that starts a session or takes a credential', () => {
  const routes = allRoutes(harness.api.get(DiscoveryService), harness.api.get(MetadataScanner));
  const limited = routes.filter(
    ({ path, policy, mutating }) =>
      (policy?.kind === 'public' && !LIMITED_ELSEWHERE.includes(path) && (mutating || !STATIC_PATHS.test(path))) ||
      (mutating && /^\/(account|v1\/(auth|sso\/(saml|oidc)))\//.test(path) && CREDENTIAL_PATHS.test(path)),
  );
  expect(limited.length).toBeGreaterThan(9);
  expect(
    limited
      .filter(({ policy }) => policy?.limit === undefined)
      .map(({ method, path }) => `${method} ${path}: name a limit in its @Access or @Public`),
  ).toEqual([]);
});
