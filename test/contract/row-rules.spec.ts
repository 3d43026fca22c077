import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { declared } from '../../src/platform/feature/registry.js';
import type { RowCommand, RowRules } from '../../src/platform/feature/declarations.js';
import '../../src/app.module.js';
import { Harness } from '../harness/app.js';
import { RawSql, sessionSecret } from './raw-sql.js';
import { makeTenant, providerMetadata, type Tenant } from './fixtures.js';

const RULES = [...declared('tables')].flatMap(([table, declaration]): [string, RowRules][] =>
  declaration.kind === 'tenant' ? [[table, declaration.rows]] : [],
);

let harness: Harness;
let tenant: Tenant;
let raw: RawSql;
let cells = 0;

beforeAll(async () => {
  harness = await Harness.start();
  tenant = await makeTenant(harness, await providerMetadata());
  raw = await RawSql.open(harness.env.DATABASE_URL!);
});
afterAll(async () => {
  await raw.end();
  await harness.stop();
  process.stdout.write(`row policies: ${cells} cells over ${RULES.length} tables\n`);
});

const keyOf = (table: string) => (table === 'organizations' ? 'id' : 'org_id');
const open = (rules: RowRules, command: RowCommand) => [rules[command]].flat().includes('signed-in');

/** Runs each command on the table's rows of the own organization. Returns the number of rows or the SQLSTATE. */
async function outcomesOf(table: string): Promise<Record<RowCommand, number | string>> {
  const key = keyOf(table);
  const [row] = await harness.database.superuser<{ row: Record<string, unknown> }>(
    `SELECT to_jsonb(t) AS row FROM ${table} t WHERE ${key} = $1 LIMIT 1`,
    [tenant.ids.org],
  );
  const [inserted, updated] = await Promise.all(['INSERT', 'UPDATE'].map((privilege) => columnsWith(table, privilege)));
  const columns = inserted!.join(', ');
  const outcome = async (text: string, values: unknown[] = []) => {
    cells += 1;
    const { code, rowCount } = await raw.attempt(text, values);
    return code ?? rowCount;
  };
  return {
    select: await outcome(`SELECT ${key} FROM ${table}`),
    insert:
      columns === ''
        ? '42501'
        : await outcome(
            `INSERT INTO ${table} (${columns}) SELECT ${columns}
               FROM jsonb_populate_record(NULL::${table}, $1::text::jsonb)`,
            [JSON.stringify(row!.row)],
          ),
    // The statement reads no column, so that only the UPDATE policy applies and not the SELECT policy.
    update:
      updated![0] === undefined
        ? '42501'
        : await outcome(
            `UPDATE ${table} SET ${updated![0]} = (jsonb_populate_record(NULL::${table},
               $1::text::jsonb)).${updated![0]}`,
            [JSON.stringify(row!.row)],
          ),
    delete: await outcome(`DELETE FROM ${table}`),
  };
}

/** Returns the columns of a table that the application's role may write. */
async function columnsWith(table: string, privilege: string): Promise<string[]> {
  const rows = await harness.database.superuser<{ name: string }>(
    `SELECT quote_ident(attname) AS name FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0
       AND NOT attisdropped AND attgenerated = ''
        AND has_column_privilege('vouchsafe_app', attrelid, attnum, $2) ORDER BY attnum DESC`,
    [table, privilege],
  );
  return rows.map(({ name }) => name);
}

describe('a member without any permission, by raw SQL in their own session', () => {
  beforeAll(() => raw.enter(sessionSecret(tenant.powerless)));
  afterAll(() => raw.rollback());

  it.each(RULES)('reaches in %s only rows for every member or own rows', async (table, rules) => {
    const outcomes = await outcomesOf(table);
    for (const command of ['select', 'insert', 'update', 'delete'] as const) {
      if (open(rules, command) || rules.own?.commands.includes(command)) continue;
      // Existing rows that are invisible are neither counted nor changed. An INSERT must fail, not only be invisible.
      expect([table, command, outcomes[command]]).toEqual([
        table,
        command,
        command === 'insert' ? '42501' : outcomes[command] === 0 ? 0 : '42501',
      ]);
    }
  });

  it('finds only their own rows in tables with own rows', async () => {
    for (const [table, { own }] of RULES.filter(
      ([, rules]) => rules.own?.commands.includes('select') && !open(rules, 'select'),
    )) {
      const others = await raw.attempt(
        `SELECT 1 FROM ${table} WHERE ${own!.column} IS DISTINCT FROM app.membership_id()`,
      );
      expect([table, others.rowCount]).toEqual([table, 0]);
    }
  });
});

describe('a member with every permission', () => {
  beforeAll(() => raw.enter(sessionSecret(tenant.director)));
  afterAll(() => raw.rollback());

  it.each(RULES)(
    'sees the rows of %s, so the test above does not pass because of missing rows',
    async (table, rules) => {
      const { rowCount, code } = await raw.attempt(`SELECT ${keyOf(table)} FROM ${table}`);
      cells += 1;
      if (rules.select === undefined) expect([code, rowCount]).toEqual([null, 0]);
      else expect([code, rowCount > 0]).toEqual([null, true]);
    },
  );
});
