import path from 'node:path';
import { Redis } from 'ioredis';
import pg from 'pg';
import '../app.module.js';
import type { Config } from '../platform/config/config.types.js';
import { DataKeys, ORGANIZATION } from '../platform/keys/data-keys.js';
import { Kms } from '../platform/crypto/index.js';
import { functionDigest } from '../platform/database/function-sync.js';
import { migrationsOf, pendingOf, problemsOf, type AppliedMigration } from '../platform/database/migrations.js';
import { migrationFiles } from '../platform/database/sql-files.js';
import { UnitOfWork } from '../platform/database/unit-of-work.js';
import { declared } from '../platform/feature/registry.js';
import { LocalStorage } from '../platform/storage/index.js';
import { startOperator } from './operator.js';

/** The result of a check that passed. A failed check throws. A warning does not change the exit code of `doctor`. */
export interface Healthy {
  detail: string;
  warnings?: string[];
}
export type Check = (config: Config) => Promise<Healthy>;

const MIN_POSTGRES = 150_000;
const MIN_MONTHS_AHEAD = 2;

/** The checks, in order of execution. */
export const DOCTOR_CHECKS: Readonly<Record<string, Check>> = {
  'database, worker': ({ database }) => roleCheck(database.workerUrl!, true),
  'database, API': ({ database }) =>
    database.appUrl === undefined ? skipped('DATABASE_URL') : roleCheck(database.appUrl, false),
  migrations: migrationsCheck,
  'row security': rowSecurityCheck,
  'log partitions': partitionsCheck,
  Redis: redisCheck,
  storage: storageCheck,
  keys: keysCheck,
};

async function skipped(variable: string): Promise<Healthy> {
  return { detail: 'not checked', warnings: [`set ${variable} to run this check`] };
}

/** Throws if row-level security does not apply to the role, or if the role belongs to the other process. */
async function roleCheck(url: string, entersByIdentifier: boolean): Promise<Healthy> {
  const [role] = await rows<{
    name: string;
    privileged: boolean;
    owns: string | null;
    version: number;
    enters: boolean;
    shares: string | null;
  }>(
    url,
    `
    SELECT current_user AS name, r.rolsuper OR r.rolbypassrls AS privileged,
      current_setting('server_version_num')::int AS version,
           (SELECT min(c.relname) FROM pg_class c WHERE c.relowner = r.oid AND c.relkind IN ('r', 'p')) AS owns,
           has_schema_privilege('app', 'USAGE') AND has_function_privilege('app.enter_organization(uuid)',
             'EXECUTE') AS enters,
           (SELECT min(p.proname) FROM pg_proc p WHERE p.pronamespace = 'pg_catalog'::regnamespace
              AND p.proname ~ '^(lo_.*|loread|lowrite|pg_(try_)?advisory_lock(_shared)?)$'
              AND has_function_privilege(p.oid, 'EXECUTE')) AS shares
      FROM pg_roles r WHERE r.rolname = current_user`,
  );
  const { name, privileged, owns, version, enters, shares } = role!;
  if (privileged) throw new Error(`the role ${name} bypasses row-level security`);
  if (owns !== null) throw new Error(`the role ${name} owns the table ${owns}`);
  if (version < MIN_POSTGRES) throw new Error('Postgres 15 or later is required');
  if (enters && !entersByIdentifier)
    throw new Error(`the role ${name} has the worker's rights: use the API role in this URL`);
  if (!enters && entersByIdentifier)
    throw new Error(`the role ${name} lacks the worker's rights: use the worker role in this URL`);
  if (shares !== null)
    throw new Error(`the role ${name} can execute ${shares}, which organizations share: run docker/init-roles.sql`);
  return { detail: `${name} on Postgres ${Math.floor(version / 10_000)}.${version % 10_000}` };
}

async function migrationsCheck({ database: { migratorUrl } }: Config): Promise<Healthy> {
  if (migratorUrl === undefined) return skipped('MIGRATOR_DATABASE_URL');
  const known = migrationsOf(migrationFiles());
  const applied = await rows<AppliedMigration>(migratorUrl, 'SELECT number, name, sha256 FROM public.migrations');
  const missing = pendingOf(known, applied).map(({ name }) => name);
  if (missing.length > 0) throw new Error(`not applied: ${missing.join(', ')}; run \`vouchsafe migrate\``);
  const edited = problemsOf(
    known,
    applied.filter(({ number }) => known.some((file) => file.number === number)),
  );
  if (edited.length > 0) throw new Error(edited.join('; '));
  const [functions] = await rows<{ digest: string }>(migratorUrl, 'SELECT digest FROM app_private.function_files');
  if (functions?.digest !== functionDigest())
    throw new Error('the SQL functions belong to another version; run `vouchsafe migrate`');
  const unknown = applied.length - known.length;
  return {
    detail: `${known.length} applied`,
    warnings: unknown > 0 ? [`the database has ${unknown} migrations that this version does not know`] : [],
  };
}

/** Checks every table that has the column org_id, including partitions, and every declared tenant table. */
async function rowSecurityCheck({ database }: Config): Promise<Healthy> {
  const tables = await rows<{ name: string; forced: boolean }>(
    database.workerUrl!,
    `
    SELECT c.relname AS name, c.relrowsecurity AND c.relforcerowsecurity
      AND EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid) AS forced
      FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
       AND (c.relname = ANY ($1) OR EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid
         AND a.attname = 'org_id'))`,
    [tenantTables()],
  );
  const open = tables.filter(({ forced }) => !forced).map(({ name }) => name);
  const absent = tenantTables().filter((table) => !tables.some(({ name }) => name === table));
  if (open.length > 0) throw new Error(`row-level security is not forced or has no policy on: ${open.join(', ')}`);
  if (absent.length > 0) throw new Error(`declared but missing in the database: ${absent.join(', ')}`);
  return { detail: `forced on ${tables.length} tables and partitions` };
}

function tenantTables(): string[] {
  return [...declared('tables')].filter(([, { kind }]) => kind === 'tenant').map(([name]) => name);
}

/**
 * Throws if the audit log has no partition for this month. No audit event can then be stored, so every change is rolled
 * back.
 */
async function partitionsCheck({ database }: Config): Promise<Healthy> {
  const months = await rows<{ month: string; there: boolean }>(
    database.workerUrl!,
    `
    SELECT to_char(m, 'YYYY-MM') AS month,
           to_regclass(to_char(m, '"public.audit_events_"YYYY_MM')) IS NOT NULL
             AND to_regclass(to_char(m, '"public.audit_private_"YYYY_MM')) IS NOT NULL AS there
      FROM generate_series(date_trunc('month', now() AT TIME ZONE 'UTC'),
        date_trunc('month', now() AT TIME ZONE 'UTC') + interval '36 months', interval '1 month') m`,
  );
  const gap = months.findIndex(({ there }) => !there);
  const ahead = (gap === -1 ? months.length : gap) - 1;
  if (ahead < 0) throw new Error(`no partition for ${months[0]!.month}: no audit event can be written`);
  const warnings =
    ahead < MIN_MONTHS_AHEAD
      ? [`only ${ahead} months ahead: check that the worker, which creates the partitions, is running`]
      : [];
  return { detail: `partitions exist until the end of ${months[ahead]!.month}`, warnings };
}

/** Warns about settings that let Redis lose queued jobs. Postgres stores every job, so a lost job runs later. */
async function redisCheck({ redis: { url } }: Config): Promise<Healthy> {
  const client = new Redis(url, {
    lazyConnect: true,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    connectTimeout: 5_000,
  });
  let cause: unknown;
  client.on('error', (error: Error) => {
    cause ??= error;
  });
  try {
    await client.connect().catch((error: unknown) => {
      throw cause ?? error;
    });
    const info = await client.info();
    const field = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1];
    const policy = field('maxmemory_policy');
    const warnings = [
      ...(policy === 'noeviction'
        ? []
        : [
            `maxmemory-policy is ${policy ?? 'unknown'} but must be noeviction: Redis deletes jobs at its memory ` +
              'limit',
          ]),
      ...(field('aof_enabled') === '1'
        ? []
        : [
            'appendonly is off: a Redis restart loses the queues, and jobs are delayed until the worker enqueues ' +
              'them again',
          ]),
    ];
    return { detail: `version ${field('redis_version') ?? 'unknown'}`, warnings };
  } finally {
    client.disconnect();
  }
}

async function storageCheck({ storage: { dir } }: Config): Promise<Healthy> {
  await new LocalStorage(dir).proveWrite();
  return { detail: path.resolve(dir) };
}

/** Throws if the KMS cannot unwrap a key that it wrapped, or cannot unwrap the data keys of an organization. */
async function keysCheck(config: Config): Promise<Healthy> {
  const operator = await startOperator(config, false);
  try {
    const kms = operator.app.get(Kms);
    const key = Buffer.alloc(32, 7);
    if (!(await kms.unwrap(await kms.wrap(key, 'doctor'), 'doctor')).equals(key))
      throw new Error('the KMS did not unwrap the key that it wrapped');
    const organizations = await operator.app
      .get(UnitOfWork)
      .queryOnce<{ id: string }>('SELECT app.organization_ids(true) AS id');
    let unwrapped = 0;
    for (const { id } of organizations) {
      const ring = await operator
        .within(id, () => operator.app.get(DataKeys).find(ORGANIZATION))
        .catch((cause: unknown) => {
          throw new Error(`ROOT_KEY does not unwrap the data key of organization ${id}`, { cause });
        });
      if (!ring.isEmpty) unwrapped += 1;
    }
    return { detail: `KMS ${kms.id}; the keys of ${unwrapped} organizations can be unwrapped` };
  } finally {
    await operator.app.close();
  }
}

async function rows<R extends pg.QueryResultRow>(url: string, text: string, values: unknown[] = []): Promise<R[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000, query_timeout: 10_000 });
  try {
    await client.connect();
    return (await client.query<R>(text, values)).rows;
  } finally {
    await client.end();
  }
}
