import { createHmac } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { startServices, type Services } from '../../scripts/services/index.mjs';
import { freePort, Program, ready, runCli } from '../harness/processes.js';
import { until } from '../harness/until.js';

const MESSAGES = 5_000;
const PEOPLE = 1_000;
const SENDERS = 32;

let home: string;
let services: Services;
let api: Program;
let worker: Program;
let baseUrl: string;
let source: { id: string; secret: string };
let superuser: pg.Pool;

const cli = (...args: string[]) => runCli(environment(), args);

const environment = () => ({
  ...services.env,
  VOUCHSAFE_ENV: 'test',
  LOG_LEVEL: 'fatal',
  HOST: '127.0.0.1',
  PORT: new URL(baseUrl).port,
});

beforeAll(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'vouchsafe-flood-'));
  services = await startServices({ home, ignoreEnv: true });
  baseUrl = `http://127.0.0.1:${await freePort()}`;
  await cli('migrate');
  const { id: orgId } = await cli('org', 'create', '--name', 'Synthetic Flood', '--preset', 'gme');
  source = (await cli(
    'webhook',
    'add-source',
    '--org',
    orgId!,
    '--name',
    'Flood',
    '--scheme',
    'standard',
  )) as typeof source;
  superuser = new pg.Pool({ connectionString: services.postgres!.url('postgres', 'vouchsafe'), max: 1 });
  superuser.on('error', () => undefined);
  await superuser.query('UPDATE webhook_sources SET limit_per_minute = 100000');
  [api, worker] = [new Program('main', environment()), new Program('worker', environment())];
  api.start();
  worker.start();
  await ready(baseUrl);
});

afterAll(async () => {
  await Promise.all([api.kill('SIGTERM'), worker.kill('SIGTERM')]);
  await superuser.end();
  await services.stop();
  await rm(home, { recursive: true, force: true });
});

/** Sends a message with the same id and bytes until it is accepted. Returns the number of failed attempts. */
async function deliver(n: number): Promise<number> {
  const id = `flood-${n}`;
  const body = JSON.stringify({
    type: 'person.upserted',
    timestamp: new Date().toISOString(),
    data: { externalId: `flood-${n % PEOPLE}`, kind: 'trainee', givenName: 'Synthetic', familyName: `Flood ${n}` },
  });
  for (let failures = 0; ; failures += 1) {
    const status = await post(id, body);
    if (status >= 200 && status < 300) return failures;
    if (status !== 0 && status !== 503 && status !== 429) throw new Error(`message ${n} was answered with ${status}`);
    await delay(200);
  }
}

async function post(id: string, body: string): Promise<number> {
  const timestamp = Math.floor(Date.now() / 1_000);
  const mac = createHmac('sha256', Buffer.from(source.secret.slice('whsec_'.length), 'base64'))
    .update(`${id}.${timestamp}.${body}`)
    .digest('base64');
  try {
    const response = await fetch(`${baseUrl}/v1/webhooks/${source.id}`, {
      method: 'POST',
      body,
      headers: {
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': String(timestamp),
        'webhook-signature': `v1,${mac}`,
      },
    });
    await response.body?.cancel();
    return response.status;
  } catch {
    return 0;
  }
}

/** Holds the outages, each with the number of accepted messages that triggers it. */
const OUTAGES: [number, () => Promise<void>][] = [
  [
    1_000,
    async () => {
      await worker.kill();
      worker.start();
    },
  ],
  [
    2_000,
    async () => {
      await services.redis!.kill();
      await services.redis!.start();
    },
  ],
  [
    3_000,
    async () => {
      await services.postgres!.kill();
      await services.postgres!.start();
    },
  ],
];

describe('a flood of webhooks', () => {
  it('is applied exactly once although the worker, Redis, and Postgres are killed', async () => {
    let next = 0;
    let accepted = 0;
    let failures = 0;
    const outages: Promise<void>[] = [];
    await Promise.all(
      Array.from({ length: SENDERS }, async () => {
        while (next < MESSAGES) {
          failures += await deliver(next++);
          const outage = OUTAGES.find(([after]) => after === accepted + 1);
          accepted += 1;
          if (outage !== undefined) outages.push(outage[1]());
        }
      }),
    );
    await Promise.all(outages);
    expect(outages).toHaveLength(OUTAGES.length);
    expect(failures).toBeGreaterThan(0);

    const scalar = async (text: string) => Number(Object.values((await superuser.query(text)).rows[0] as object)[0]);
    await until(
      'every delivery is processed',
      async () => (await scalar(`SELECT count(*) FROM outbox WHERE state IN ('pending', 'dispatched')`)) === 0,
      500,
    );
    expect([api.exitCode, worker.exitCode]).toEqual([null, null]);
    expect(await scalar(`SELECT count(*) FROM outbox WHERE state = 'failed'`)).toBe(0);
    expect(await scalar('SELECT count(*) FROM webhook_inbox')).toBe(MESSAGES);
    expect(await scalar('SELECT count(*) FROM webhook_inbox WHERE processed_at IS NULL')).toBe(0);
    expect(await scalar('SELECT sum(version) FROM people')).toBe(MESSAGES);
    expect(await scalar('SELECT count(*) FROM people')).toBe(PEOPLE);
    expect(await scalar(`SELECT count(DISTINCT target_id) FROM audit_events WHERE type = 'webhook.applied'`)).toBe(
      MESSAGES,
    );
    expect(await scalar(`SELECT count(*) FROM audit_events WHERE type = 'webhook.applied'`)).toBe(MESSAGES);
  });
});
