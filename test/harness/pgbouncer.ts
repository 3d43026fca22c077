import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startPgBouncer } from '../../scripts/services/pgbouncer.mjs';
import { required } from './database.js';

/** PgBouncer with the shipped settings, in front of the test databases. */
export interface Bouncer {
  through: (url: string) => string;
  /** The environment of the processes behind PgBouncer. */
  env: { DATABASE_PREPARE: string };
  stop: () => Promise<void>;
}

/** Starts PgBouncer with `poolSize` server connections for each role; `changes` replaces other settings. */
export async function startBouncer(poolSize: number, changes: Record<string, string | number> = {}): Promise<Bouncer> {
  const home = await mkdtemp(path.join(tmpdir(), 'vouchsafe-pgbouncer-'));
  await chmod(home, 0o711); // PgBouncer may run as another user
  const urls = [required('DATABASE_URL'), required('WORKER_DATABASE_URL')];
  const { through, stop } = await startPgBouncer({ home, urls, changes: { default_pool_size: poolSize, ...changes } });
  const compose = await readFile('docker/compose.yaml', 'utf8');
  return {
    through,
    env: { DATABASE_PREPARE: /^ +DATABASE_PREPARE: '(\w+)'$/m.exec(compose)?.[1] ?? 'on' },
    stop: async () => {
      await stop();
      await rm(home, { recursive: true, force: true });
    },
  };
}
