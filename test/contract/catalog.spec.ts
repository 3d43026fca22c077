import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import '../../src/app.module.js';
import type { PersonalDataDeclaration, RetentionDeclaration } from '../../src/platform/feature/declarations.js';
import { allFeatures, declared } from '../../src/platform/feature/registry.js';
import { createDatabase, type TestDatabase } from '../harness/database.js';
import { readSchema, type Key, type Schema, type Table } from './schema.js';

/** Tables of the project's own tools, which belong to no feature. */
const TOOL_TABLES = new Set(['migrations']);
/** Reviewed privileges on system-wide tables. None of them may reveal or change data of a tenant. */
const SYSTEM_GRANTS = new Set([
  'users: vouchsafe_app has SELECT', // a policy limits it to members of the entered organization
  'role_defaults: vouchsafe_app has SELECT', // the declarations of the code, the same for all tenants
  'permissions: vouchsafe_app has SELECT', // the same
  'preset_roles: vouchsafe_app has SELECT', // the same
]);
/** Functions and the roles that may call them. A new entry requires a review of the function. */
const REVIEWED = JSON.parse(readFileSync(`${import.meta.dirname}/expected/functions.json`, 'utf8')) as Record<
  string,
  string[]
>;
const AUDIT_TABLE = /^audit_(events|private)/;
const PERSONAL_NAME =
  /(^|_)(email|mail|phone|fax|name|address|birth|dob|ssn|npi|mrn|ip|user_agent|gender|photo)(_|$)|_enc$/;
/** Columns with a personal-sounding name but without personal data. */
const NOT_PERSONAL = new Set([
  'sso_connections.email_attribute',
  'sso_connections.name_attribute',
  'sso_attempts.name_id_format',
  'users.email_proven_at',
]);
const NON_LEAKPROOF_TYPE = /^(numeric|jsonb|json|inet|name|money)\b/;

let database: TestDatabase;
let schema: Schema;
let cells = 0;

beforeAll(async () => {
  database = await createDatabase();
  schema = await readSchema(database);
});
afterAll(async () => {
  await database.drop();
  process.stdout.write(
    `catalog gate: ${cells} cells, ${schema.tables.length} tables, ${schema.routines.length} functions\n`,
  );
});

const kindOf = (name: string) => declared('tables').get(name)?.kind;
const featureTables = () =>
  schema.tables.filter(({ name, partitionOf }) => partitionOf === null && !TOOL_TABLES.has(name));
const tenantTables = () => featureTables().filter(({ name }) => kindOf(name) !== 'installation');
const tenantColumn = (table: string) => (table === 'organizations' ? 'id' : 'org_id');
const hasColumn = (table: string, column: string) =>
  schema.tables.some(({ name, columns }) => name === table && columns.some((c) => c.name === column));

/** Applies a rule to each item and collects the violations. */
function violations<T>(things: readonly T[], rule: (thing: T) => string | readonly string[] | undefined): string[] {
  cells += things.length;
  return things.flatMap((thing) => rule(thing) ?? []);
}

describe('every table of the database', () => {
  it('is declared by a feature, and every declared table exists', () => {
    expect([
      ...violations(featureTables(), ({ name }) =>
        declared('tables').has(name)
          ? undefined
          : `table "${name}" belongs to no feature: add it to \`tables\` in the feature file of its module`,
      ),
      ...violations([...declared('tables').keys()], (name) =>
        featureTables().some((table) => table.name === name)
          ? undefined
          : `table "${name}" is declared but does not exist: create it in a migration, or remove the declaration`,
      ),
    ]).toEqual([]);
  });

  it('belongs to vouchsafe_owner, and partitions are reached only through their parents', () => {
    const grantsOn = (table: string) => schema.grants.filter((grant) => grant.table === table);
    expect([
      ...violations(schema.tables, ({ name, owner }) =>
        owner === 'vouchsafe_owner' ? undefined : `table "${name}" is owned by ${owner}: create it with the migrator`,
      ),
      ...violations(
        schema.tables.filter(({ partitionOf, name }) => partitionOf !== null || TOOL_TABLES.has(name)),
        ({ name }) =>
          grantsOn(name).length === 0
            ? undefined
            : `"${name}" has its own privileges: revoke them, because ${grantsOn(name)
                .map(({ grantee }) => grantee)
                .join(', ')} reaches it through its parent`,
      ),
    ]).toEqual([]);
  });

  it('forces row-level security with the standard policy', () => {
    expect([
      ...violations(
        [...tenantTables(), ...schema.tables.filter(({ partitionOf }) => partitionOf !== null)],
        ({ name, rowSecurity, forced }) =>
          rowSecurity && forced
            ? undefined
            : `table "${name}" does not ${rowSecurity ? 'FORCE' : 'ENABLE'} row level security: end its migration with
              SELECT app_private.protect_table('${name}')`,
      ),
      ...violations(tenantTables(), policyViolations),
    ]).toEqual([]);
  });

  it('if system-wide, grants only reviewed privileges', () => {
    const systemTables = featureTables()
      .filter(({ name }) => kindOf(name) === 'installation')
      .map(({ name }) => name);
    expect(
      violations(
        schema.grants.filter(({ table }) => systemTables.includes(table)),
        ({ table, column, grantee, privilege }) => {
          const right = `${table}${column === null ? '' : `.${column}`}: ${grantee} has ${privilege}`;
          return SYSTEM_GRANTS.has(right)
            ? undefined
            : `${right}: no tenant policy limits it. Revoke it, or review it and add it to ` +
                'SYSTEM_GRANTS in this test';
        },
      ),
    ).toEqual([]);
  });

  it('includes the organization in every key', () => {
    expect(violations(tenantTables(), (table) => table.keys.flatMap((key) => keyViolation(table, key) ?? []))).toEqual(
      [],
    );
    expect(
      violations(tenantTables(), ({ name, indexes }) =>
        indexes
          .filter(({ unique, columns }) => unique && !columns.includes(tenantColumn(name)))
          .map((index) => `unique index ${index.name} lacks org_id: it would reveal values of other tenants`),
      ),
    ).toEqual([]);
  });

  it('indexes only types that row-level security allows in an index scan', () => {
    expect(
      violations(tenantTables(), ({ name, columns, indexes }) =>
        indexes.flatMap((index) =>
          columns
            .filter(
              (column) =>
                index.columns.includes(column.name) &&
                (NON_LEAKPROOF_TYPE.test(column.type) || column.typeKind === 'e'),
            )
            .map(
              (column) =>
                `${name}.${column.name} is ${column.type}, whose operators are not leakproof: ${index.name} ` +
                'is unused under row-level security; use text, integer, uuid, or timestamptz',
            ),
        ),
      ),
    ).toEqual([]);
    expect(violations(schema.enums, (name) => `type ${name} is an enum: use text with a CHECK constraint`)).toEqual([]);
  });

  it('grants PUBLIC nothing, on schemas too', () => {
    expect(
      violations(schema.grants, ({ table, column, grantee, privilege }) =>
        grantee === 'PUBLIC' ? `${table}.${column ?? '*'}: REVOKE ${privilege} FROM PUBLIC` : undefined,
      ),
    ).toEqual([]);
    expect(schema.schemaGrants).toEqual([
      'app: vouchsafe_app has USAGE',
      'public: PUBLIC has USAGE',
      'public: vouchsafe_app has USAGE',
      'public: vouchsafe_migrator has USAGE',
      'public: vouchsafe_owner has CREATE',
      'public: vouchsafe_owner has USAGE',
    ]);
    expect(
      schema.grants.filter(({ table }) =>
        ['credentials', 'sign_in_locks', 'false_salt_key', 'session_secret_a', 'session_secret_b'].includes(table),
      ),
    ).toEqual([]);
  });

  it('of the audit log is append-only in every partition, under replication too', () => {
    const log = schema.tables.filter(({ name }) => AUDIT_TABLE.test(name));
    expect(log.length).toBeGreaterThan(10);
    expect(
      violations(log, ({ name, triggers }) =>
        ['append_only', 'append_only_statement'].flatMap((triggerName) => {
          const found = triggers.find((trigger) => trigger.name === triggerName);
          return found?.enabled === 'A'
            ? []
            : [`"${name}" has no trigger ${triggerName} ENABLE ALWAYS: call app_private.protect_log('${name}')`];
        }),
      ),
    ).toEqual([]);
  });
});

/**
 * Checks the policies for all roles except the owner: they compare the organization once per statement and have an
 * explicit WITH CHECK.
 */
function policyViolations({ name, policies }: Table): string[] {
  const binding = policies.filter(({ roles }) => roles.join() !== 'vouchsafe_owner');
  const standard = new RegExp(`\\(${tenantColumn(name)} = \\( SELECT app\\.(audit_)?org_id\\(\\)`);
  const problems = binding
    .filter(({ permissive }) => permissive)
    .flatMap((policy) =>
      [policy.using, policy.check]
        .filter((expression) => expression !== null && !standard.test(expression))
        .map(
          () =>
            `policy ${policy.name} of "${name}" does not compare ${tenantColumn(name)} with (SELECT app.org_id()): use
               app_private.protect_table`,
        ),
    );
  const withoutCheck = binding
    .filter(({ command, check }) => ['*', 'a', 'w'].includes(command) && check === null)
    .map((policy) => `policy ${policy.name} of "${name}" has no WITH CHECK: it would allow rows of another tenant`);
  const missing = binding.some(({ permissive }) => permissive)
    ? []
    : [`table "${name}" has no policy: SELECT app_private.protect_table('${name}')`];
  return [...missing, ...problems, ...withoutCheck];
}

function keyViolation({ name }: Table, { name: key, type, columns, references, referenced }: Key): string | undefined {
  const column = tenantColumn(name);
  if (type === 'p' && columns[0] !== column)
    return `primary key of "${name}" starts with ${columns[0]}: make it PRIMARY KEY (${column}, …)`;
  if (type === 'u' && !columns.includes(column))
    return `unique key ${key} lacks ${column}: it would reveal values of other tenants`;
  if (type !== 'f' || kindOf(references!) === 'installation' || name === 'organizations') return undefined;
  const carried = columns.some((carrier, i) => carrier === 'org_id' && referenced[i] === tenantColumn(references!));
  return carried
    ? undefined
    : `foreign key ${key} lacks org_id: its check bypasses row-level security and would accept another tenant's row`;
}

describe('every function of the database', () => {
  it("does not depend on the caller's search path", () => {
    expect(
      violations(
        schema.routines.filter(({ definer, name, parsed }) => definer || (name.startsWith('app_private.') && !parsed)),
        ({ name, settings, language }) => {
          if (language === 'sql' && settings.length === 0 && !name.startsWith('app_private.'))
            return `${name} has no search_path`;
          return settings.includes('search_path=pg_catalog, pg_temp')
            ? undefined
            : `${name}: write SET search_path = pg_catalog, pg_temp. Without it, or with '', a temporary type of the ` +
                'caller runs code as the owner';
        },
      ),
    ).toEqual([]);
  });

  it('belongs to vouchsafe_owner, and exactly the reviewed roles may call it', () => {
    expect([
      ...violations(schema.routines, ({ name, owner }) =>
        owner === 'vouchsafe_owner' ? undefined : `${name} is owned by ${owner}`,
      ),
      ...violations(schema.routines, ({ name, grantees }) => {
        const expected = REVIEWED[name] ?? (name.startsWith('app_private.') ? [] : undefined);
        if (expected === undefined)
          return `${name} is new: review it and add it with its roles to test/contract/expected/functions.json`;
        return grantees.join() === expected.join()
          ? undefined
          : `${name} may be called by [${grantees.join()}], but [${expected.join()}] is reviewed: fix the GRANT, or ` +
              'test/contract/expected/functions.json';
      }),
      ...violations(Object.keys(REVIEWED), (name) =>
        schema.routines.some((routine) => routine.name === name)
          ? undefined
          : `${name} is reviewed but does not exist: remove it from test/contract/expected/functions.json`,
      ),
    ]).toEqual([]);
  });

  it('is not bypassed by a view of the owner', () => {
    expect(
      violations(schema.views, ({ name, kind, options }) =>
        kind === 'v' && options.includes('security_invoker=true')
          ? undefined
          : `view ${name} bypasses every policy as its owner: create it WITH (security_invoker = true), ` +
            'and not as a materialized view',
      ),
    ).toEqual([]);
  });
});

describe('the database declarations of the features', () => {
  it('classify every column that may contain personal data', () => {
    const classified = new Map(
      allFeatures().flatMap(({ personalData = {} }) =>
        Object.entries(personalData).flatMap(([table, columns]) =>
          Object.entries(columns).map(([column, data]): [string, PersonalDataDeclaration] => [
            `${table}.${column}`,
            data,
          ]),
        ),
      ),
    );
    const columns = featureTables().flatMap((table) => table.columns.map(({ name }) => `${table.name}.${name}`));
    expect([
      ...violations(columns, (column) =>
        !PERSONAL_NAME.test(column.split('.')[1]!) || classified.has(column) || NOT_PERSONAL.has(column)
          ? undefined
          : `column ${column} looks personal and is not classified: add it to \`personalData\` of its feature ` +
            '(class and erasure), or to NOT_PERSONAL in this test',
      ),
      ...violations([...classified.keys()], (column) =>
        columns.includes(column) ? undefined : `personalData names ${column}, which does not exist`,
      ),
    ]).toEqual([]);
  });

  it('have retention policies with existing tables, columns, and indexes', () => {
    expect(
      violations(
        [...declared('retention')],
        ([policy, { table, ageColumn, action, objectColumn }]: [string, RetentionDeclaration]) => {
          const columns = [
            ageColumn,
            ...(action === 'delete' ? [] : action.clear),
            ...(objectColumn === undefined ? [] : [objectColumn]),
          ];
          const missing = columns
            .filter((column) => !hasColumn(table, column))
            .map((column) => `retention policy "${policy}" names ${table}.${column}, which does not exist`);
          const indexes = schema.tables.find(({ name }) => name === table)?.indexes ?? [];
          const indexed = indexes.some(
            ({ columns: [first, second] }) => first === ageColumn || (first === 'org_id' && second === ageColumn),
          );
          return indexed
            ? missing
            : [
                ...missing,
                `retention policy "${policy}" would scan all of ${table}: create an index on ${table} (org_id, ` +
                  `${ageColumn})`,
              ];
        },
      ),
    ).toEqual([]);
  });

  it('have org_id in exactly the tenant tables', () => {
    expect(
      violations(tenantTables(), ({ name }) =>
        hasColumn(name, tenantColumn(name)) ? undefined : `table "${name}" has kind 'tenant' but no org_id`,
      ),
    ).toEqual([]);
    expect(
      violations(
        featureTables().filter(({ name }) => kindOf(name) === 'installation'),
        ({ name }) =>
          hasColumn(name, 'org_id') ? `table "${name}" has org_id: declare it with kind 'tenant'` : undefined,
      ),
    ).toEqual([]);
  });
});
