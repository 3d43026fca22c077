import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Harness } from '../harness/app.js';
import { RawSql, sessionSecret } from './raw-sql.js';
import { makeTenant, providerMetadata, type Tenant } from './fixtures.js';

let harness: Harness;
let mine: Tenant;
let theirs: Tenant;
/** An SQL session in the tenant context of `mine`, and that context. */
let raw: RawSql;
let own: string;

const CONTEXT = `current_setting('vouchsafe.context', true)`;

beforeAll(async () => {
  harness = await Harness.start();
  const metadata = await providerMetadata();
  mine = await makeTenant(harness, metadata);
  theirs = await makeTenant(harness, metadata);
});
afterAll(() => harness.stop());
beforeEach(async () => {
  raw = await RawSql.open(harness.env.DATABASE_URL!);
  await raw.enter(sessionSecret(mine.director));
  own = (await raw.outcome(`SELECT ${CONTEXT} AS context`)).rows[0]!.context as string;
});
afterEach(() => raw.end());

/** Returns the number of rows of the other tenant that the transaction sees; 0 after an error. */
const visibleRows = async (sql: RawSql = raw) =>
  (await sql.attempt(`SELECT id FROM people WHERE org_id = '${theirs.ids.org}'`)).rowCount;

/** Enters the other tenant on a connection and returns its context. */
async function enterTheirs(sql: RawSql): Promise<string> {
  await sql.client.query('SELECT state FROM app.enter_session($1, false)', [sessionSecret(theirs.director)]);
  return (await sql.outcome(`SELECT ${CONTEXT} AS context`)).rows[0]!.context as string;
}

/** Sets a context. Returns the visible rows of the other tenant and the SQLSTATE of a rejection. */
async function tryContext(context: string, sql: RawSql = raw): Promise<[number, string | null]> {
  await sql.outcome('SELECT set_config($1, $2, true)', ['vouchsafe.context', context]);
  const { rows, code } = await sql.attempt(`SELECT id FROM people WHERE org_id = '${theirs.ids.org}'`);
  return [rows.length, code];
}

/** Formats a bigint as plans print constants: its bytes in memory order, as signed numbers. */
function asConstant(value: bigint): string {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(value);
  return Array.from(bytes, (_, at) => bytes.readInt8(at)).join(' ');
}

describe('the secret that authenticates contexts', () => {
  const SEQUENCES = ['session_secret_a', 'session_secret_b'];

  it('cannot be read or changed, by name or by oid', async () => {
    for (const sequence of SEQUENCES) {
      const [{ oid }] = (await harness.database.superuser<{ oid: string }>(
        `SELECT 'app_private.${sequence}'::regclass::oid::text AS oid`,
      )) as [{ oid: string }];
      for (const statement of [
        ...[`'app_private.${sequence}'`, `${oid}::oid::regclass`].flatMap((name) => [
          `SELECT currval(${name})`,
          `SELECT nextval(${name})`,
          `SELECT setval(${name}, 1)`,
          `SELECT setval(${name}, 1, false)`,
          `SELECT last_value FROM pg_get_sequence_data(${name})`,
        ]),
        `SELECT * FROM app_private.${sequence}`,
        `COPY app_private.${sequence} TO STDOUT`,
        `ALTER SEQUENCE app_private.${sequence} RESTART`,
        `DROP SEQUENCE app_private.${sequence}`,
        `GRANT USAGE ON SEQUENCE app_private.${sequence} TO vouchsafe_app`,
        `CREATE TABLE t (id bigint DEFAULT currval(${oid}::oid::regclass))`,
      ]) {
        const { code, rows } = await raw.attempt(statement);
        expect([statement, code ?? rows]).toEqual([
          statement,
          statement.includes('pg_get_sequence_data') && code === null ? [{ last_value: null }] : '42501',
        ]);
      }
      expect((await raw.attempt(`SELECT pg_sequence_last_value(${oid}::oid::regclass) AS value`)).rows).toEqual([
        { value: null },
      ]);
    }
    expect((await raw.attempt('SELECT lastval()')).code).toBe('55000');
  });

  it('is stored only in the session, and creates no WAL record and no transaction id', async () => {
    for (const sequence of SEQUENCES) {
      expect(await harness.database.superuser(`SELECT last_value, is_called FROM app_private.${sequence}`)).toEqual([
        { last_value: '0', is_called: false },
      ]);
    }
    const other = await RawSql.open(harness.env.DATABASE_URL!);
    await other.enter(sessionSecret(mine.director));
    expect((await other.outcome('SELECT pg_current_xact_id_if_assigned() AS id')).rows).toEqual([{ id: null }]);
    await other.end();
  });

  it('is not replaced by the stored sequence values or by an empty value', async () => {
    for (const secret of [`int8send(0) || int8send(0)`, `int8send(1) || int8send(1)`, `''::bytea`]) {
      const { rows } = await raw.outcome(
        `SELECT $1 || '|' || encode(sha256(${secret} || convert_to($1,
           'UTF8') || timestamptz_send(transaction_timestamp())), 'hex') AS made`,
        [own.slice(0, -65).replaceAll(mine.ids.org, theirs.ids.org)],
      );
      expect(await tryContext(rows[0]!.made as string)).toEqual([0, '42501']);
    }
  });

  it('is not part of a plan that the server prints', async () => {
    const fresh = await RawSql.open(harness.env.DATABASE_URL!);
    const notices: string[] = [];
    fresh.client.on('notice', ({ message, detail }) => notices.push(`${message} ${detail}`));
    await fresh.client.query(
      'SET client_min_messages = debug5; SET debug_print_parse = on; SET debug_print_rewritten = on; SET ' +
        'debug_print_plan = on; SET plan_cache_mode = force_custom_plan',
    );
    await fresh.enter(sessionSecret(mine.director));
    await fresh.outcome('SELECT id FROM people');
    await fresh.client.query('COMMIT; SET client_min_messages = error');
    const sequences = SEQUENCES.map((name) => `app_private.${name}`);
    await harness.database.superuser(`GRANT USAGE ON SCHEMA app_private TO vouchsafe_app`);
    await harness.database.superuser(`GRANT USAGE ON SEQUENCE ${sequences.join()} TO vouchsafe_app`);
    const { rows } = await fresh.outcome(
      sequences.map((name) => `SELECT currval('${name}') AS secret`).join(' UNION ALL '),
    );
    await harness.database.superuser(`REVOKE USAGE ON SEQUENCE ${sequences.join()} FROM vouchsafe_app`);
    await harness.database.superuser(`REVOKE USAGE ON SCHEMA app_private FROM vouchsafe_app`);
    await fresh.end();
    const SETVAL = ':funcid 1765';
    const secrets = rows.map(({ secret }) => BigInt(secret as string));
    expect([secrets.length, notices.some((line) => line.includes(SETVAL))]).toEqual([2, true]);
    expect(
      notices.filter((line) =>
        secrets.some((secret) => line.includes(String(secret)) || line.includes(asConstant(secret))),
      ),
    ).toEqual([]);
  });

  it('is lost with DISCARD: its contexts become invalid, and the next enter function creates a new one', async () => {
    const before = await enterTheirs(raw);
    expect(await tryContext(before)).toEqual([1, null]);
    await raw.client.query('DISCARD SEQUENCES');
    expect(await tryContext(before)).toEqual([0, '55000']);
    const after = await enterTheirs(raw);
    expect(await tryContext(after)).toEqual([1, null]);
    expect(await tryContext(before)).toEqual([0, '42501']);
    await raw.client.query('COMMIT');
    await raw.client.query('DISCARD ALL');
    await raw.client.query('BEGIN');
    expect(await tryContext(after)).toEqual([0, '55000']);
    await enterTheirs(raw);
    expect(await visibleRows()).toBe(1);
  });

  it('differs between sessions, and its contexts are invalid in the next transaction', async () => {
    const other = await RawSql.open(harness.env.DATABASE_URL!);
    await other.client.query('BEGIN');
    const elsewhere = await enterTheirs(other);
    const here = await enterTheirs(raw);
    expect([await tryContext(elsewhere), await tryContext(here, other)]).toEqual([
      [0, '42501'],
      [0, '42501'],
    ]);
    expect([await tryContext(here), await tryContext(elsewhere, other)]).toEqual([
      [1, null],
      [1, null],
    ]);
    for (const next of ['COMMIT; BEGIN', 'ROLLBACK; BEGIN', 'COMMIT AND CHAIN']) {
      const previous = await enterTheirs(raw);
      await raw.client.query(next);
      expect(await tryContext(previous)).toEqual([0, '42501']);
    }
    await other.end();
  });

  it('survives a rollback: after a savepoint, the context from before it applies', async () => {
    const fresh = await RawSql.open(harness.env.DATABASE_URL!);
    await fresh.client.query('BEGIN; SAVEPOINT first');
    await enterTheirs(fresh);
    await fresh.client.query('ROLLBACK TO SAVEPOINT first');
    expect(await visibleRows(fresh)).toBe(0);
    await fresh.client.query('SELECT state FROM app.enter_session($1, false)', [sessionSecret(mine.director)]);
    await fresh.client.query('SAVEPOINT second');
    await enterTheirs(fresh);
    expect(await visibleRows(fresh)).toBe(1);
    await fresh.client.query('ROLLBACK TO SAVEPOINT second');
    expect([await visibleRows(fresh), (await fresh.attempt('SELECT org_id FROM people')).rows]).toEqual([
      0,
      [{ org_id: mine.ids.org }],
    ]);
    await fresh.end();
  });

  it('cannot be created in a READ ONLY transaction, which can enter only after the session has one', async () => {
    const fresh = await RawSql.open(harness.env.DATABASE_URL!);
    const enter = () => fresh.outcome('SELECT state FROM app.enter_session($1, true)', [sessionSecret(mine.director)]);
    await fresh.client.query('BEGIN READ ONLY');
    expect((await enter()).code).toBe('25006');
    await fresh.client.query('ROLLBACK; BEGIN');
    expect((await enter()).rows).toEqual([{ state: 'ok' }]);
    await fresh.client.query('COMMIT; BEGIN READ ONLY');
    expect((await enter()).rows).toEqual([{ state: 'ok' }]);
    await fresh.end();
  });
});
