import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { startServices, type Services } from '../../scripts/services/index.mjs';
import { Client, type Answer } from '../harness/client.js';
import { freePort, Program, ready, runCli } from '../harness/processes.js';
import { until } from '../harness/until.js';

const PASSWORD = 'Synthetic-Test-1';
const EMAIL = 'director@test.example';
const CALLERS = 12;
/** The pause of a caller after a rejection. Without a pause, the callers use the whole processor. */
const PAUSE_MS = 200;

let home: string;
let services: Services;
let api: Program;
let client: Client;
let environment: Record<string, string>;

const cli = (args: string[], input = '') => runCli(environment, args, input);

beforeAll(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'vouchsafe-resilience-'));
  services = await startServices({ home, durable: false, ignoreEnv: true });
  const port = await freePort();
  environment = { ...services.env, VOUCHSAFE_ENV: 'test', LOG_LEVEL: 'fatal', HOST: '127.0.0.1', PORT: String(port) };
  await cli(['migrate']);
  const { id } = await cli(['org', 'create', '--name', 'Synthetic Outage', '--preset', 'gme']);
  await cli(
    ['user', 'create', '--email', EMAIL, '--org', id!, '--role', 'program_director', '--password-stdin'],
    `${PASSWORD}\n`,
  );
  const baseUrl = `http://127.0.0.1:${port}`;
  api = new Program('main', environment);
  api.start();
  await ready(baseUrl);
  client = new Client(baseUrl);
  await client.post('/v1/auth/login', { email: EMAIL, password: PASSWORD });
  await client.post('/v1/auth/password/change', { currentPassword: PASSWORD, newPassword: 'Synthetic-Test-2' });
});
afterAll(async () => {
  await api.kill('SIGTERM');
  await services.stop();
  await rm(home, { recursive: true, force: true });
});

/** Runs concurrent callers, each sending one request after another until `end` is called. Collects every response. */
function load(ask: (n: number) => Promise<Answer>): { answers: Answer[]; end: () => Promise<void> } {
  const answers: Answer[] = [];
  let isRunning = true;
  let n = 0;
  const callers = Array.from({ length: CALLERS }, async () => {
    while (isRunning) {
      const answer = await ask((n += 1));
      answers.push(answer);
      if (answer.status === 503) await delay(PAUSE_MS);
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

const statuses = (answers: Answer[]) => [...new Set(answers.map(({ status }) => status))].toSorted((a, b) => a - b);
const untilStatus = (what: string, answers: Answer[], status: number, from: number) =>
  until(what, () => answers.slice(from).filter((answer) => answer.status === status).length >= 3 * CALLERS);

describe('a database that is killed under load', () => {
  let reads: Answer[];
  let writes: Answer[];
  let health: Record<string, number>;

  beforeAll(async () => {
    const [readers, writers] = [
      load(() => client.get('/v1/people')),
      load((n) =>
        client.post('/v1/people', { kind: 'trainee', givenName: 'S', familyName: 'P', externalId: `load-${n}` }),
      ),
    ];
    const both = (what: string, read: number, write: number) =>
      Promise.all([
        untilStatus(`readers are ${what}`, readers.answers, read, readers.answers.length),
        untilStatus(`writers are ${what}`, writers.answers, write, writers.answers.length),
      ]);
    await both('served', 200, 201);
    await services.postgres!.kill();
    await both('rejected', 503, 503);
    health = { ready: (await client.get('/health/ready')).status, live: (await client.get('/health/live')).status };
    await services.postgres!.start();
    await both('served again', 200, 201);
    await Promise.all([readers.end(), writers.end()]);
    [reads, writes] = [readers.answers, writers.answers];
  });

  it('costs callers only a 503 with Retry-After, and the API reconnects without a restart', () => {
    expect([statuses(reads), statuses(writes)]).toEqual([
      [200, 503],
      [201, 503],
    ]);
    for (const { status, headers, body } of [...reads, ...writes]) {
      if (status !== 503) continue;
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
      expect(body).toMatchObject({ code: 'unavailable', requestId: headers.get('x-request-id') });
    }
  });

  it('keeps every change that was answered with success, and no part of another', async () => {
    const superuser = new pg.Client({ connectionString: services.postgres!.url('postgres', 'vouchsafe') });
    await superuser.connect();
    const stored = await superuser.query<{
      id: string;
      events: string;
      keys: string;
    }>(`SELECT p.id, (SELECT count(*) FROM audit_events e WHERE e.type = 'person.created'
      AND e.target_id = p.id::text) AS events,
      (SELECT count(*) FROM data_keys k WHERE k.subject_id = p.id) AS keys FROM people p
        WHERE external_id LIKE 'load-%'`);
    await superuser.end();
    const ids = new Set(stored.rows.map(({ id }) => id));
    expect(writes.filter(({ status, body }) => status === 201 && !ids.has(body.id as string))).toEqual([]);
    expect(stored.rows.filter(({ events, keys }) => events !== '1' || keys !== '1')).toEqual([]);
  });

  it('leaves the process alive and not ready during the outage', () => {
    expect(health).toEqual({ ready: 503, live: 200 });
  });
});

describe('Redis that is killed', () => {
  it('interrupts no request, and rate limits still apply', async () => {
    await services.redis!.kill();
    expect((await client.get('/v1/people')).status).toBe(200);
    const attempts = await Promise.all(Array.from({ length: 320 }, () => client.post('/v1/auth/login', {})));
    expect(attempts.map(({ status }) => status)).toContain(429);
    await services.redis!.start();
    await until('the API is ready', async () => (await client.get('/health/ready')).status === 200);
  });
});

describe('a slow statement', () => {
  it('is canceled by the database for the API and for the worker', async () => {
    const timeout = async (role: 'vouchsafe_app' | 'vouchsafe_worker') => {
      const connection = new pg.Client({ connectionString: services.postgres!.url(role, 'vouchsafe') });
      await connection.connect();
      const { rows } = await connection.query<{ statement_timeout: string }>('SHOW statement_timeout');
      await connection.end();
      return rows[0]!.statement_timeout;
    };
    expect([await timeout('vouchsafe_app'), await timeout('vouchsafe_worker')]).toEqual(['30s', '30s']);
  });
});
