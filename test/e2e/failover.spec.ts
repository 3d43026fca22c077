import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import pg from 'pg';
import { startServices, type RedisService, type Services } from '../../scripts/services/index.mjs';
import { startRedis } from '../../scripts/services/redis.mjs';
import { Client, type Answer } from '../harness/client.js';
import { Gate } from '../harness/gate.js';
import { deliver, personEvent, type Source } from '../harness/partner.js';
import { freePort, Program, ready, runCli } from '../harness/processes.js';
import { until } from '../harness/until.js';

const PASSWORD = 'Synthetic-Test-1';
const EMAIL = 'director@test.example';
const CALLERS = 2;
const PAUSE_MS = 20;
/** How long Postgres stays read-only. */
const OUTAGE_MS = 60_000;
const MINUTES = 180_000;

let home: string;
let services: Services;
let secondRedis: RedisService;
let gate: Gate;
let api: Program;
let worker: Program;
let baseUrl: string;
let client: Client;
let source: Source;
let superuser: pg.Pool;
let environment: Record<string, string>;

const cli = (args: string[], input = '') => runCli(environment, args, input);

beforeAll(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'vouchsafe-failover-'));
  services = await startServices({ home: path.join(home, 'first'), durable: false, ignoreEnv: true });
  secondRedis = await startRedis({ home: path.join(home, 'second') });
  gate = await Gate.open(services.redis!.port);
  const port = await freePort();
  baseUrl = `http://127.0.0.1:${port}`;
  environment = {
    ...services.env,
    REDIS_URL: gate.through(services.redis!.url),
    VOUCHSAFE_ENV: 'test',
    LOG_LEVEL: 'info',
    HOST: '127.0.0.1',
    PORT: String(port),
  };
  await cli(['migrate']);
  const { id } = await cli(['org', 'create', '--name', 'Synthetic Failover', '--preset', 'gme']);
  await cli(
    ['user', 'create', '--email', EMAIL, '--org', id!, '--role', 'program_director', '--password-stdin'],
    `${PASSWORD}\n`,
  );
  const partner = ['webhook', 'add-source', '--org', id!, '--name', 'Partner', '--scheme', 'standard'];
  source = (await cli(partner)) as unknown as Source;
  superuser = new pg.Pool({
    connectionString: services.postgres!.url('postgres', 'vouchsafe'),
    options: '-c default_transaction_read_only=off',
    max: 1,
  });
  superuser.on('error', () => undefined);
  await query('UPDATE webhook_sources SET limit_per_minute = 100000');
  [api, worker] = [new Program('main', environment), new Program('worker', environment)];
  api.start();
  worker.start();
  await ready(baseUrl);
  client = new Client(baseUrl);
  await client.post('/v1/auth/login', { email: EMAIL, password: PASSWORD });
  await client.post('/v1/auth/password/change', { currentPassword: PASSWORD, newPassword: 'Synthetic-Test-2' });
}, MINUTES);

afterAll(async () => {
  await Promise.all([api.kill('SIGTERM'), worker.kill('SIGTERM')]);
  await superuser.end();
  gate.close();
  await Promise.all([services.stop(), secondRedis.stop()]);
  await rm(home, { recursive: true, force: true });
}, MINUTES);

/** Runs a statement as superuser, whose session stays writable. */
const query = async <R extends pg.QueryResultRow>(text: string): Promise<R[]> => (await superuser.query<R>(text)).rows;

/** Sends one request after another in several callers until `end` is called. Collects every response. */
function load(ask: (n: number) => Promise<Answer>): { answers: Answer[]; end: () => Promise<void> } {
  const answers: Answer[] = [];
  let isRunning = true;
  let n = 0;
  const callers = Array.from({ length: CALLERS }, async () => {
    while (isRunning) {
      answers.push(await ask((n += 1)));
      await delay(PAUSE_MS);
    }
  });
  return {
    answers,
    end: async () => {
      isRunning = false;
      await Promise.all(callers);
    },
  };
}

const LOADS = {
  reads: () => client.get('/v1/people'),
  writes: () => client.post('/v1/people', { kind: 'trainee', givenName: 'S', familyName: 'P' }),
  webhooks: (n: number) => deliver(baseUrl, source, personEvent(`webhook-${n}`)),
  challenges: () => client.get('/v1/auth/passkeys/options'), // needs Redis
};

/** Runs a drill under load. Returns the responses of each load. */
async function underLoad(drill: () => Promise<void>): Promise<Record<keyof typeof LOADS, Answer[]>> {
  const loads = Object.entries(LOADS).map(([name, ask]) => [name, load(ask)] as const);
  const served = async () => {
    const from = loads.map(([, { answers }]) => answers.length);
    await until('every load is served', () =>
      loads.every(
        ([, { answers }], i) => answers.slice(from[i]).filter(({ status }) => status < 300).length > 2 * CALLERS,
      ),
    );
  };
  try {
    await served();
    await drill();
    await served();
  } finally {
    await Promise.all(loads.map(([, { end }]) => end()));
  }
  return Object.fromEntries(loads.map(([name, { answers }]) => [name, answers])) as Record<
    keyof typeof LOADS,
    Answer[]
  >;
}

const readiness = async () => (await client.get('/health/ready')).body.detail ?? 'ready';

/** Waits until readiness has a state, and prints how long that took. */
async function untilReadiness(state: string): Promise<void> {
  const start = performance.now();
  await until(state, async () => (await readiness()) === state, 120);
  process.stdout.write(`${expect.getState().currentTestName}: ${state} after ${since(start).toFixed(1)} s\n`);
}
const since = (start: number) => (performance.now() - start) / 1_000;
const statuses = (answers: Answer[]) => [...new Set(answers.map(({ status }) => status))].toSorted((a, b) => a - b);

/** Checks that no request got 500 and that each 503 says when to repeat it. */
function expectOnly503(answers: Answer[], allowed: number[]): void {
  expect(allowed).toEqual(expect.arrayContaining(statuses(answers)));
  const waits = answers.filter(({ status }) => status === 503).map(({ headers }) => Number(headers.get('retry-after')));
  expect(waits.filter((seconds) => !(seconds >= 1))).toEqual([]);
}

/** Waits until the worker has processed every accepted delivery. */
async function expectNoneLost(webhooks: Answer[]): Promise<void> {
  const accepted = webhooks.filter(({ status }) => status === 202).map(({ body }) => body.id as string);
  await until('every accepted delivery is processed', async () => {
    const rows = await query<{ id: string }>('SELECT id FROM webhook_inbox WHERE processed_at IS NOT NULL');
    const processed = new Set(rows.map(({ id }) => id));
    return accepted.every((id) => processed.has(id));
  });
}

describe('a Postgres that becomes read-only and writable again', () => {
  it('costs callers a 503 only, loses nothing, and readiness turns red and green by itself', async () => {
    const { reads, writes, webhooks, challenges } = await underLoad(async () => {
      // First, the open connections become read-only, as on a full disk. Then, as after a failover, new connections are
      // read-only, and stay so even when the database is not.
      const end = Date.now() + OUTAGE_MS;
      await query('ALTER SYSTEM SET default_transaction_read_only = on');
      await query('SELECT pg_reload_conf()');
      await untilReadiness('not ready: database');
      await query('ALTER DATABASE vouchsafe SET default_transaction_read_only = on');
      await query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename IN ('vouchsafe_app',
        'vouchsafe_worker')`);
      await query('ALTER SYSTEM RESET default_transaction_read_only');
      await query('SELECT pg_reload_conf()');
      do {
        expect(await readiness()).toBe('not ready: database');
        await delay(PAUSE_MS);
      } while (Date.now() < end);
      await query('ALTER DATABASE vouchsafe RESET default_transaction_read_only');
      await untilReadiness('ready');
    });
    expectOnly503(reads, [200, 503]);
    expectOnly503(writes, [201, 503]);
    expectOnly503(webhooks, [202, 503]);
    expectOnly503(challenges, [200, 503]);
    expect([writes, webhooks].map(statuses)).toEqual([
      [201, 503],
      [202, 503],
    ]);
    const longest = Math.max(...writes.map(({ headers }) => Number(headers.get('retry-after') ?? 0)));
    expect(longest).toBeGreaterThan(2); // the circuit stays open longer than the pause after another failure
    await expectNoneLost(webhooks);
  });
});

describe('a Redis whose primary moves', () => {
  it('is followed by every connection, and readiness turns red and green by itself', async () => {
    const [first, second] = [new Redis(services.redis!.url), new Redis(secondRedis.url)];
    const { password } = new URL(services.redis!.url);
    await second.config('SET', 'masterauth', password);
    await first.config('SET', 'masterauth', password);
    await second.config('SET', 'requirepass', password);
    await second.replicaof('127.0.0.1', services.redis!.port);
    await until('the replica is in sync', async () => /master_link_status:up/.test(await second.info('replication')));
    const { reads, writes, webhooks, challenges } = await underLoad(async () => {
      await second.replicaof('NO', 'ONE');
      await first.replicaof('127.0.0.1', secondRedis.port);
      await untilReadiness('not ready: redis');
      gate.target = secondRedis.port; // open connections still lead to the old primary
      await untilReadiness('ready');
    });
    expectOnly503(reads, [200]);
    expectOnly503(writes, [201]);
    expectOnly503(webhooks, [202]);
    expectOnly503(challenges, [200, 503]);
    await expectNoneLost(webhooks);
    first.disconnect();
    second.disconnect();
  });
});

describe('a Redis without memory', () => {
  it('shows in readiness and in the log of the worker until it has memory again', async () => {
    const redis = new Redis(Object.assign(new URL(services.redis!.url), { port: secondRedis.port }).href);
    await redis.config('SET', 'maxmemory', '1');
    await untilReadiness('not ready: redis');
    expect(await redis.ping()).toBe('PONG');
    await until('the worker says so', () => worker.output.includes('not ready: redis'));
    await redis.config('SET', 'maxmemory', '0');
    await untilReadiness('ready');
    redis.disconnect();
    for (const line of ['not ready: database', 'ready again']) expect(worker.output).toContain(line);
  });
});

describe('a database role that changed its own settings', () => {
  const SETTINGS = `SELECT setconfig::text AS settings FROM pg_db_role_setting
    WHERE setrole = 'vouchsafe_app'::regrole ORDER BY setdatabase`;

  it('keeps serving requests, and readiness restores the settings', async () => {
    const before = await query(SETTINGS);
    const role = new pg.Client({ connectionString: services.env['DATABASE_URL'] });
    await role.connect();
    for (const change of [
      `SET search_path = 'pg_catalog'`,
      'SET row_security = off',
      `SET statement_timeout = '1ms'`,
      'SET default_transaction_read_only = on',
      'SET synchronous_commit = off',
    ]) {
      await role.query(`ALTER ROLE vouchsafe_app ${change}`);
      await role.query(`ALTER ROLE vouchsafe_app IN DATABASE vouchsafe ${change}`);
    }
    await role.end();
    await query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'vouchsafe_app'`);
    await untilReadiness('ready');
    await until('the settings are restored', async () => {
      await readiness();
      return JSON.stringify(await query(SETTINGS)) === JSON.stringify(before);
    });
    await until('requests are served', async () => (await client.get('/v1/people')).status === 200);
    expect((await LOADS.writes()).status).toBe(201);
  });
});
