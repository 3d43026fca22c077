import { readFileSync } from 'node:fs';
import pg from 'pg';
import { newId } from '../../src/platform/clock/id.js';
import { syncAccessRules } from '../../src/platform/policies/sync.js';

/** A copy of the migrated database for one test file. */
export interface TestDatabase {
  /** The environment, with every database URL set to the copy. */
  env: Record<string, string>;
  /** Runs a query as superuser, to inspect or back-date rows. It must not replace an action of the application. */
  superuser: <R extends pg.QueryResultRow>(text: string, values?: unknown[]) => Promise<R[]>;
  /** Runs a superuser transaction and rolls it back, for locks that block other transactions. */
  transaction: (fn: (query: (text: string, values?: unknown[]) => Promise<unknown>) => Promise<void>) => Promise<void>;
  /** Updates the database to the declarations of all features, including those of the test. */
  sync: () => Promise<void>;
  drop: () => Promise<void>;
}

const URLS = ['DATABASE_URL', 'WORKER_DATABASE_URL', 'MIGRATOR_DATABASE_URL'];

/** Copies the template database that `npm test` has migrated. */
export async function createDatabase(): Promise<TestDatabase> {
  const superuserUrl = required('TEST_SUPERUSER_DATABASE_URL');
  const name = `test_${newId().replaceAll('-', '')}`;
  // Copied files need less work than copied pages in the write-ahead log.
  await once(superuserUrl, `CREATE DATABASE ${name} TEMPLATE ${required('TEST_TEMPLATE_DATABASE')} STRATEGY FILE_COPY`);
  // Database privileges are not copied, so this repeats docker/init-roles.sql.
  await once(superuserUrl, `REVOKE ALL ON DATABASE ${name} FROM PUBLIC`);
  await once(superuserUrl, `GRANT CONNECT ON DATABASE ${name} TO vouchsafe_migrator, vouchsafe_app, vouchsafe_worker`);
  return handleOf(name);
}

function handleOf(name: string): TestDatabase {
  const superuserUrl = required('TEST_SUPERUSER_DATABASE_URL');
  const pool = new pg.Pool({ connectionString: withDatabase(superuserUrl, name), max: 3 });
  pool.on('error', () => undefined);
  return {
    env: Object.fromEntries(URLS.map((variable) => [variable, withDatabase(required(variable), name)])),
    superuser: async <R extends pg.QueryResultRow>(text: string, values: unknown[] = []) =>
      (await pool.query<R>(text, values)).rows,
    transaction: async (fn) => {
      const client = await pool.connect();
      try {
        await client.query('BEGIN');
        await fn((text, values) => client.query(text, values));
      } finally {
        await client.query('ROLLBACK');
        client.release();
      }
    },
    sync: () =>
      connected(withDatabase(superuserUrl, name), (client) =>
        syncAccessRules(async (text, values) => (await client.query(text, values)).rows as never[]),
      ),
    drop: async () => {
      await pool.end();
      await once(superuserUrl, `DROP DATABASE ${name} WITH (FORCE)`);
    },
  };
}

/** Creates an empty database with the privileges of docker/init-roles.sql, for tests of `migrate`. */
export async function createEmptyDatabase(): Promise<TestDatabase> {
  const name = `test_${newId().replaceAll('-', '')}`;
  await once(required('TEST_SUPERUSER_DATABASE_URL'), `CREATE DATABASE ${name} TEMPLATE template0`);
  const preparation = readFileSync(`${import.meta.dirname}/../../docker/init-roles.sql`, 'utf8');
  const rights = preparation
    .slice(preparation.indexOf('ALTER DATABASE'))
    .replaceAll('DATABASE vouchsafe', `DATABASE ${name}`);
  await once(withDatabase(required('TEST_SUPERUSER_DATABASE_URL'), name), rights);
  return handleOf(name);
}

/** Runs a function on its own connection. */
export async function connected<T>(url: string, fn: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await fn(client);
  } finally {
    await client.end();
  }
}

function once(url: string, text: string): Promise<unknown> {
  return connected(url, (client) => client.query(text));
}

function withDatabase(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.href;
}

export function required(variable: string): string {
  const value = process.env[variable];
  if (value === undefined) throw new Error(`${variable} is not set: run the tests with \`npm test\``);
  return value;
}
