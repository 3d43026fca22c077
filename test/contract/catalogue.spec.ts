import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import '../../src/app.module.js';
import type { PersonalDataDeclaration, RetentionDeclaration } from '../../src/platform/feature/declarations.js';
import { allFeatures, declared } from '../../src/platform/feature/registry.js';
import { createDatabase, type TestDatabase } from '../harness/database.js';
import { readSchema, type Key, type Schema, type Table } from './schema.js';

/** Tables that belong to a tool of ours and to no feature. */
const TOOLS = new Set(['migrations']);
/** Rights on tables of the whole installation, each looked at: nothing of a tenant may be read or written by them. */
const INSTALLATION_GRANTS = new Set([
  'users: vouchsafe_app has SELECT', // of users who are members of the entered organization, by policy
  'role_defaults: vouchsafe_app has SELECT', // what the code says, the same for everybody
  'permissions: vouchsafe_app has SELECT', // the same
  'preset_roles: vouchsafe_app has SELECT', // the same
]);
/** Functions and the roles that may call them. Whoever adds a line has read the function. */
const REVIEWED = JSON.parse(readFileSync(`${import.meta.dirname}/expected/functions.json`, 'utf8')) as Record<
  string,
  string[]
>;
const LOG = /^audit_(events|private)/;
const PERSONAL = /(^|_)(email|mail|phone|fax|name|address|birth|dob|ssn|npi|mrn|ip|user_agent|gender|photo)(_|$)|_enc$/;
/** Columns that only sound personal. */
const IMPERSONAL = new Set([
  'sso_connections.email_attribute',
  'sso_connections.name_attribute',
  'sso_attempts.name_id_format',
  'users.email_proven_at',
]);
const INDEX_KINDS_THAT_LEAK = /^(numeric|jsonb|json|inet|name|money)\b/;

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
const own = () => schema.tables.filter(({ name, partitionOf }) => partitionOf === null && !TOOLS.has(name));
const tenants = () => own().filter(({ name }) => kindOf(name) !== 'installation');
const tenantColumn = (table: string) => (table === 'organizations' ? 'id' : 'org_id');
const hasColumn = (table: string, column: string) =>
  schema.tables.some(({ name, columns }) => name === table && columns.some((c) => c.name === column));

/** Every breach of a rule over many things; none is what is expected. */
function breaches<T>(things: readonly T[], rule: (thing: T) => string | readonly string[] | undefined): string[] {
  cells += things.length;
  return things.flatMap((thing) => rule(thing) ?? []);
}

describe('every table of the database', () => {
  it('is declared by a feature, and every declared table exists', () => {
    expect([
      ...breaches(own(), ({ name }) =>
        declared('tables').has(name)
          ? undefined
          : `table "${name}" is in no feature: add it to \`tables\` of its module's feature file`,
      ),
      ...breaches([...declared('tables').keys()], (name) =>
        own().some((table) => table.name === name)
          ? undefined
          : `table "${name}" is declared and does not exist: create it in a migration, or remove the declaration`,
      ),
    ]).toEqual([]);
  });

  it('belongs to the owner role, with partitions reached through their parents alone', () => {
    const rightsOn = (table: string) => schema.grants.filter((grant) => grant.table === table);
    expect([
      ...breaches(schema.tables, ({ name, owner }) =>
        owner === 'vouchsafe_owner' ? undefined : `table "${name}" is owned by ${owner}: let the migrator create it`,
      ),
      ...breaches(
        schema.tables.filter(({ partitionOf, name }) => partitionOf !== null || TOOLS.has(name)),
        ({ name }) =>
          rightsOn(name).length === 0
            ? undefined
            : `"${name}" carries rights of its own: revoke them, ${rightsOn(name)
                .map(({ grantee }) => grantee)
                .join(', ')} reaches it by its parent`,
      ),
    ]).toEqual([]);
  });

  it('forces row security, with the standard policy', () => {
    expect([
      ...breaches(
        [...tenants(), ...schema.tables.filter(({ partitionOf }) => partitionOf !== null)],
        ({ name, rowSecurity, forced }) =>
          rowSecurity && forced
            ? undefined
            : `table "${name}" does not ${rowSecurity ? 'FORCE' : 'ENABLE'} row level security: end its migration with
              SELECT app_private.protect_table('${name}')`,
      ),
      ...breaches(tenants(), policyBreaches),
    ]).toEqual([]);
  });

  it('of the whole installation gives only rights that were looked at', () => {
    const installation = own()
      .filter(({ name }) => kindOf(name) === 'installation')
      .map(({ name }) => name);
    expect(
      breaches(
        schema.grants.filter(({ table }) => installation.includes(table)),
        ({ table, column, grantee, privilege }) => {
          const right = `${table}${column === null ? '' : `.${column}`}: ${grantee} has ${privilege}`;
          return INSTALLATION_GRANTS.has(right)
            ? undefined
            : `${right}: no policy of a tenant binds it; revoke it, or look at it and write it into ` +
                'INSTALLATION_GRANTS of this test';
        },
      ),
    ).toEqual([]);
  });

  it('carries the organization in every key', () => {
    expect(breaches(tenants(), (table) => table.keys.flatMap((key) => keyBreach(table, key) ?? []))).toEqual([]);
    expect(
      breaches(tenants(), ({ name, indexes }) =>
        indexes
          .filter(({ unique, columns }) => unique && !columns.includes(tenantColumn(name)))
          .map((index) => `unique index ${index.name} lacks org_id: it would tell one tenant what another has`),
      ),
    ).toEqual([]);
  });

  it('uses no type that row security keeps off its indexes', () => {
    expect(
      breaches(tenants(), ({ name, columns, indexes }) =>
        indexes.flatMap((index) =>
          columns
            .filter(
              (column) =>
                index.columns.includes(column.name) &&
                (INDEX_KINDS_THAT_LEAK.test(column.type) || column.typeKind === 'e'),
            )
            .map(
              (column) =>
                `${name}.${column.name} is ${column.type}, whose operators are not leakproof: ${index.name} ` +
                'goes unused under row security; use text, integer, uuid or timestamptz',
            ),
        ),
      ),
    ).toEqual([]);
    expect(breaches(schema.enums, (name) => `type ${name} is an enum: use text with a CHECK`)).toEqual([]);
  });

  it('gives PUBLIC nothing, on the schemas neither', () => {
    expect(
      breaches(schema.grants, ({ table, column, grantee, privilege }) =>
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

  it('of the log refuses changes in every partition, under replication too', () => {
    const log = schema.tables.filter(({ name }) => LOG.test(name));
    expect(log.length).toBeGreaterThan(10);
    expect(
      breaches(log, ({ name, triggers }) =>
        ['append_only', 'append_only_statement'].flatMap((wanted) => {
          const found = triggers.find((trigger) => trigger.name === wanted);
          return found?.enabled === 'A'
            ? []
            : [`"${name}" has no trigger ${wanted} ENABLE ALWAYS: call app_private.protect_log('${name}')`];
        }),
      ),
    ).toEqual([]);
  });
});

/**
 * Policies that bind other roles than the owner: the organization, compared once a statement, and an explicit check.
 */
function policyBreaches({ name, policies }: Table): string[] {
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
  const unchecked = binding
    .filter(({ command, check }) => ['*', 'a', 'w'].includes(command) && check === null)
    .map((policy) => `policy ${policy.name} of "${name}" has no WITH CHECK: rows could be written for another tenant`);
  const none = binding.some(({ permissive }) => permissive)
    ? []
    : [`table "${name}" has no policy: SELECT app_private.protect_table('${name}')`];
  return [...none, ...problems, ...unchecked];
}

function keyBreach({ name }: Table, { name: key, type, columns, references, referenced }: Key): string | undefined {
  const column = tenantColumn(name);
  if (type === 'p' && columns[0] !== column)
    return `primary key of "${name}" begins with ${columns[0]}: make it PRIMARY KEY (${column}, …)`;
  if (type === 'u' && !columns.includes(column))
    return `unique key ${key} lacks ${column}: it would tell one tenant what another has`;
  if (type !== 'f' || kindOf(references!) === 'installation' || name === 'organizations') return undefined;
  const carried = columns.some((carrier, i) => carrier === 'org_id' && referenced[i] === tenantColumn(references!));
  return carried
    ? undefined
    : `foreign key ${key} does not carry org_id: its check bypasses row security and would accept another tenant's row`;
}

describe('every function of the database', () => {
  it('finds nothing by a search path of its caller', () => {
    expect(
      breaches(
        schema.routines.filter(({ definer, name, parsed }) => definer || (name.startsWith('app_private.') && !parsed)),
        ({ name, settings, language }) => {
          if (language === 'sql' && settings.length === 0 && !name.startsWith('app_private.'))
            return `${name} has no search_path`;
          return settings.includes('search_path=pg_catalog, pg_temp')
            ? undefined
            : `${name}: write SET search_path = pg_catalog, pg_temp; otherwise, or with '', a caller's temporary ` +
                'type runs code as the owner';
        },
      ),
    ).toEqual([]);
  });

  it('belongs to the owner and may be called by exactly the roles that were written down', () => {
    expect([
      ...breaches(schema.routines, ({ name, owner }) =>
        owner === 'vouchsafe_owner' ? undefined : `${name} is owned by ${owner}`,
      ),
      ...breaches(schema.routines, ({ name, grantees }) => {
        const expected = REVIEWED[name] ?? (name.startsWith('app_private.') ? [] : undefined);
        if (expected === undefined)
          return `${name} is new: read it and write it with its roles into test/contract/expected/functions.json`;
        return grantees.join() === expected.join()
          ? undefined
          : `${name} may be called by [${grantees.join()}] and is written down for [${expected.join()}]: mend the
            GRANT, or test/contract/expected/functions.json`;
      }),
      ...breaches(Object.keys(REVIEWED), (name) =>
        schema.routines.some((routine) => routine.name === name)
          ? undefined
          : `${name} is written down and does not exist: remove it from test/contract/expected/functions.json`,
      ),
    ]).toEqual([]);
  });

  it('is not hidden behind a view of the owner', () => {
    expect(
      breaches(schema.views, ({ name, kind, options }) =>
        kind === 'v' && options.includes('security_invoker=true')
          ? undefined
          : `view ${name} reads as its owner, past every policy: create it WITH (security_invoker = true), and ` +
            'no materialized ones',
      ),
    ).toEqual([]);
  });
});

describe('what the features declare of the database', () => {
  it('classifies every column that may hold something about a person', () => {
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
    const columns = own().flatMap((table) => table.columns.map(({ name }) => `${table.name}.${name}`));
    expect([
      ...breaches(columns, (column) =>
        !PERSONAL.test(column.split('.')[1]!) || classified.has(column) || IMPERSONAL.has(column)
          ? undefined
          : `column ${column} looks personal and is not classified: add it to \`personalData\` of its feature ` +
            '(class and erasure), or to IMPERSONAL of this test',
      ),
      ...breaches([...classified.keys()], (column) =>
        columns.includes(column) ? undefined : `personalData names ${column}, which does not exist`,
      ),
    ]).toEqual([]);
  });

  it('keeps by policies whose tables, columns and indexes exist', () => {
    expect(
      breaches(
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
                `retention policy "${policy}" would read all of ${table}: create an index on ${table} (org_id, ` +
                  `${ageColumn})`,
              ];
        },
      ),
    ).toEqual([]);
  });

  it('says of every tenant table that it has an organization', () => {
    expect(
      breaches(tenants(), ({ name }) =>
        hasColumn(name, tenantColumn(name)) ? undefined : `table "${name}" is declared as a tenant's and has no org_id`,
      ),
    ).toEqual([]);
    expect(
      breaches(
        own().filter(({ name }) => kindOf(name) === 'installation'),
        ({ name }) =>
          hasColumn(name, 'org_id') ? `table "${name}" has org_id: declare it with kind 'tenant'` : undefined,
      ),
    ).toEqual([]);
  });
});
