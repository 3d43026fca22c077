import type { DatabaseError } from 'pg';
import { runFile, type Query } from './migrations.js';
import { digestOf, functionFiles, signaturesOf, type SqlFile } from './sql-files.js';

/** Functions that the baseline migration creates, because protect_table and its policies use them. */
const OF_MIGRATIONS = ['app_private.protect_table', 'app.org_id'];

/** Policies and triggers of tables. Functions create those of partitions; migrations create `tenant` and `entrance`. */
const POLICIES = `
  SELECT format('DROP POLICY %I ON %s', p.polname, p.polrelid::regclass) AS statement
    FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid
   WHERE c.relnamespace IN ('public'::regnamespace, 'app_private'::regnamespace)
     AND NOT c.relispartition AND p.polname NOT IN ('tenant', 'entrance')`;
const TRIGGERS = `
  SELECT format('DROP TRIGGER %I ON %s', t.tgname, t.tgrelid::regclass) AS statement
    FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid
   WHERE p.pronamespace IN ('app'::regnamespace, 'app_private'::regnamespace)
     AND NOT c.relispartition AND NOT t.tgisinternal`;

/** All functions except the unchanged ones ($1), and the parsed functions that depend on one of them. */
const FUNCTIONS = `
  WITH RECURSIVE gone AS (
    SELECT p.oid FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
     WHERE n.nspname IN ('app', 'app_private') AND n.nspname || '.' || p.proname <> ALL ($1)
    UNION
    SELECT d.objid FROM gone g JOIN pg_depend d ON d.refobjid = g.oid
     WHERE d.refclassid = 'pg_proc'::regclass AND d.classid = 'pg_proc'::regclass
  )
  SELECT string_agg(oid::regprocedure::text, ', ') AS names FROM gone`;

/** Returns the digest of the function files of the running code. */
export function functionDigest(): string {
  return digestOf(functionFiles());
}

/** Returns the digest of the function files that the database contains; null before the first `migrate`. */
export async function storedFunctionDigest(query: Query): Promise<string | null> {
  const [row] = await query<{ digest: string }>('SELECT digest FROM app_private.function_files');
  return row?.digest ?? null;
}

/**
 * Replaces the functions, triggers, and hand-written policies of the database with those of the files. Runs in the
 * transaction of the caller, which must then recreate the declared row policies. A function with an unchanged signature
 * keeps its identity; a function that no file defines is dropped.
 */
export async function replaceFunctions(query: Query, files: readonly SqlFile[]): Promise<void> {
  const signatures = signaturesOf(files);
  await query('SET LOCAL check_function_bodies = off');
  for (const find of [POLICIES, TRIGGERS])
    for (const { statement } of await query<{ statement: string }>(find)) await query(statement);
  await dropFunctions(query, signatures);
  await query('REVOKE ALL ON ALL FUNCTIONS IN SCHEMA app, app_private FROM PUBLIC, vouchsafe_app, vouchsafe_worker');
  for (const file of files) await runFile(query, file);
  await query(
    `INSERT INTO app_private.function_files (digest, signatures) VALUES ($1, $2)
     ON CONFLICT (singleton) DO UPDATE SET digest = EXCLUDED.digest, signatures = EXCLUDED.signatures`,
    [digestOf(files), JSON.stringify(signatures)],
  );
}

async function dropFunctions(query: Query, signatures: Record<string, string>): Promise<void> {
  const [stored] = await query<{ signatures: Record<string, string> }>(
    'SELECT signatures FROM app_private.function_files',
  );
  const same = Object.keys(signatures).filter((name) => stored?.signatures[name] === signatures[name]);
  const [drop] = await query<{ names: string | null }>(FUNCTIONS, [[...OF_MIGRATIONS, ...same]]);
  if (drop!.names === null) return;
  try {
    await query(`DROP FUNCTION ${drop!.names}`);
  } catch (cause) {
    const { message, detail } = cause as DatabaseError;
    throw new Error(`${message}: write a migration that removes the dependent objects\n${detail ?? ''}`, { cause });
  }
}
