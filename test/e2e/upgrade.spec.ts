import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { replaceFunctions } from '../../src/platform/database/function-sync.js';
import { applyMigrations, asMigrator, inTransaction } from '../../src/platform/database/migrations.js';
import { functionFiles, migrationFiles } from '../../src/platform/database/sql-files.js';
import { emptyRedis } from '../harness/app.js';
import { createEmptyDatabase, required, type TestDatabase } from '../harness/database.js';
import { freePort } from '../harness/processes.js';
import { until } from '../harness/until.js';

/**
 * The SQL of the last release, as `git archive` wrote it. It is committed because a checkout may have no tags. If
 * the tag exists, the first test compares both. CONTRIBUTING.md describes how a release replaces it.
 */
const RELEASE = 'v0.1.0';
const ROOT = path.join(import.meta.dirname, '../..');
const ARCHIVE = path.join(ROOT, `test/fixtures/${RELEASE}.tar.gz`);
const ORGANIZATION = '0190b6a4-7c1e-7000-8000-000000000001';
const run = promisify(execFile);

let directory: string;
let database: TestDatabase;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'vouchsafe-upgrade-'));
  await run('tar', ['-xzf', ARCHIVE, '-C', directory]);
  database = await createEmptyDatabase();
});
afterAll(async () => {
  await database.drop();
  await rm(directory, { recursive: true });
});

/** Returns the environment of `npm start` and `npm run tour` on the database of this test. */
async function environment(): Promise<NodeJS.ProcessEnv> {
  return {
    ...process.env,
    ...database.env,
    NODE_OPTIONS: '',
    VOUCHSAFE_ENV: 'development',
    VOUCHSAFE_HOME: path.join(directory, 'home'),
    STORAGE_DIR: path.join(directory, 'storage'),
    MAIL_DIR: path.join(directory, 'mail'),
    REDIS_URL: await emptyRedis(),
    PORT: String(await freePort()),
    ROOT_KEY: required('ROOT_KEY'),
    JWT_SECRET: required('JWT_SECRET'),
  };
}

/** Starts all processes and waits until they are ready or have ended. */
async function startAll(env: NodeJS.ProcessEnv): Promise<{ child: ChildProcess; output: () => string }> {
  const child = spawn(process.execPath, ['scripts/start.mjs'], { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (output += data.toString()));
  await until('the start is ready', () => Promise.resolve(/^ready$/m.test(output) || child.exitCode !== null), 120);
  return { child, output: () => output };
}

describe(`a database of ${RELEASE}`, () => {
  it('is created from the SQL of the release', async () => {
    const [sum] = readFileSync(`${ARCHIVE}.sha256`, 'utf8').split(' ');
    expect(createHash('sha256').update(readFileSync(ARCHIVE)).digest('hex')).toBe(sum);
    const tag = await run('git', ['rev-parse', '--verify', '--quiet', `refs/tags/${RELEASE}`], { cwd: ROOT }).catch(
      () => null,
    );
    if (tag === null) return; // only the checksum can be compared
    for (const file of [
      ...migrationFiles(path.join(directory, 'migrations')),
      ...functionFiles(path.join(directory, 'src')),
    ]) {
      const { stdout } = await run('git', ['show', `${RELEASE}:${file.path}`], { cwd: ROOT });
      expect({ path: file.path, text: stdout }).toEqual(file);
    }
  });

  it('is migrated forward with its rows, and the smoke test passes on it', async () => {
    const migrations = migrationFiles(path.join(directory, 'migrations'));
    const functions = functionFiles(path.join(directory, 'src'));
    expect([migrations.length, functions.length].every((count) => count > 0)).toBe(true);
    await asMigrator(database.env['MIGRATOR_DATABASE_URL']!, async (query) => {
      await applyMigrations(query, migrations);
      await inTransaction(query, () => replaceFunctions(query, functions));
      await query(`INSERT INTO organizations (id, name, preset) VALUES ('${ORGANIZATION}', 'Kept', 'gme')`);
    });
    const env = await environment();
    const { child, output } = await startAll(env);
    try {
      expect(output()).toMatch(/^ready$/m);
      const tour = await run(process.execPath, ['scripts/tour.mjs'], { cwd: ROOT, env });
      expect(tour.stdout).toMatch(/✓ \d+ steps in/);
    } finally {
      if (child.exitCode === null) {
        child.kill('SIGTERM');
        await once(child, 'exit');
      }
    }
    const remaining = await database.superuser(`SELECT name FROM organizations WHERE id = '${ORGANIZATION}'`);
    expect(remaining).toEqual([{ name: 'Kept' }]);
    expect(existsSync(path.join(directory, 'home', 'demo.json'))).toBe(true);
  });
});
