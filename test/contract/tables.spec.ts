import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { declared } from '../../src/platform/feature/registry.js';
import '../../src/app.module.js';
import { Harness } from '../harness/app.js';
import { RawSql, sessionSecret, type Outcome } from './raw-sql.js';
import { readSchema, type Schema, type Table } from './schema.js';
import { fingerprint, makeTenant, providerMetadata, type Tenant } from './fixtures.js';

const TENANT_TABLES = [...declared('tables')].filter(([, { kind }]) => kind === 'tenant').map(([name]) => name);
const SHARED_TABLES = [...declared('tables')].filter(([, { kind }]) => kind === 'installation').map(([name]) => name);
/** SQLSTATEs that refuse: insufficient privilege or policy, foreign key, no matching row, RLS forbids COPY FROM. */
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
  connections['before any entrance'] = await RawSql.open(harness.env.DATABASE_URL!);
  connections['as nobody known'] = await RawSql.open(harness.env.DATABASE_URL!);
  connections['as the worker in another organization'] = await RawSql.open(harness.env.WORKER_DATABASE_URL!);
});
afterAll(async () => {
  await Promise.all(Object.values(connections).map((raw) => raw.end()));
  await harness.stop();
  process.stdout.write(`tables × other tenant: ${cells} cells over ${TENANT_TABLES.length} tables\n`);
});

const ENTRANCES: Record<string, (raw: RawSql) => Promise<unknown>> = {
  'in a session': (raw) => raw.enter(sessionSecret(mine.director)),
  'before any entrance': (raw) => raw.client.query('BEGIN'),
  'as nobody known': (raw) =>
    raw.client.query(`BEGIN; SELECT app.complete_sign_in('nobody@test.example', '\\x00', NULL)`),
  'as the worker in another organization': (raw) =>
    raw.client.query(`BEGIN; SELECT app.enter_organization('${mine.ids.org}')`),
};

const tableOf = (name: string): Table => schema.tables.find((table) => table.name === name)!;
const keyOf = (name: string) => (name === 'organizations' ? 'id' : 'org_id');

/** A row of theirs as JSON, made anew by `changes`. */
async function rowOf(table: string, org: string, changes: Record<string, unknown>): Promise<string> {
  const [row] = await harness.database.superuser<{ row: Record<string, unknown> }>(
    `SELECT to_jsonb(t) AS row FROM ${table} t WHERE ${keyOf(table)} = $1 LIMIT 1`,
    [org],
  );
  if (row === undefined) throw new Error(`there is no row in "${table}": insert one in test/contract/fixture-rows.ts`);
  return JSON.stringify({ ...row.row, ...changes });
}

/** The columns that an INSERT gives. */
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

/** A new id in every column of the primary key that holds one, so that only the tenant can be what is refused. */
function newKey(table: string): Record<string, unknown> {
  const uuid = (n: number) => `00000000-0000-7000-8000-${String(n).padStart(12, '0')}`;
  const key = tableOf(table).keys.find(({ type }) => type === 'p')!;
  return Object.fromEntries(
    key.columns
      .filter((column) => column.endsWith('id') && column !== 'org_id')
      .map((column, i) => [column, uuid(Math.floor(Math.random() * 1e9) + i)]),
  );
}

/** The outcome touched nothing: refused by privilege or policy, or it found no row. */
function harmless(what: string, { code, rowCount, message }: Outcome): string[] {
  cells += 1;
  if (code === null) return rowCount === 0 ? [] : [`${what}: touched ${rowCount} rows`];
  return REFUSALS.has(code) ? [] : [`${what}: failed for another reason: ${code} ${message}`];
}

async function reads(raw: RawSql, table: string): Promise<string[]> {
  const key = keyOf(table);
  const their = `${key} = '${theirs.ids.org}'`;
  return [
    ...harmless(`SELECT of ${table}`, await raw.attempt(`SELECT ${key} FROM ${table} WHERE ${their}`)),
    ...harmless(`SELECT * of ${table}`, await raw.attempt(`SELECT * FROM ${table} WHERE ${their}`)),
    ...harmless(
      `SELECT by negation of ${table}`,
      await raw.attempt(`SELECT ${key} FROM ${table} WHERE ${key} <> '${mine.ids.org}'`),
    ),
    ...harmless(`FOR UPDATE of ${table}`, await raw.attempt(`SELECT ${key} FROM ${table} WHERE ${their} FOR UPDATE`)),
    ...harmless(
      `aggregate of ${table}`,
      await raw.attempt(`SELECT ${key} FROM ${table} WHERE ${their} GROUP BY ${key} HAVING count(*) > 0`),
    ),
    ...harmless(
      `CTE of ${table}`,
      await raw.attempt(
        `WITH all_rows AS MATERIALIZED (SELECT ${key} FROM ${table}) SELECT FROM all_rows WHERE ${their}`,
      ),
    ),
    ...harmless(`COPY TO of ${table}`, await raw.copyOut(`(SELECT ${key} FROM ${table} WHERE ${their})`)),
    ...harmless(`COPY TO of all of ${table}`, withoutOwn(await raw.copyOut(table))),
  ];
}

/** What was copied, without the lines of one's own organization. */
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
    ...harmless(`INSERT into ${table}`, await raw.attempt(insert.text, insert.values)),
    ...harmless(`UPSERT of ${table}`, await raw.attempt(upsert.text, upsert.values)),
    ...harmless(`UPDATE of ${table}`, await raw.attempt(`UPDATE ${table} SET ${key} = ${key} WHERE ${their}`)),
    ...harmless(
      `taking over of ${table}`,
      await raw.attempt(`UPDATE ${table} SET ${key} = '${mine.ids.org}' WHERE ${their}`),
    ),
    ...harmless(`DELETE of ${table}`, await raw.attempt(`DELETE FROM ${table} WHERE ${their}`)),
    ...(await merges(raw, table)),
    ...(await withinOthers(raw, table)),
    ...harmless(`COPY FROM of ${table}`, await raw.attempt(`COPY ${table} FROM STDIN`)),
    ...harmless(`TRUNCATE of ${table}`, await raw.attempt(`TRUNCATE ${table} CASCADE`)),
  ];
}

/** Each of the things that MERGE does with a match, or without one. */
async function merges(raw: RawSql, table: string): Promise<string[]> {
  const key = keyOf(table);
  const matched = (action: string) =>
    `MERGE INTO ${table} t USING (SELECT '${theirs.ids.org}'::uuid AS o) s ON t.${key} = s.o WHEN MATCHED
       THEN ${action}`;
  const row = await rowOf(table, theirs.ids.org, table === 'organizations' ? {} : newKey(table));
  return [
    ...harmless(`MERGE that deletes of ${table}`, await raw.attempt(matched('DELETE'))),
    ...harmless(`MERGE that updates ${table}`, await raw.attempt(matched(`UPDATE SET ${key} = s.o`))),
    ...harmless(
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

/** Changes as parts of what reads: in a WITH, behind a conflict, and copied out. */
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
    ...harmless(
      `WITH INSERT into ${table}`,
      await raw.attempt(`WITH w AS (${insert.text}) SELECT * FROM w`, insert.values),
    ),
    ...harmless(
      `WITH UPDATE of ${table}`,
      await raw.attempt(
        `WITH w AS (UPDATE ${table} SET ${key} = ${key} WHERE ${their} RETURNING ${key}) SELECT * FROM w`,
      ),
    ),
    ...harmless(
      `WITH DELETE from ${table}`,
      await raw.attempt(`WITH w AS (DELETE FROM ${table} WHERE ${their} RETURNING ${key}) SELECT * FROM w`),
    ),
    ...harmless(`INSERT of what is there into ${table}`, await raw.attempt(existing.text, existing.values)),
    ...harmless(
      `COPY TO of an UPDATE of ${table}`,
      await raw.copyOut(`(UPDATE ${table} SET ${key} = ${key} WHERE ${their} RETURNING ${key})`),
    ),
    ...harmless(
      `COPY TO of a DELETE from ${table}`,
      await raw.copyOut(`(DELETE FROM ${table} WHERE ${their} RETURNING ${key})`),
    ),
  ];
}

/** Handing a row of one's own over to the other tenant, or hanging it on a row of theirs. */
async function links(raw: RawSql, table: string): Promise<string[]> {
  const key = keyOf(table);
  const given = await raw.attempt(`UPDATE ${table} SET ${key} = '${theirs.ids.org}' WHERE ${key} = '${mine.ids.org}'`);
  const handed = given.code === null && given.rowCount > 0 ? [`${table}: a row was handed to the other tenant`] : [];
  cells += 1;
  const foreign = tableOf(table).keys.filter(
    ({ type, columns, references }) => type === 'f' && columns.includes('org_id') && references !== 'organizations',
  );
  const hung = await Promise.all(
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
  const problems = [...handed];
  for (const { column, insert } of hung) {
    const outcome = await raw.attempt(insert.text, insert.values);
    problems.push(...(outcome.code === '23505' ? [] : harmless(`${table}.${column} naming a row of theirs`, outcome)));
  }
  return problems;
}

describe.each(Object.keys(ENTRANCES))('%s', (entrance) => {
  beforeAll(() => ENTRANCES[entrance]!(connections[entrance]!));
  afterAll(() => connections[entrance]!.rollback());

  it.each(TENANT_TABLES)('reads nothing of another tenant from %s', async (table) => {
    expect(await reads(connections[entrance]!, table)).toEqual([]);
  });

  it.each(TENANT_TABLES)('writes nothing of another tenant to %s', async (table) => {
    expect([...(await writes(connections[entrance]!, table)), ...(await links(connections[entrance]!, table))]).toEqual(
      [],
    );
  });

  it.each(SHARED_TABLES)('writes nothing to %s, which all share', async (table) => {
    const raw = connections[entrance]!;
    expect([
      ...harmless(
        `UPDATE of ${table}`,
        await raw.attempt(
          `UPDATE ${table} SET ${tableOf(table).columns[0]!.name} = ${tableOf(table).columns[0]!.name}`,
        ),
      ),
      ...harmless(`DELETE of ${table}`, await raw.attempt(`DELETE FROM ${table}`)),
    ]).toEqual([]);
  });
});

describe('in a session', () => {
  it('shows of the users, whom organizations share, only fellow members', async () => {
    const raw = connections['in a session']!;
    await raw.enter(sessionSecret(mine.director));
    expect((await raw.attempt(`SELECT id FROM users WHERE id = '${theirs.ids.user}'`)).rows).toEqual([]);
    const fellows = await harness.database.superuser(
      'SELECT user_id AS id FROM memberships WHERE org_id = $1 ORDER BY 1',
      [mine.ids.org],
    );
    expect((await raw.attempt('SELECT id FROM users ORDER BY 1')).rows).toEqual(fellows);
    await raw.rollback();
  });

  it('reaches partitions through their parents alone', async () => {
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

  it('finds its own rows, so that nothing above passes for want of rows or rights', async () => {
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

it('leaves every row of the other tenant as it was', async () => {
  expect(await fingerprint(harness, theirs.ids.org, TENANT_TABLES)).toEqual(before);
});
