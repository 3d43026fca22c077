import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import '../../src/app.module.js';
import { functionDigest } from '../../src/platform/database/function-sync.js';
import { applyMigrations, asMigrator, migrationsOf } from '../../src/platform/database/migrations.js';
import { functionFiles, inOrder, migrationFiles, type SqlFile } from '../../src/platform/database/sql-files.js';
import { createEmptyDatabase, type TestDatabase } from '../harness/database.js';
import { syncAccessRules } from '../../src/platform/policies/sync.js';

const MIGRATIONS = migrationFiles();
const NAMES = migrationsOf(MIGRATIONS).map(({ name }) => name);
const NEWEST = Math.max(...migrationsOf(MIGRATIONS).map(({ number }) => number));
/** The number of a migration after all others, in its file name. */
const NEXT = String(NEWEST + 1).padStart(4, '0');
const FUNCTIONS = functionFiles();

let database: TestDatabase;

beforeEach(async () => {
  database = await createEmptyDatabase();
});
afterEach(() => database.drop());

/** Runs the steps of `vouchsafe migrate` with the given files. */
function migrate(functions = FUNCTIONS, migrations = MIGRATIONS): Promise<string[]> {
  return asMigrator(database.env['MIGRATOR_DATABASE_URL']!, async (query) => {
    const applied = await applyMigrations(query, migrations);
    await syncAccessRules(query, inOrder(functions));
    return applied;
  });
}

function withEdit(path: string, from: string, to: string): SqlFile[] {
  return FUNCTIONS.map((file) => {
    if (file.path !== path) return file;
    expect(file.text).toContain(from);
    return { ...file, text: file.text.replace(from, to) };
  });
}

const withFile = (text: string) => [...FUNCTIONS, { path: 'src/modules/sample/sample.sql', text }];

/** Returns all functions, policies, and triggers with their grants. The `id` changes when an object is recreated. */
async function objects(): Promise<{ name: string; text: string; id: string }[]> {
  return database.superuser(`
    SELECT p.oid::regprocedure::text AS name, pg_get_functiondef(p.oid) || ' ' || p.proacl::text AS text,
             p.oid || '.' || p.xmin AS id
      FROM pg_proc p WHERE p.pronamespace IN ('app'::regnamespace, 'app_private'::regnamespace)
    UNION ALL
    SELECT polrelid::regclass || ' ' || polname, concat(polcmd, polpermissive, polroles, pg_get_expr(polqual, polrelid),
             pg_get_expr(polwithcheck, polrelid)), oid || '.' || xmin FROM pg_policy
    UNION ALL
    SELECT tgrelid::regclass || ' ' || tgname, concat(pg_get_triggerdef(oid), tgenabled), oid || '.' || xmin
      FROM pg_trigger WHERE NOT tgisinternal
     ORDER BY 1`);
}
const texts = async () => (await objects()).map(({ name, text }) => ({ name, text }));

async function value(sql: string): Promise<unknown> {
  const [row] = await database.superuser<{ value: unknown }>(`SELECT ${sql} AS value`);
  return row!.value;
}

describe('migrate', () => {
  it('changes nothing in the second run', async () => {
    expect(await migrate()).toEqual(NAMES);
    const before = await objects();
    expect(await migrate()).toEqual([]);
    expect(await objects()).toEqual(before);
    expect(await value('app.function_digest()')).toBe(functionDigest());
  });

  it('is safe to run concurrently on an empty database', async () => {
    const applied = await Promise.all([migrate(), migrate()]);
    expect(applied.map(({ length }) => length).toSorted((a, b) => a - b)).toEqual([0, NAMES.length]);
    const both = await texts();
    await migrate(withEdit('src/platform/jobs/jobs.sql', '60)', '61)'));
    await migrate();
    expect(await texts()).toEqual(both);
  });

  it('applies migrations once, in numerical order', async () => {
    await migrate();
    const later = {
      path: `migrations/${NEXT}-notes.sql`,
      text: `CREATE TABLE notes (org_id uuid NOT NULL, id uuid NOT NULL, PRIMARY KEY (org_id, id));
        SELECT app_private.protect_table('notes', 'SELECT');`,
    };
    expect(await migrate(FUNCTIONS, [later, ...MIGRATIONS])).toEqual([`${NEXT}-notes`]);
    expect(await migrate(FUNCTIONS, [...MIGRATIONS, later])).toEqual([]);
    expect(await value(`(SELECT count(*)::integer FROM pg_policy WHERE polrelid = 'notes'::regclass)`)).toBe(1);
  });

  it('rolls back a failed migration and names the line', async () => {
    const broken = {
      path: `migrations/${NEXT}-broken.sql`,
      text: 'CREATE TABLE half (id uuid);\nCREATE TABLE half (id uuidd);',
    };
    await expect(migrate(FUNCTIONS, [...MIGRATIONS, broken])).rejects.toThrow(
      `migrations/${NEXT}-broken.sql:2: type "uuidd" does not exist`,
    );
    expect(await value(`to_regclass('half')`)).toBeNull();
    expect(await value('(SELECT max(number) FROM migrations)')).toBe(NEWEST);
  });
});

describe('migrate rejects', () => {
  const [baseline, ...later] = MIGRATIONS as [SqlFile, ...SqlFile[]];
  beforeEach(() => migrate());

  it.each<[string, SqlFile[], string]>([
    [
      'an applied migration that was edited',
      [{ ...baseline, text: `${baseline.text}\nCREATE TABLE more (id uuid);` }, ...later],
      'migrations/0001-baseline.sql was edited after it was applied: ' +
        'restore it, and write the change as a new migration',
    ],
    [
      'an applied migration that is missing',
      [],
      'migration 0001-baseline is applied, and migrations/0001-baseline.sql is missing: restore it',
    ],
    [
      'an applied migration under another name',
      [{ ...baseline, path: 'migrations/0001-start.sql' }],
      'migrations/0001-baseline.sql is missing',
    ],
    [
      'a malformed migration name',
      [baseline, { path: 'migrations/2-notes.sql', text: '' }],
      'migrations/2-notes.sql: name a migration NNNN-description.sql',
    ],
    [
      'two migrations with the same number',
      [baseline, { path: 'migrations/0001-other.sql', text: '' }],
      'another migration has the number 1',
    ],
    [
      'a new migration below an applied one',
      [...MIGRATIONS, { path: 'migrations/0000-before.sql', text: '' }],
      `migrations/0000-before.sql has a lower number than an applied migration: give it a number above ${NEWEST}`,
    ],
  ])('%s', async (_what, migrations, message) => {
    await expect(migrate(FUNCTIONS, migrations)).rejects.toThrow(message);
    expect(await value(`to_regclass('more')`)).toBeNull();
  });

  it('a database from a version before 0.1.0', async () => {
    await database.superuser('ALTER TABLE migrations ADD COLUMN "timestamp" bigint');
    await expect(migrate()).rejects.toThrow('a version before 0.1.0 created this database');
  });
});

describe('the database functions', () => {
  const SAMPLE = `
    CREATE OR REPLACE FUNCTION app.sample(a integer) RETURNS integer LANGUAGE sql IMMUTABLE
    BEGIN ATOMIC
      SELECT a;
    END;
    GRANT EXECUTE ON FUNCTION app.sample TO vouchsafe_app;
    CREATE OR REPLACE FUNCTION app.sample_twice(a integer) RETURNS integer LANGUAGE sql IMMUTABLE
    BEGIN ATOMIC
      SELECT (app.sample(a) + app.sample(a))::integer;
    END;
    CREATE OR REPLACE FUNCTION app_private.sample_trigger() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$ BEGIN RETURN NEW; END $$;
    CREATE TRIGGER sample BEFORE INSERT ON exports FOR EACH ROW EXECUTE FUNCTION app_private.sample_trigger();
    CREATE POLICY sample ON exports AS RESTRICTIVE FOR INSERT WITH CHECK (app.sample(1) = 1);`;

  it('follow an edited file without a migration', async () => {
    await migrate();
    expect(await value(`app.is_local('carrier')`)).toBe(false);
    const files = withEdit(
      'src/modules/auth/sessions/sessions.sql',
      `method IN ('password', 'passkey')`,
      `method IN ('password', 'passkey', 'carrier')`,
    );
    expect(await migrate(files)).toEqual([]);
    expect(await value(`app.is_local('carrier')`)).toBe(true);
    expect(await value('app.function_digest()')).not.toBe(functionDigest());
  });

  it('keep their object id when the signature does not change', async () => {
    await migrate();
    const before = await value(`'app.is_local'::regproc::oid`);
    await migrate(withEdit('src/modules/auth/sessions/sessions.sql', `'password', 'passkey'`, `'passkey', 'password'`));
    expect(await value(`'app.is_local'::regproc::oid`)).toBe(before);
  });

  it('match the files: missing ones are created and undefined ones are dropped', async () => {
    await migrate();
    const before = await texts();
    await database.superuser(
      `SET ROLE vouchsafe_owner; CREATE FUNCTION app.stray() RETURNS integer LANGUAGE sql AS 'SELECT 1'; RESET ROLE`,
    );
    await migrate(withFile(SAMPLE));
    const names = (await texts()).map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['app.sample(integer)', 'exports sample']));
    expect(names).not.toContain('app.stray()');
    await migrate();
    expect(await texts()).toEqual(before);
  });

  it('are replaced when the signature changes, and dependent objects are recreated', async () => {
    await migrate(withFile(SAMPLE));
    await migrate(
      withFile(SAMPLE.replace('app.sample(a integer) RETURNS integer', 'app.sample(a bigint) RETURNS bigint')),
    );
    const names = (await texts()).map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining(['app.sample(bigint)', 'app.sample_twice(integer)', 'exports sample']),
    );
    expect(names).not.toContain('app.sample(integer)');
  });

  it('grant EXECUTE only to the roles in the files', async () => {
    await migrate(withFile(SAMPLE));
    await database.superuser('GRANT EXECUTE ON FUNCTION app.sample_twice TO PUBLIC');
    await migrate(withFile(SAMPLE.replace('GRANT EXECUTE ON FUNCTION app.sample TO vouchsafe_app;', '')));
    for (const name of ['app.sample(integer)', 'app.sample_twice(integer)'])
      expect(await value(`has_function_privilege('vouchsafe_app', '${name}', 'EXECUTE')`)).toBe(false);
  });

  it('stay unchanged when a file fails, and the error names the line', async () => {
    await migrate();
    const before = await objects();
    await expect(migrate(withFile('SELECT 1;\nSELECT app.missing();'))).rejects.toThrow(
      'src/modules/sample/sample.sql:2: function app.missing() does not exist',
    );
    expect(await objects()).toEqual(before);
  });

  it('are not dropped while an object of a migration depends on them', async () => {
    await migrate(withFile(SAMPLE));
    await database.superuser('CREATE TABLE stray (a integer DEFAULT app.sample(1))');
    await expect(migrate()).rejects.toThrow(/write a migration that removes the dependent objects\n.*table stray/);
    await database.superuser('DROP TABLE stray');
    await migrate();
  });
});
