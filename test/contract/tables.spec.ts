import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { declared } from '../../src/platform/feature/registry.js';
import '../../src/app.module.js';
import { Harness } from '../harness/app.js';
import { RawSql, sessionSecret, type Outcome } from './raw-sql.js';
import { readSchema, type Schema, type Table } from './schema.js';
import { fingerprint, makeTenant, providerMetadata, type Tenant } from './fixtures.js';

const TENANT_TABLES = [...declared('tables')].filter(([, { kind }]) => kind === 'tenant').map(([name]) => name);
const SHARED_TABLES = [...declared('tables')].filter(([, { kind }]) => kind === 'installation').map(([name]) => name);
/**
 * SQLSTATEs of a rejection: insufficient privilege or row policy, foreign key, no matching row, RLS forbids COPY
 * FROM.
 */
const REFUSALS = new Set(['42501', '23503', '0A000']);

let harness: Harness;
let schema: Schema;
let mine: Tenant;
let theirs: Tenant;
let before: Record<string, string>;
const connections: Record<string, RawSql> = {};
let cells = 0;

beforeAll(async () => {
  harness = await Harness.start();
  const metadata = await providerMetadata();
  mine = await makeTenant(harness, metadata);
  theirs = await makeTenant(harness, metadata);
  schema = await readSchema(harness.database);
  before = await fingerprint(harness, theirs.ids.org, TENANT_TABLES);
  connections['in a session'] = await RawSql.open(harness.env.DATABASE_URL!);
  connections['before any context'] = await RawSql.open(harness.env.DATABASE_URL!);
  connections['as an unknown user'] = await RawSql.open(harness.env.DATABASE_URL!);
  connections['as the worker in another organization'] = await RawSql.open(harness.env.WORKER_DATABASE_URL!);
});
afterAll(async () => {
  await Promise.all(Object.values(connections).map((raw) => raw.end()));
  await harness.stop();
  process.stdout.write(`tables × other tenant: ${cells} cells over ${TENANT_TABLES.length} tables\n`);
});

const CONTEXTS: Record<string, (raw: RawSql) => Promise<unknown>> = {
  'in a session': (raw) => raw.enter(sessionSecret(mine.director)),
  'before any context': (raw) => raw.client.query('BEGIN'),
  'as an unknown user': (raw) =>
    raw.client.query(`BEGIN; SELECT app.complete_sign_in('unknown@test.example', '\\x00', NULL)`),
  'as the worker in another organization': (raw) =>
    raw.client.query(`BEGIN; SELECT app.enter_organization('${mine.ids.org}')`),
};

const tableOf = (name: string): Table => schema.tables.find((table) => table.name === name)!;
const keyOf = (name: string) => (name === 'organizations' ? 'id' : 'org_id');

/** Returns a row of the organization as JSON, with `changes` applied. */
async function rowOf(table: string, org: string, changes: Record<string, unknown>): Promise<string> {
  const [row] = await harness.database.superuser<{ row: Record<string, unknown> }>(
    `SELECT to_jsonb(t) AS row FROM ${table} t WHERE ${keyOf(table)} = $1 LIMIT 1`,
    [org],
  );
  if (row === undefined) throw new Error(`"${table}" has no row: insert one in test/contract/fixture-rows.ts`);
  return JSON.stringify({ ...row.row, ...changes });
}

/** Returns the columns that an INSERT sets. */
function insertable(table: string): string[] {
  const identity = new Set(['seq', 'transaction_id']);
  return tableOf(table)
    .columns.filter(({ name, generated }) => !generated && !identity.has(name))
    .map(({ name }) => name);
}

async function insertOf(
  table: string,
  org: string,
  changes: Record<string, unknown> = {},
  tail = '',
): Promise<{ text: string; values: unknown[] }> {
  const columns = insertable(table).join(', ');
  return {
    text: `INSERT INTO ${table} (${columns}) SELECT ${columns}
      FROM jsonb_populate_record(NULL::${table}, $1::text::jsonb) ${tail}`,
    values: [await rowOf(table, org, changes)],
  };
}

/** Returns new ids for the primary key, so that only the tenant can be the reason for a rejection. */
function newKey(table: string): Record<string, unknown> {
  const uuid = (n: number) => `00000000-0000-7000-8000-${String(n).padStart(12, '0')}`;
  const key = tableOf(table).keys.find(({ type }) => type === 'p')!;
  return Object.fromEntries(
    key.columns
      .filter((column) => column.endsWith('id') && column !== 'org_id')
      .map((column, i) => [column, uuid(Math.floor(Math.random() * 1e9) + i)]),
  );
}

/** Returns no finding if the statement had no effect: it was rejected, or it found no row. */
function checkNoEffect(what: string, { code, rowCount, message }: Outcome): string[] {
  cells += 1;
  if (code === null) return rowCount === 0 ? [] : [`${what}: touched ${rowCount} rows`];
  return REFUSALS.has(code) ? [] : [`${what}: failed for another reason: ${code} ${message}`];
}

async function reads(raw: RawSql, table: string): Promise<string[]> {
  const key = keyOf(table);
  const their = `${key} = '${theirs.ids.org}'`;
  return [
    ...checkNoEffect(`SELECT of ${table}`, await raw.attempt(`SELECT ${key} FROM ${table} WHERE ${their}`)),
    ...checkNoEffect(`SELECT * of ${table}`, await raw.attempt(`SELECT * FROM ${table} WHERE ${their}`)),
    ...checkNoEffect(
      `SELECT by negation of ${table}`,
      await raw.attempt(`SELECT ${key} FROM ${table} WHERE ${key} <> '${mine.ids.org}'`),
    ),
    ...checkNoEffect(
      `FOR UPDATE of ${table}`,
      await raw.attempt(`SELECT ${key} FROM ${table} WHERE ${their} FOR UPDATE`),
    ),
    ...checkNoEffect(
      `aggregate of ${table}`,
      await raw.attempt(`SELECT ${key} FROM ${table} WHERE ${their} GROUP BY ${key} HAVING count(*) > 0`),
    ),
    ...checkNoEffect(
      `CTE of ${table}`,
      await raw.attempt(
        `WITH all_rows AS MATERIALIZED (SELECT ${key} FROM ${table}) SELECT FROM all_rows WHERE ${their}`,
      ),
    ),
    ...checkNoEffect(`COPY TO of ${table}`, await raw.copyOut(`(SELECT ${key} FROM ${table} WHERE ${their})`)),
    ...checkNoEffect(`COPY TO of all of ${table}`, withoutOwn(await raw.copyOut(table))),
  ];
}

/** Removes the lines of the own organization from the copied rows. */
function withoutOwn(outcome: Outcome): Outcome {
  const rows = outcome.rows.filter(({ line }) => !String(line).includes(mine.ids.org));
  return { ...outcome, rows, rowCount: rows.length };
}

async function writes(raw: RawSql, table: string): Promise<string[]> {
  const key = keyOf(table);
  const their = `${key} = '${theirs.ids.org}'`;
  const insert = await insertOf(table, theirs.ids.org, table === 'organizations' ? {} : newKey(table));
  const upsert = await insertOf(
    table,
    theirs.ids.org,
    {},
    `ON CONFLICT (${tableOf(table)
      .keys.find(({ type }) => type === 'p')!
      .columns.join(', ')}) DO UPDATE SET ${key} = EXCLUDED.${key}`,
  );
  return [
    ...checkNoEffect(`INSERT into ${table}`, await raw.attempt(insert.text, insert.values)),
    ...checkNoEffect(`UPSERT of ${table}`, await raw.attempt(upsert.text, upsert.values)),
    ...checkNoEffect(`UPDATE of ${table}`, await raw.attempt(`UPDATE ${table} SET ${key} = ${key} WHERE ${their}`)),
    ...checkNoEffect(
      `takeover of ${table}`,
      await raw.attempt(`UPDATE ${table} SET ${key} = '${mine.ids.org}' WHERE ${their}`),
    ),
    ...checkNoEffect(`DELETE of ${table}`, await raw.attempt(`DELETE FROM ${table} WHERE ${their}`)),
    ...(await merges(raw, table)),
    ...(await withinOthers(raw, table)),
    ...checkNoEffect(`COPY FROM of ${table}`, await raw.attempt(`COPY ${table} FROM STDIN`)),
    ...checkNoEffect(`TRUNCATE of ${table}`, await raw.attempt(`TRUNCATE ${table} CASCADE`)),
  ];
}

/** Runs each action of MERGE, with and without a match. */
async function merges(raw: RawSql, table: string): Promise<string[]> {
  const key = keyOf(table);
  const matched = (action: string) =>
    `MERGE INTO ${table} t USING (SELECT '${theirs.ids.org}'::uuid AS o) s ON t.${key} = s.o WHEN MATCHED
       THEN ${action}`;
  const row = await rowOf(table, theirs.ids.org, table === 'organizations' ? {} : newKey(table));
  return [
    ...checkNoEffect(`MERGE that deletes of ${table}`, await raw.attempt(matched('DELETE'))),
    ...checkNoEffect(`MERGE that updates ${table}`, await raw.attempt(matched(`UPDATE SET ${key} = s.o`))),
    ...checkNoEffect(
      `MERGE that inserts into ${table}`,
      await raw.attempt(
        `MERGE INTO ${table} t USING (SELECT * FROM jsonb_populate_record(NULL::${table}, $1::text::jsonb)) s ON false
         WHEN NOT MATCHED THEN INSERT (${insertable(table).join(', ')}) VALUES (${insertable(table)
           .map((column) => `s.${column}`)
           .join(', ')})`,
        [row],
      ),
    ),
  ];
}

/** Runs writes inside reads: in a WITH clause, with ON CONFLICT, and in COPY. */
async function withinOthers(raw: RawSql, table: string): Promise<string[]> {
  const key = keyOf(table);
  const their = `${key} = '${theirs.ids.org}'`;
  const insert = await insertOf(
    table,
    theirs.ids.org,
    table === 'organizations' ? {} : newKey(table),
    `RETURNING ${key}`,
  );
  const existing = await insertOf(table, theirs.ids.org, {}, `ON CONFLICT DO NOTHING RETURNING ${key}`);
  return [
    ...checkNoEffect(
      `WITH INSERT into ${table}`,
      await raw.attempt(`WITH w AS (${insert.text}) SELECT * FROM w`, insert.values),
    ),
    ...checkNoEffect(
      `WITH UPDATE of ${table}`,
      await raw.attempt(
        `WITH w AS (UPDATE ${table} SET ${key} = ${key} WHERE ${their} RETURNING ${key}) SELECT * FROM w`,
      ),
    ),
    ...checkNoEffect(
      `WITH DELETE from ${table}`,
      await raw.attempt(`WITH w AS (DELETE FROM ${table} WHERE ${their} RETURNING ${key}) SELECT * FROM w`),
    ),
    ...checkNoEffect(`INSERT of an existing row into ${table}`, await raw.attempt(existing.text, existing.values)),
    ...checkNoEffect(
      `COPY TO of an UPDATE of ${table}`,
      await raw.copyOut(`(UPDATE ${table} SET ${key} = ${key} WHERE ${their} RETURNING ${key})`),
    ),
    ...checkNoEffect(
      `COPY TO of a DELETE from ${table}`,
      await raw.copyOut(`(DELETE FROM ${table} WHERE ${their} RETURNING ${key})`),
    ),
  ];
}

/** Transfers an own row to the other tenant, or references a row of the other tenant. */
async function links(raw: RawSql, table: string): Promise<string[]> {
  const key = keyOf(table);
  const transfer = await raw.attempt(
    `UPDATE ${table} SET ${key} = '${theirs.ids.org}' WHERE ${key} = '${mine.ids.org}'`,
  );
  const transferred =
    transfer.code === null && transfer.rowCount > 0 ? [`${table}: a row was transferred to the other tenant`] : [];
  cells += 1;
  const foreign = tableOf(table).keys.filter(
    ({ type, columns, references }) => type === 'f' && columns.includes('org_id') && references !== 'organizations',
  );
  const foreignInserts = await Promise.all(
    foreign.map(async ({ columns, references, referenced }) => {
      const at = columns.findLastIndex((name) => name !== 'org_id');
      const column = columns[at]!;
      const [target] = await harness.database.superuser<{ id: string }>(
        `SELECT ${referenced[at]} AS id FROM ${references} WHERE org_id = $1 LIMIT 1`,
        [theirs.ids.org],
      );
      return { column, insert: await insertOf(table, mine.ids.org, { ...newKey(table), [column]: target!.id }) };
    }),
  );
  const problems = [...transferred];
  for (const { column, insert } of foreignInserts) {
    const outcome = await raw.attempt(insert.text, insert.values);
    problems.push(
      ...(outcome.code === '23505' ? [] : checkNoEffect(`${table}.${column} references their row`, outcome)),
    );
  }
  return problems;
}

describe.each(Object.keys(CONTEXTS))('%s', (contextName) => {
  beforeAll(() => CONTEXTS[contextName]!(connections[contextName]!));
  afterAll(() => connections[contextName]!.rollback());

  it.each(TENANT_TABLES)('reads nothing of another tenant from %s', async (table) => {
    expect(await reads(connections[contextName]!, table)).toEqual([]);
  });

  it.each(TENANT_TABLES)('writes nothing of another tenant to %s', async (table) => {
    expect([
      ...(await writes(connections[contextName]!, table)),
      ...(await links(connections[contextName]!, table)),
    ]).toEqual([]);
  });

  it.each(SHARED_TABLES)('writes nothing to the shared table %s', async (table) => {
    const raw = connections[contextName]!;
    expect([
      ...checkNoEffect(
        `UPDATE of ${table}`,
        await raw.attempt(
          `UPDATE ${table} SET ${tableOf(table).columns[0]!.name} = ${tableOf(table).columns[0]!.name}`,
        ),
      ),
      ...checkNoEffect(`DELETE of ${table}`, await raw.attempt(`DELETE FROM ${table}`)),
    ]).toEqual([]);
  });
});

describe('in a session', () => {
  it('lists only fellow members among the users, which organizations share', async () => {
    const raw = connections['in a session']!;
    await raw.enter(sessionSecret(mine.director));
    expect((await raw.attempt(`SELECT id FROM users WHERE id = '${theirs.ids.user}'`)).rows).toEqual([]);
    const members = await harness.database.superuser(
      'SELECT user_id AS id FROM memberships WHERE org_id = $1 ORDER BY 1',
      [mine.ids.org],
    );
    expect((await raw.attempt('SELECT id FROM users ORDER BY 1')).rows).toEqual(members);
    await raw.rollback();
  });

  it('reaches partitions only through their parent tables', async () => {
    const raw = connections['in a session']!;
    await raw.enter(sessionSecret(mine.director));
    for (const { name } of schema.tables.filter(({ partitionOf }) => partitionOf !== null)) {
      for (const statement of [
        `SELECT FROM ${name}`,
        `INSERT INTO ${name} DEFAULT VALUES`,
        `DELETE FROM ${name}`,
        `TRUNCATE ${name}`,
      ]) {
        cells += 1;
        expect([name, (await raw.attempt(statement)).code]).toEqual([name, '42501']);
      }
    }
    await raw.rollback();
  });

  it('finds its own rows, so that no test above passes because of missing rows or privileges', async () => {
    const raw = connections['in a session']!;
    await raw.enter(sessionSecret(mine.director));
    for (const table of [
      'people',
      'memberships',
      'assignments',
      'audit_events',
      'exports',
      'organizations',
      'sso_connections',
      'retention_runs',
    ]) {
      const { rows } = await raw.attempt(`SELECT ${keyOf(table)} AS org FROM ${table}`);
      expect([table, new Set(rows.map(({ org }) => org))]).toEqual([table, new Set([mine.ids.org])]);
    }
    expect((await raw.copyOut('people')).rowCount).toBe(1);
    await raw.rollback();
  });
});

it('leaves every row of the other tenant unchanged', async () => {
  expect(await fingerprint(harness, theirs.ids.org, TENANT_TABLES)).toEqual(before);
});
