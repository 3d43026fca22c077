import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, it } from '@jest/globals';
import { Harness } from '../harness/app.js';
import { connected } from '../harness/database.js';
import { RawSql, sessionSecret } from './raw-sql.js';
import { readSchema } from './schema.js';
import { makeTenant, providerMetadata, type Tenant } from './fixtures.js';

let harness: Harness;
let mine: Tenant;
let theirs: Tenant;
let raw: RawSql;
/** The context strings of both tenants, which an attacker could copy from a transaction. */
let own: string;
let stolen: string;
let cells = 0;

const CONTEXT = `current_setting('vouchsafe.context', true)`;
const enterTheirs = () =>
  raw.client.query('SELECT state FROM app.enter_session($1, false)', [sessionSecret(theirs.director)]);

beforeAll(async () => {
  harness = await Harness.start();
  const metadata = await providerMetadata();
  mine = await makeTenant(harness, metadata);
  theirs = await makeTenant(harness, metadata);
});
afterAll(async () => {
  await harness.stop();
  process.stdout.write(`forging: ${cells} attempts\n`);
});
beforeEach(async () => {
  raw = await RawSql.open(harness.env.DATABASE_URL!);
  await raw.enter(sessionSecret(theirs.director));
  stolen = (await raw.outcome(`SELECT ${CONTEXT} AS context`)).rows[0]!.context as string;
  await raw.rollback();
  await raw.enter(sessionSecret(mine.director));
  own = (await raw.outcome(`SELECT ${CONTEXT} AS context`)).rows[0]!.context as string;
});
afterEach(() => raw.end());

/** Returns the number of rows of the other tenant that the transaction sees; 0 after an error. */
async function visibleRows(sql: RawSql = raw): Promise<number> {
  cells += 1;
  const { rows } = await sql.attempt(`SELECT id FROM people WHERE org_id = '${theirs.ids.org}'`);
  return rows.length;
}

const spliced = () => own.replaceAll(mine.ids.org, theirs.ids.org);
const macOf = (context: string) => context.slice(-64);
const payloadOf = (context: string) => context.slice(0, -65);
const FORGERIES: Record<string, () => string | null> = {
  "the other organization with the caller's own MAC": spliced,
  "the other tenant's context, copied from its transaction": () => stolen,
  'a context without a MAC': () => payloadOf(spliced()),
  'an empty MAC': () => `${payloadOf(spliced())}|`,
  'a truncated MAC': () => spliced().slice(0, -1),
  'half a MAC': () => spliced().slice(0, -32),
  'a MAC in uppercase': () => `${payloadOf(stolen)}|${macOf(stolen).toUpperCase()}`,
  'a MAC of zeros': () => `${payloadOf(spliced())}|${'0'.repeat(64)}`,
  "the other payload with the caller's own MAC": () => `${payloadOf(stolen)}|${macOf(own)}`,
  'a prepended field': () => `system|${spliced()}`,
  'an appended field': () => `${spliced()}|${macOf(own)}`,
  'the kind of the worker': () => spliced().replace('member|', 'system|'),
  'a wildcard': () => `member|%|||org|org||%|${macOf(own)}`,
  'two contexts at once': () => `${own}\n${stolen}`,
  'SQL in the organization': () => `member|' OR true --|||org|org|||${macOf(own)}`,
  'white space around it': () => ` ${stolen} `,
  'a megabyte': () => 'x'.repeat(1_000_000),
};

describe('a context that SQL sets', () => {
  it.each(Object.keys(FORGERIES))('is rejected: %s', async (name) => {
    const forged = FORGERIES[name]!();
    for (const local of [true, false]) {
      await raw.outcome('SELECT set_config($1, $2, $3)', ['vouchsafe.context', forged, local]);
      expect(await visibleRows()).toBe(0);
      expect((await raw.attempt(`UPDATE people SET title = 'x' WHERE org_id = '${theirs.ids.org}'`)).rowCount).toBe(0);
    }
    await raw.client.query('COMMIT');
    await raw.client.query('BEGIN');
    expect(await visibleRows()).toBe(0);
  });

  it('is rejected with SET, SET LOCAL, and RESET', async () => {
    for (const statement of [
      `SET LOCAL vouchsafe.context = '${stolen}'`,
      `SET SESSION vouchsafe.context = '${stolen}'`,
      `SET vouchsafe.context TO '${spliced()}'`,
      'RESET vouchsafe.context',
      'RESET ALL',
      `SET LOCAL vouchsafe.context = ''`,
      'SET LOCAL vouchsafe.context TO DEFAULT',
    ]) {
      await raw.attempt(statement);
      expect(await visibleRows()).toBe(0);
    }
  });

  it('is rejected as a default of the role, the database, or the connection', async () => {
    const name = new URL(harness.env.DATABASE_URL!).pathname.slice(1);
    await raw.attempt(`ALTER ROLE vouchsafe_app IN DATABASE ${name} SET vouchsafe.context = '${stolen}'`);
    expect((await raw.attempt(`ALTER ROLE ALL SET vouchsafe.context = '${stolen}'`)).code).toBe('42501');
    expect((await raw.attempt(`ALTER DATABASE ${name} SET vouchsafe.context = '${stolen}'`)).code).toBe('42501');
    await raw.client.query('COMMIT');
    const again = await RawSql.open(harness.env.DATABASE_URL!, `-c vouchsafe.context=${stolen.replaceAll(' ', '\\ ')}`);
    await again.client.query('BEGIN');
    expect(await visibleRows(again)).toBe(0);
    await again.end();
    await harness.database.superuser(`ALTER ROLE vouchsafe_app IN DATABASE ${name} RESET vouchsafe.context`);
  });

  it('is invalid on another connection, in a later transaction, and after a savepoint', async () => {
    const other = await RawSql.open(harness.env.DATABASE_URL!);
    await other.enter(sessionSecret(theirs.director));
    const live = (await other.outcome(`SELECT ${CONTEXT} AS context`)).rows[0]!.context as string;
    await raw.outcome('SELECT set_config($1, $2, true)', ['vouchsafe.context', live]);
    expect(await visibleRows()).toBe(0);
    await other.client.query('COMMIT; BEGIN');
    await other.outcome('SELECT set_config($1, $2, true)', ['vouchsafe.context', live]);
    expect(await visibleRows(other)).toBe(0);
    await other.client.query('ROLLBACK; BEGIN; SAVEPOINT before');
    await other.client.query('SELECT state FROM app.enter_session($1, false)', [sessionSecret(theirs.director)]);
    await other.client.query('ROLLBACK TO SAVEPOINT before');
    expect(await visibleRows(other)).toBe(0);
    await other.end();
  });
});

describe('a role or setting that SQL changes', () => {
  it.each([
    'SET ROLE vouchsafe_owner',
    'SET ROLE vouchsafe_worker',
    'SET ROLE vouchsafe_migrator',
    'SET ROLE postgres',
    'SET LOCAL ROLE vouchsafe_owner',
    'SET SESSION AUTHORIZATION vouchsafe_owner',
    'SET SESSION AUTHORIZATION postgres',
    'SET session_replication_role = replica',
    'ALTER ROLE vouchsafe_app BYPASSRLS',
    'ALTER ROLE vouchsafe_app SUPERUSER',
    'GRANT vouchsafe_owner TO vouchsafe_app',
    'GRANT vouchsafe_worker TO vouchsafe_app',
    'CREATE ROLE intruder',
    'ALTER TABLE people DISABLE ROW LEVEL SECURITY',
    'ALTER TABLE people OWNER TO vouchsafe_app',
    'DROP POLICY tenant_read ON people',
    'CREATE POLICY open ON people USING (true)',
    'CREATE RULE r AS ON SELECT TO people DO INSTEAD SELECT 1',
    'GRANT SELECT ON app_private.false_salt_key TO vouchsafe_app',
    'ALTER FUNCTION app.org_id() RENAME TO old',
    'DROP TABLE people',
    'ALTER SCHEMA app RENAME TO old',
    "ALTER SYSTEM SET log_statement = 'all'",
  ])('is rejected: %s', async (statement) => {
    cells += 1;
    expect((await raw.attempt(statement)).code).toMatch(/^(42501|0LP01|42704|42809|25001)$/);
    expect(await visibleRows()).toBe(0);
  });

  it('turns row-level security into an error, never off', async () => {
    await raw.client.query('SET LOCAL row_security = off');
    expect((await raw.attempt('SELECT id FROM people')).code).toBe('42501');
  });

  it('cannot write after entering a read-only context', async () => {
    await raw.rollback();
    await raw.client.query('BEGIN');
    await raw.client.query('SELECT state FROM app.enter_session($1, true)', [sessionSecret(mine.director)]);
    for (const statement of [
      'SET TRANSACTION READ WRITE',
      'SET LOCAL transaction_read_only = off',
      `SELECT set_config('transaction_read_only', 'off', true)`,
    ]) {
      expect((await raw.attempt(statement)).code).toBe('25001');
      expect((await raw.attempt(`UPDATE people SET title = 'x'`)).code).toBe('25006');
    }
  });
});

describe('an object that SQL creates to shadow another', () => {
  it.each([
    'CREATE TABLE public.people2 ()',
    'CREATE TEMP TABLE people (id uuid)',
    'CREATE TEMPORARY VIEW people AS SELECT 1',
    'SELECT 1 INTO TEMP people',
    "CREATE FUNCTION public.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE FUNCTION app.org_id(int) RETURNS uuid LANGUAGE sql AS 'SELECT NULL::uuid'",
    "CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    'CREATE SCHEMA mine',
    'CREATE DOMAIN pg_temp.text AS pg_catalog.text',
    'CREATE OPERATOR public.= (LEFTARG = uuid, RIGHTARG = uuid, FUNCTION = uuid_eq)',
    'CREATE TYPE app.uuid AS (x int)',
    'CREATE SEQUENCE public.s',
    'CREATE TRIGGER t BEFORE INSERT ON people FOR EACH ROW EXECUTE FUNCTION app.org_id()',
    'CREATE EXTENSION pg_trgm',
    'CREATE EXTENSION dblink',
    'CREATE LANGUAGE plpython3u',
    'CREATE CAST (text AS uuid) WITH INOUT',
    'CREATE EVENT TRIGGER e ON ddl_command_start EXECUTE FUNCTION app.org_id()',
    'CREATE PUBLICATION p',
    'CREATE SERVER s FOREIGN DATA WRAPPER w',
  ])('is rejected: %s', async (statement) => {
    cells += 1;
    expect((await raw.attempt(statement)).code).toMatch(/^(42501|42704|42883|0A000|42P17|58P01)$/);
  });

  it('runs no code as the owner, even if every role may create temporary types', async () => {
    await connected(harness.env.DATABASE_URL!, async (client) => {
      const name = new URL(harness.env.DATABASE_URL!).pathname.slice(1);
      await harness.database.superuser(`GRANT TEMPORARY ON DATABASE ${name} TO vouchsafe_app`);
      const notices: string[] = [];
      client.on('notice', ({ message }) => notices.push(message ?? ''));
      await client.query(
        `CREATE FUNCTION pg_temp.spy(v pg_catalog.text)
           RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE '%', current_user; RETURN true; END $$`,
      );
      for (const type of ['text', 'uuid', 'bytea', 'jsonb', 'inet', 'timestamptz', 'int4', 'regclass']) {
        await client.query(`CREATE DOMAIN pg_temp.${type} AS pg_catalog.text CHECK (pg_temp.spy(VALUE))`);
      }
      for (const name2 of ['users', 'sessions', 'memberships', 'pg_class'])
        await client.query(`CREATE TEMP TABLE ${name2} (id pg_catalog.uuid)`);
      await client.query('BEGIN');
      await client.query(`SELECT pg_catalog.set_config('vouchsafe.context', 'a|b', true)`);
      await client.query('SAVEPOINT s');
      await client.query('SELECT app.verified_context()').catch(() => client.query('ROLLBACK TO SAVEPOINT s'));
      await client.query(`SELECT pg_catalog.set_config('vouchsafe.context', '', true)`);
      await client.query(`SELECT app.begin_sign_in('unknown@test.example')`);
      await client.query(`SELECT app.complete_sign_in('unknown@test.example', '\\x00', NULL)`);
      await client.query('SELECT state FROM app.enter_session($1, false)', [sessionSecret(mine.director)]);
      await client.query(`SELECT app.assigned_people(), app.own_factors()`);
      expect(notices).toEqual([]);
      await harness.database.superuser(`REVOKE TEMPORARY ON DATABASE ${name} FROM vouchsafe_app`);
    });
  });

  it('cannot list the prepared statements of others on its connection', async () => {
    expect((await raw.attempt('SELECT name FROM pg_prepared_statements')).code).toBe('42501');
    expect((await raw.attempt('SELECT pg_catalog.pg_prepared_statement()')).code).toBe('42501');
  });
});

describe('a function or file that the application may not use', () => {
  it("cannot be called: app_private functions and the worker's enter functions", async () => {
    const { routines } = await readSchema(harness.database);
    const closed = routines.filter(({ grantees }) => !grantees.includes('vouchsafe_app'));
    expect(closed.length).toBeGreaterThan(15);
    for (const { name } of closed) {
      const [, routine, parameters] = /^([^(]+)\((.*)\)$/.exec(name)!;
      const list =
        parameters === ''
          ? ''
          : parameters!
              .split(',')
              .map((type) => `NULL::${type}`)
              .join(', ');
      cells += 1;
      expect([name, (await raw.attempt(`SELECT ${routine}(${list})`)).code]).toEqual([name, '42501']);
    }
  });

  it('cannot be read: app_private tables and the statistics of Postgres', async () => {
    for (const table of ['false_salt_key', 'credentials', 'sign_in_locks']) {
      expect((await raw.attempt(`SELECT * FROM app_private.${table}`)).code).toBe('42501');
      expect((await raw.attempt(`COPY app_private.${table} TO STDOUT`)).code).toBe('42501');
    }
    await harness.database.superuser('ANALYZE people');
    expect((await raw.attempt(`SELECT most_common_vals FROM pg_stats WHERE tablename = 'people'`)).rows).toEqual([]);
    for (const catalog of ['pg_statistic', 'pg_authid', 'pg_user_mapping', 'pg_hba_file_rules']) {
      expect([catalog, (await raw.attempt(`SELECT * FROM pg_catalog.${catalog}`)).code]).toEqual([catalog, '42501']);
    }
  });

  it.each([
    `SELECT pg_read_file('PG_VERSION')`,
    `SELECT pg_read_binary_file('PG_VERSION')`,
    `SELECT pg_ls_dir('.')`,
    `SELECT lo_import('/etc/hostname')`,
    `SELECT lo_export(1, '/tmp/x')`,
    `COPY (SELECT 1) TO PROGRAM 'cat'`,
    `COPY people FROM PROGRAM 'true'`,
    `COPY (SELECT 1) TO '/tmp/x'`,
    `COPY people FROM '/etc/hostname'`,
    'SELECT pg_reload_conf()',
    `LOAD 'auto_explain'`,
    'CHECKPOINT',
    'VACUUM FULL people',
    `SELECT pg_logical_emit_message(true, 'a', 'b'), pg_create_logical_replication_slot('x', 'pgoutput')`,
    'SELECT * FROM pg_ls_waldir()',
  ])('is rejected: %s', async (statement) => {
    cells += 1;
    expect((await raw.attempt(statement)).code).toMatch(/^(42501|42883|58P01|22023|25001|55000|42704)$/);
  });
});

describe('state that survives a transaction', () => {
  it('a prepared statement returns each tenant its own rows', async () => {
    await raw.rollback();
    await raw.client.query('BEGIN');
    await enterTheirs();
    await raw.client.query('PREPARE list AS SELECT org_id FROM people');
    for (let i = 0; i < 7; i += 1)
      // Postgres uses a generic plan from the sixth execution on.
      expect((await raw.client.query('EXECUTE list')).rows).toEqual([{ org_id: theirs.ids.org }]);
    await raw.client.query('COMMIT');
    await raw.enter(sessionSecret(mine.director));
    expect((await raw.client.query('EXECUTE list')).rows).toEqual([{ org_id: mine.ids.org }]);
    await raw.client.query('COMMIT; BEGIN');
    expect((await raw.client.query('EXECUTE list')).rows).toEqual([]);
  });

  it('a cursor from before the enter function returns no rows of other tenants', async () => {
    await raw.rollback();
    await raw.client.query('BEGIN');
    await raw.client.query('DECLARE early CURSOR FOR SELECT org_id FROM people');
    await raw.client.query('SELECT state FROM app.enter_session($1, false)', [sessionSecret(mine.director)]);
    const { rows } = await raw.outcome('FETCH ALL FROM early');
    expect(rows.filter(({ org_id: org }) => org !== mine.ids.org)).toEqual([]);
  });

  it('a holdable cursor keeps the rows of its own tenant', async () => {
    await raw.client.query('DECLARE held CURSOR WITH HOLD FOR SELECT org_id FROM people');
    await raw.client.query('COMMIT; BEGIN');
    await enterTheirs();
    expect((await raw.outcome('FETCH ALL FROM held')).rows).toEqual([{ org_id: mine.ids.org }]);
  });
});

describe('errors and side effects', () => {
  it('an exception inside an enter function leaves no context', async () => {
    await raw.rollback();
    for (const call of [
      `app.enter_session(NULL, NULL)`,
      `app.enter_session(repeat('x', 43), true)`,
      `app.set_password('${theirs.ids.user}', '\\x00', '\\x00', '\\x00', NULL, false)`,
      `app.complete_sign_in(NULL, NULL, NULL)`,
      `app.sso_end_sessions('${theirs.ids.connection}', '\\x00', '', '{}')`,
      `app.sso_sign_in('${theirs.ids.connection}', '\\x00', '', '', '', '', NULL, NULL, NULL, NULL, NULL, NULL)`,
      `app.replay_webhook('${theirs.ids.delivery}', gen_random_uuid(), 'r')`,
      `app.ensure_user(gen_random_uuid(), 'a@test.example')`,
    ]) {
      await raw.client.query('BEGIN');
      await raw.attempt(`DO $$ BEGIN PERFORM ${call}; EXCEPTION WHEN OTHERS THEN NULL; END $$`);
      expect(await visibleRows()).toBe(0);
      expect((await raw.attempt(`SELECT id FROM memberships WHERE org_id = '${theirs.ids.org}'`)).rows).toEqual([]);
      await raw.rollback();
    }
  });

  it('a failing condition is never evaluated on rows of other tenants', async () => {
    const { code } = await raw.attempt(
      `SELECT id FROM people WHERE 1 / (CASE WHEN family_name = '${theirs.label}' THEN 0 ELSE 1 END) = 1`,
    );
    expect(code).toBeNull();
    const cast = await raw.attempt(
      `SELECT id FROM people WHERE CASE WHEN org_id = '${theirs.ids.org}' THEN family_name::integer > 0 ELSE true END`,
    );
    expect(cast.code).toBeNull();
  });

  it('an external id of another tenant is available', async () => {
    const insert = `INSERT INTO people (org_id, id, kind, given_name, family_name, external_id)
      VALUES ('${mine.ids.org}', '${theirs.ids.person}', 'trainee', 'S', 'S', 'ext-${theirs.label}')`;
    expect(await raw.attempt(insert)).toMatchObject({ code: null, rowCount: 1 });
  });

  it('a caller without a secret can write only failures to the audit log', async () => {
    await raw.rollback();
    const insertEvent = (
      outcome: string,
    ) => `WITH e AS (INSERT INTO audit_events (org_id, occurred_at, id, type, outcome, actor_type, request_id,
      canonical, private_digest)
      VALUES ('${theirs.ids.org}', now(), gen_random_uuid(), 'auth.signed_in', '${outcome}', 'anonymous', 'r', '',
        '')) SELECT 1`;
    for (const enter of [
      `app.enter_sso_log('${theirs.ids.connection}')`,
      `app.enter_webhook_source('${theirs.ids.source}')`,
    ]) {
      await raw.client.query(`BEGIN; SELECT ${enter}`);
      expect((await raw.attempt(insertEvent('success'))).code).toBe('42501');
      expect((await raw.attempt(insertEvent('failure'))).code).toBeNull();
      expect((await raw.attempt('SELECT 1 FROM audit_events')).rows).toEqual([]);
      expect(await visibleRows()).toBe(0);
      await raw.rollback();
    }
  });

  it('password guesses have no effect without a reserved attempt', async () => {
    await raw.client.query('COMMIT');
    const guess = () =>
      raw.outcome(`SELECT state FROM app.complete_sign_in($1, '\\x00', NULL)`, [theirs.directorMember.email]);
    for (let i = 0; i < 10; i += 1) expect((await guess()).rows).toEqual([{ state: 'refused' }]);
    expect(await harness.database.superuser('SELECT failures FROM app_private.sign_in_locks')).toEqual([]);
  });
});
