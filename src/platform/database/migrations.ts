import { createHash } from 'node:crypto';
import path from 'node:path';
import pg from 'pg';
import type { SqlFile } from './sql-files.js';

/** Sends a statement on one connection and returns its rows. */
export type Query = <R extends pg.QueryResultRow = pg.QueryResultRow>(text: string, values?: unknown[]) => Promise<R[]>;

/** A migration: number and name from the file name, digest of its text. */
export interface Migration extends SqlFile {
  number: number;
  name: string;
  sha256: string;
}

export interface AppliedMigration extends pg.QueryResultRow {
  number: number;
  name: string;
  sha256: string;
}

/**
 * Runs a function on a connection with the role of the schema owner. An advisory lock ensures that only one runs at a
 * time.
 */
export async function asMigrator<T>(url: string, fn: (query: Query) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const query: Query = async (text, values) => (await client.query(text, values)).rows;
  try {
    await query('SET ROLE vouchsafe_owner');
    await query(`SELECT pg_advisory_lock(hashtext('vouchsafe migrate'))`);
    return await fn(query);
  } finally {
    await client.end();
  }
}

/** Runs work in a transaction; an error rolls it back. */
export async function inTransaction<T>(query: Query, work: () => Promise<T>): Promise<T> {
  await query('BEGIN');
  try {
    const result = await work();
    await query('COMMIT');
    return result;
  } catch (error) {
    await query('ROLLBACK').catch(() => undefined); // the first error is the cause
    throw error;
  }
}

/** Runs a file's statements. An error names the file and the line. */
export async function runFile(query: Query, { path: file, text }: SqlFile): Promise<void> {
  try {
    await query(text);
  } catch (cause) {
    const { message, position, detail } = cause as pg.DatabaseError;
    const line = position === undefined ? '' : `:${text.slice(0, Number(position)).split('\n').length}`;
    throw new Error([`${file}${line}: ${message}`, detail].filter(Boolean).join('\n'), { cause });
  }
}

/** Parses the number and name of each file. Throws when a name is malformed or two files have the same number. */
export function migrationsOf(files: readonly SqlFile[]): Migration[] {
  const migrations = files.map((file) => {
    const name = path.basename(file.path, '.sql');
    const number = /^(\d{4})-[a-z0-9-]+$/.exec(name)?.[1];
    if (number === undefined)
      throw new Error(`${file.path}: name a migration NNNN-description.sql, for example 0002-cases.sql`);
    return { ...file, name, number: Number(number), sha256: createHash('sha256').update(file.text).digest('hex') };
  });
  const duplicate = migrations.find(({ number }, i) => migrations.findIndex((other) => other.number === number) !== i);
  if (duplicate !== undefined)
    throw new Error(`${duplicate.path}: another migration has the number ${duplicate.number}`);
  return migrations.toSorted((a, b) => a.number - b.number);
}

/**
 * Applies the pending migrations, each in a transaction, and returns their names. Throws before the first migration
 * when an applied file was edited or is missing.
 */
export async function applyMigrations(query: Query, files: readonly SqlFile[]): Promise<string[]> {
  const migrations = migrationsOf(files);
  await prepareTable(query);
  const applied = await query<AppliedMigration>('SELECT number, name, sha256 FROM public.migrations ORDER BY number');
  const problems = problemsOf(migrations, applied);
  if (problems.length > 0) throw new Error(problems.join('\n'));
  const pending = pendingOf(migrations, applied);
  for (const migration of pending) {
    await inTransaction(query, async () => {
      await runFile(query, migration);
      await query('INSERT INTO public.migrations (number, name, sha256) VALUES ($1, $2, $3)', [
        migration.number,
        migration.name,
        migration.sha256,
      ]);
    });
  }
  return pending.map(({ name }) => name);
}

export function pendingOf(migrations: readonly Migration[], applied: readonly AppliedMigration[]): Migration[] {
  return migrations.filter(({ number }) => !applied.some((one) => one.number === number));
}

/** Returns a message for each difference between the files and the applied migrations, with the correction. */
export function problemsOf(migrations: readonly Migration[], applied: readonly AppliedMigration[]): string[] {
  const newest = Math.max(0, ...applied.map(({ number }) => number));
  return [
    ...applied.flatMap(({ number, name, sha256 }) => {
      const file = migrations.find((one) => one.number === number);
      if (file === undefined || file.name !== name)
        return [
          `migration ${name} is applied, and migrations/${name}.sql is missing: restore it, or run the version ` +
            'that has it',
        ];
      if (file.sha256 !== sha256)
        return [`${file.path} was edited after it was applied: restore it, and write the change as a new migration`];
      return [];
    }),
    ...pendingOf(migrations, applied)
      .filter(({ number }) => number < newest)
      .map((file) => `${file.path} has a lower number than an applied migration: give it a number above ${newest}`),
  ];
}

/** Creates the table of applied migrations. Development databases from before 0.1.0 have another table of this name. */
async function prepareTable(query: Query): Promise<void> {
  const [old] = await query(
    `SELECT FROM pg_attribute WHERE attrelid = to_regclass('public.migrations') AND attname = 'timestamp'`,
  );
  if (old !== undefined)
    throw new Error('a version before 0.1.0 created this database, and it cannot be upgraded: create a new one');
  await query(`CREATE TABLE IF NOT EXISTS public.migrations (
    number integer PRIMARY KEY,
    name text NOT NULL,
    sha256 text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
  )`);
}
