import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Context, withContext } from '../../src/platform/context/context.js';
import { DatabaseProbe } from '../../src/platform/database/database.probe.js';
import { errorCode } from '../../src/platform/database/errors.js';
import { enterSession } from '../../src/platform/database/tenant-context.js';
import { UnitOfWork } from '../../src/platform/database/unit-of-work.js';
import { RawSql, sessionSecret } from '../contract/raw-sql.js';
import { Harness } from '../harness/app.js';
import { until } from '../harness/until.js';
import type { Client } from '../harness/client.js';
import { startBouncer } from '../harness/pgbouncer.js';

interface Tenant {
  client: Client;
  personId: string;
}

let harness: Harness;
let first: Tenant;
let next: Tenant;

async function makeTenant(): Promise<Tenant> {
  const orgId = await harness.make.organization('gme');
  const { email } = await harness.make.member(orgId, 'program_director');
  return { personId: await harness.make.person(orgId), client: await harness.signIn(email) };
}

beforeAll(async () => {
  harness = await Harness.start({ takeJobs: false, env: { DATABASE_POOL_SIZE: '1' } });
  [first, next] = [await makeTenant(), await makeTenant()];
});
afterAll(() => harness.stop());

/** Runs SQL in a transaction of a tenant's session, as an injection does. Returns the rows or the SQLSTATE. */
function inject({ client }: Tenant, text: string, end: 'commit' | 'rollback' = 'commit'): Promise<unknown> {
  const unitOfWork = harness.api.get(UnitOfWork);
  return withContext(new Context(), () =>
    unitOfWork
      .run(enterSession(sessionSecret(client), false), async () => {
        const rows = await unitOfWork.sql(text);
        if (end === 'rollback') throw new Error('rolled back');
        return rows;
      })
      .catch((error: unknown) => errorCode(error) ?? 'failed'),
  );
}

const setting = (name: string) => `SELECT current_setting('${name}', true) AS value`;

describe('on a connection without PgBouncer, the next tenant finds nothing of the previous one:', () => {
  it.each<[what: string, leave: string, look: string, expected: unknown]>([
    ['a search path', 'SET search_path = pg_catalog', setting('search_path'), [{ value: 'public' }]],
    ['row security off', 'SET row_security = off', setting('row_security'), [{ value: 'on' }]],
    ['a statement timeout', `SET statement_timeout = '1ms'`, setting('statement_timeout'), [{ value: '30s' }]],
    [
      'a setting by a function',
      `SELECT set_config('statement_timeout', '1ms', false)`,
      setting('statement_timeout'),
      [{ value: '30s' }],
    ],
    [
      'a read-only session',
      `SELECT set_config('default_transaction_read_only', 'on', false)`,
      setting('transaction_read_only'),
      [{ value: 'off' }],
    ],
    [
      'a value of its own',
      `SELECT set_config('other.setting', 'left', false)`,
      setting('other.setting'),
      [{ value: '' }],
    ],
    [
      'a setting by a block',
      `DO $$ BEGIN SET datestyle = 'German'; END $$`,
      setting('datestyle'),
      [{ value: 'ISO, MDY' }],
    ],
    ['a prepared statement', 'PREPARE left_over AS SELECT id FROM people', 'EXECUTE left_over', '26000'],
    ['a holdable cursor', 'DECLARE held CURSOR WITH HOLD FOR SELECT id FROM people', 'FETCH ALL FROM held', '34000'],
    ['a LISTEN registration', 'LISTEN left_over', 'SELECT pg_listening_channels()', []],
    [
      'an advisory lock',
      'SELECT pg_advisory_lock(4712)',
      `SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = 4712`,
      [],
    ],
    ['a temporary table', 'CREATE TEMP TABLE people (id uuid)', `SELECT FROM pg_class WHERE relpersistence = 't'`, []],
  ])('%s', async (_what, leave, look, expected) => {
    for (const end of ['commit', 'rollback'] as const) {
      await inject(first, leave, end);
      expect(await inject(next, look)).toEqual(expected);
      await inject(first, leave, end);
      const { status, body } = await next.client.get('/v1/people');
      expect([status, body.items.map(({ id }: { id: string }) => id)]).toEqual([200, [next.personId]]);
    }
  });
});

describe('large objects, which belong to no organization', () => {
  it('cannot be created, read, or changed', async () => {
    await harness.database.superuser(`SELECT lo_from_bytea(4711, 'kept')`);
    for (const call of [
      `lo_create(0)`,
      `lo_creat(-1)`,
      `lo_from_bytea(0, 'left')`,
      `lo_open(4711, 131072)`,
      `lo_get(4711)`,
      `lo_put(4711, 0, 'x')`,
      `lo_unlink(4711)`,
      `loread(0, 1)`,
      `lowrite(0, 'x')`,
    ])
      expect([call, await inject(first, `SELECT ${call}`)]).toEqual([call, '42501']);
    for (const table of ['pg_largeobject', 'pg_largeobject_metadata'])
      expect([table, await inject(first, `SELECT FROM ${table}`)]).toEqual([table, '42501']);
  });
});

describe('a database whose settings differ from what the code expects', () => {
  const foreign = (database: { superuser: (text: string) => Promise<unknown> }) =>
    database.superuser(`DO $$ BEGIN
      EXECUTE format('ALTER DATABASE %I SET datestyle = ''German, DMY''', current_database());
      EXECUTE format('ALTER DATABASE %I SET intervalstyle = ''iso_8601''', current_database());
      EXECUTE format('ALTER DATABASE %I SET timezone = ''Asia/Kathmandu''', current_database());
      EXECUTE format('ALTER DATABASE %I SET bytea_output = ''escape''', current_database());
      EXECUTE format('ALTER DATABASE %I SET search_path = ''pg_catalog''', current_database());
    END $$`);

  it.each(['directly', 'through PgBouncer'])('serves sign-in, reads, and writes %s', async (how) => {
    const bouncer = how === 'directly' ? undefined : await startBouncer(2);
    const odd = await Harness.start({
      schema: async (database) => void (await foreign(database)),
      ...(bouncer && { through: bouncer.through, env: bouncer.env }),
    });
    try {
      const orgId = await odd.make.organization('gme');
      const { email } = await odd.make.member(orgId, 'program_director');
      const client = await odd.signIn(email);
      const person = { kind: 'trainee', givenName: 'Ada', familyName: 'Synthetic' };
      const created = await client.post('/v1/people', person);
      expect([created.status, (await client.get('/v1/people')).body.items.length]).toEqual([201, 1]);
      const { items } = (await client.get('/v1/audit')).body as { items: { occurredAt: string }[] };
      const age = Date.now() - Date.parse(items[0]!.occurredAt);
      expect(Math.abs(age)).toBeLessThan(60_000); // a wrong time zone or format differs by hours
    } finally {
      await odd.stop();
      await bouncer?.stop();
    }
  });
});

describe('a role that changed its own settings in this database', () => {
  const SETTINGS = `SELECT setconfig FROM pg_db_role_setting
    WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())`;

  it('still serves requests on new connections, and gets its settings back at the next readiness check', async () => {
    const role = await RawSql.open(harness.env['DATABASE_URL']!);
    const name = new URL(harness.env['DATABASE_URL']!).pathname.slice(1);
    for (const change of ['search_path = pg_catalog', 'row_security = off', `statement_timeout = '1ms'`])
      await role.client.query(`ALTER ROLE vouchsafe_app IN DATABASE ${name} SET ${change}`);
    await role.end();
    await harness.database.superuser(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND usename = 'vouchsafe_app'`,
    );
    expect((await next.client.get('/v1/people')).status).toBe(200);
    expect(await harness.database.superuser(SETTINGS)).toHaveLength(1);
    await until('the API is ready', async () => (await fetch(`${harness.url}/health/ready`)).status === 200);
    expect(await harness.database.superuser(SETTINGS)).toEqual([]);
  });
});

describe('readiness of a process without requests', () => {
  it('shows a database that answers and rejects writes', async () => {
    const { superuser, env } = harness.database;
    const name = new URL(env['DATABASE_URL']!).pathname.slice(1);
    const probe = harness.api.get(DatabaseProbe);
    await expect(probe.check()).resolves.toBeUndefined();
    await superuser(`ALTER DATABASE ${name} SET default_transaction_read_only = on`);
    await superuser(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND usename = 'vouchsafe_app'`,
    );
    await probe.check().catch(() => undefined); // meets the terminated connection
    await expect(probe.check()).rejects.toThrow('the database cannot be reached');
  });
});
