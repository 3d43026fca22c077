import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { startServices, type Services } from '../../scripts/services/index.mjs';
import { deliver, personEvent, type Source } from '../harness/partner.js';
import { freePort, Program, ready, runCli } from '../harness/processes.js';

let home: string;
let services: Services;
let baseUrl: string;
let api: Program;
let source: Source;
let environment: Record<string, string>;

const cli = (...args: string[]) => runCli(environment, args);

beforeAll(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'vouchsafe-outages-'));
  services = await startServices({ home, durable: false, ignoreEnv: true });
  const port = await freePort();
  baseUrl = `http://127.0.0.1:${port}`;
  environment = { ...services.env, VOUCHSAFE_ENV: 'test', LOG_LEVEL: 'fatal', HOST: '127.0.0.1', PORT: String(port) };
  await cli('migrate');
  const { id: orgId } = await cli('org', 'create', '--name', 'Synthetic Outage', '--preset', 'gme');
  source = (await cli(
    'webhook',
    'add-source',
    '--org',
    orgId!,
    '--name',
    'Partner',
    '--scheme',
    'standard',
  )) as unknown as Source;
  api = new Program('main', environment);
  api.start();
  await ready(baseUrl);
});

afterAll(async () => {
  await api.kill('SIGTERM');
  await services.stop();
  await rm(home, { recursive: true, force: true });
});

describe('webhook ingestion', () => {
  it('continues without Redis and stores every delivery', async () => {
    await services.redis!.kill();
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, i) => deliver(baseUrl, source, personEvent(`no-redis-${i}`))),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(30).fill(202));
    const superuser = new pg.Client({ connectionString: services.postgres!.url('postgres', 'vouchsafe') });
    await superuser.connect();
    const { rows } = await superuser.query(
      `SELECT i.id FROM webhook_inbox i JOIN outbox o ON o.id = i.outbox_id AND o.state = 'pending'`,
    );
    await superuser.end();
    expect(rows).toHaveLength(30);
    expect(new Set(rows.map(({ id }) => id))).toEqual(new Set(answers.map(({ body }) => body.id)));
  });

  it('returns 503 with Retry-After without Postgres', async () => {
    await services.postgres!.kill();
    const answer = await deliver(baseUrl, source, personEvent('no-postgres'));
    expect(answer).toMatchObject({ status: 503, body: { code: 'unavailable' } });
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    await services.postgres!.start();
  });
});
