import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { startCaptured, type CapturedApi } from '../contract/captured.js';
import { RawSql, sessionSecret } from '../contract/raw-sql.js';
import { Harness } from '../harness/app.js';
import type { Client } from '../harness/client.js';
import { startBouncer, type Bouncer } from '../harness/pgbouncer.js';

interface Tenant {
  orgId: string;
  personId: string;
  client: Client;
}

/** More than the number of statements that a request of this file prepares. */
const GUESSED_NAMES = 60;

let bouncer: Bouncer | undefined;
let harness: Harness;
let api: CapturedApi | undefined;
let first: Tenant;
let next: Tenant;
/** SQL sessions of the first tenant and of the next one, on the only server connection. */
let before: RawSql;
let after: RawSql;

async function makeTenant(): Promise<Tenant> {
  const orgId = await harness.make.organization('gme');
  const { email } = await harness.make.member(orgId, 'program_director');
  return { orgId, personId: await harness.make.person(orgId), client: (await harness.signIn(email)).at(api!.url) };
}

beforeAll(async () => {
  bouncer = await startBouncer(1);
  harness = await Harness.start({ takeJobs: false });
  api = await startCaptured(harness, { DATABASE_URL: bouncer.through(harness.env.DATABASE_URL!), ...bouncer.env });
  first = await makeTenant();
  next = await makeTenant();
});
afterAll(async () => {
  await api?.stop();
  await harness?.stop();
  await bouncer?.stop();
});
beforeEach(async () => {
  before = await RawSql.open(bouncer!.through(harness.env.DATABASE_URL!));
  after = await RawSql.open(bouncer!.through(harness.env.DATABASE_URL!));
});
afterEach(() => Promise.all([before.end(), after.end()]));

const backend = async (sql: RawSql) => (await sql.outcome('SELECT pg_backend_pid() AS pid')).rows[0]!['pid'];

/** Checks that the next session sees no rows without a tenant context, and only its own rows with one. */
async function nextSeesItsOwn(): Promise<void> {
  expect((await after.outcome('SELECT id FROM people')).rows).toEqual([]);
  await after.enter(sessionSecret(next.client));
  expect((await after.outcome('SELECT id FROM people')).rows).toEqual([{ id: next.personId }]);
  await after.client.query('COMMIT');
  const { status, body } = await next.client.get('/v1/people');
  expect([status, body.items.map(({ id }: { id: string }) => id)]).toEqual([200, [next.personId]]);
}

it('all sessions share one server connection', async () => {
  expect(await backend(after)).toBe(await backend(before));
});

describe('the tenant context on a shared connection', () => {
  it.each(['COMMIT', 'ROLLBACK'])('ends with %s', async (end) => {
    await before.enter(sessionSecret(first.client));
    expect((await before.outcome('SELECT id FROM people')).rows).toEqual([{ id: first.personId }]);
    await before.client.query(end);
    await nextSeesItsOwn();
  });

  it('ends with an error and with a statement timeout', async () => {
    for (const failing of ['SELECT 1 / 0', `SET LOCAL statement_timeout = '1ms'; SELECT pg_sleep(30)`]) {
      await before.enter(sessionSecret(first.client));
      expect((await before.outcome(failing)).code).toMatch(/^(22012|57014)$/);
      await before.client.query('COMMIT');
      await nextSeesItsOwn();
    }
  });

  it('ends when its client disconnects abruptly', async () => {
    await before.enter(sessionSecret(first.client));
    await before.outcome(`UPDATE people SET title = 'never kept'`);
    before.sever();
    await nextSeesItsOwn();
    expect(await harness.database.superuser(`SELECT id FROM people WHERE title = 'never kept'`)).toEqual([]);
  });

  it('does not survive as a session setting', async () => {
    await before.enter(sessionSecret(first.client));
    await before.client.query(`SELECT set_config('vouchsafe.context', current_setting('vouchsafe.context'), false)`);
    await before.client.query('COMMIT');
    await nextSeesItsOwn();
  });
});

const NOTHING = { code: null, rows: [] };

describe('the next session finds nothing of the previous one:', () => {
  it.each<[what: string, leave: string, look: string, expected: object]>([
    ['a setting', `SET other.setting = 'left'`, `SELECT WHERE current_setting('other.setting', true) <> ''`, NOTHING],
    [
      'a setting of the server',
      'SET default_transaction_read_only = on',
      `SELECT FROM pg_settings WHERE name = 'default_transaction_read_only' AND setting <> 'off'`,
      NOTHING,
    ],
    [
      'a search path',
      'SET search_path = pg_catalog',
      `SELECT FROM pg_settings WHERE name = 'search_path' AND setting = 'pg_catalog'`,
      NOTHING,
    ],
    [
      'row security off',
      'SET row_security = off',
      `SELECT FROM pg_settings WHERE name = 'row_security' AND setting <> 'on'`,
      NOTHING,
    ],
    [
      'a statement timeout',
      `SET statement_timeout = '1ms'`,
      `SELECT FROM pg_settings WHERE name = 'statement_timeout' AND setting <> '30000'`,
      NOTHING,
    ],
    ['a prepared statement', 'PREPARE left_over AS SELECT id FROM people', 'EXECUTE left_over', { code: '26000' }],
    [
      'a holdable cursor',
      'DECLARE held CURSOR WITH HOLD FOR SELECT id FROM people',
      'FETCH ALL FROM held',
      { code: '34000' },
    ],
    ['a LISTEN registration', 'LISTEN left_over', 'SELECT pg_listening_channels()', NOTHING],
    [
      'an advisory lock',
      'SELECT pg_advisory_lock(4711)',
      `SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711`,
      NOTHING,
    ],
    ['discarded sequences with the context secret', 'DISCARD SEQUENCES', 'SELECT WHERE false', NOTHING],
    [
      'a temporary table',
      'CREATE TEMP TABLE people (id uuid)',
      `SELECT FROM pg_class WHERE relpersistence = 't'`,
      NOTHING,
    ],
  ])('%s', async (_what, leave, look, expected) => {
    await before.enter(sessionSecret(first.client));
    await before.outcome(leave);
    await before.client.query('COMMIT');
    expect(await after.outcome(look)).toMatchObject(expected);
    await nextSeesItsOwn();
  });
});

describe('a prepared statement of a request', () => {
  /** Runs the statement with every name that PgBouncer could assign, and returns the ones that exist. */
  async function guess(statement: (name: string) => string): Promise<string[]> {
    const found: string[] = [];
    for (let n = 0; n < GUESSED_NAMES; n += 1) {
      const { code } = await before.outcome(statement(`"PGBOUNCER_${n}"`));
      if (code !== '26000') found.push(`${statement(`PGBOUNCER_${n}`)}: ${code}`);
    }
    return found;
  }

  it('has no name that SQL could guess to execute or deallocate it', async () => {
    for (const path of ['/v1/people', `/v1/people/${next.personId}`, '/v1/auth/me'])
      expect((await next.client.get(path)).status).toBe(200);
    await before.enter(sessionSecret(first.client));
    await before.client.query('COMMIT');
    expect(await guess((name) => `DEALLOCATE ${name}`)).toEqual([]);
    expect(await guess((name) => `EXECUTE ${name}`)).toEqual([]);
  });

  it('is not replaced by SQL that prepares a statement under a PgBouncer name', async () => {
    for (let n = 0; n < GUESSED_NAMES; n += 1) {
      await before.outcome(`DEALLOCATE "PGBOUNCER_${n}"`);
      await before.outcome(`PREPARE "PGBOUNCER_${n}" AS SELECT set_config('stolen.secret', $1::text, false)`);
    }
    await nextSeesItsOwn();
    expect((await before.outcome(`SELECT nullif(current_setting('stolen.secret', true), '') AS secret`)).rows).toEqual([
      { secret: null },
    ]);
  });
});
