import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { makeHome, tail } from '../lib/files.mjs';
import { Fixable } from '../lib/log.mjs';
import { rememberedPort } from '../lib/ports.mjs';
import { launch } from '../lib/process.mjs';
import { identity, reapOrphan } from '../lib/run-files.mjs';
import { secrets } from '../lib/secrets.mjs';
import { serverAccount } from './account.mjs';
import { postgresBinaries } from './postgres-binaries.mjs';
import { ensureCluster, serverEnv } from './postgres-cluster.mjs';

const READY_MS = 60_000;
const RETRY_MS = 20_000;

const settings = (port, durable) => ({
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  port,
  max_connections: 200,
  password_encryption: 'scram-sha-256',
  timezone: 'UTC',
  log_timezone: 'UTC',
  // never synchronous_commit: a killed server would lose commits
  ...(durable ? {} : { fsync: 'off', full_page_writes: 'off' }),
});

/** Returns true once the server answers; false while it starts or when its process has ended. */
async function answers(url) {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on('error', () => {});
  try {
    await client.connect();
    return true;
  } catch (error) {
    if (error.code === '28P01')
      throw new Fixable('The password in secrets.json does not match the database.', 'rm -rf .vouchsafe && npm start');
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}

async function untilReady(server, url) {
  const end = Date.now() + READY_MS;
  while (server.running() && Date.now() < end) {
    if (await answers(url)) return true;
    await delay(50);
  }
  return false;
}

/** Removes a stale pid file. Postgres would accept any live process with that id as its own. */
function dropStalePidFile(data) {
  const file = path.join(data, 'postmaster.pid');
  if (!fs.existsSync(file)) return;
  const pid = Number(fs.readFileSync(file, 'utf8').split('\n')[0]);
  if (identity(pid) === null || !fs.existsSync(`/proc/${pid}/cmdline`)) return;
  if (!fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(data)) fs.rmSync(file);
}

/**
 * Starts Postgres on a free loopback port with data in `<home>/postgres`.
 * `durable: false` (tests only) is faster but not safe against power failure; a killed process loses nothing.
 * Returns { port, pid, superuserUrl, url(role, database?), stop(), kill(signal?), start() }; start() keeps the port.
 */
export async function startPostgres({ home, durable = true }) {
  makeHome(home);
  const data = path.join(home, 'postgres');
  const keys = secrets(home);
  const binaries = await postgresBinaries();
  const account = serverAccount({ data, binaries: binaries.bin });
  await reapOrphan(home, 'postgres', 'SIGINT');
  await ensureCluster({ data, binaries, account, password: keys.passwords.postgres, durable });
  dropStalePidFile(data);
  const port = await rememberedPort(home, 'postgres');
  const url = (role, database = 'vouchsafe') =>
    `postgres://${role}:${keys.passwords[role]}@127.0.0.1:${port}/${database}`;
  const superuserUrl = url('postgres', 'postgres');
  let server;

  const start = async () => {
    const flags = Object.entries(settings(port, durable)).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const { command, args, uid, gid } = account.wrap(path.join(binaries.bin, 'postgres'), ['-D', data, ...flags]);
    // After a kill, child processes may hold the shared memory for a moment. Until then a new server does not start.
    const end = Date.now() + RETRY_MS;
    do {
      server = launch({ home, name: 'postgres', command, args, env: serverEnv, cwd: '/', uid, gid });
      if (await untilReady(server, superuserUrl)) return;
      await server.kill();
      await delay(200);
    } while (/shared memory block|lock file/.test(tail(server.log, 4)) && Date.now() < end);
    throw new Fixable(
      `Postgres did not start. The end of ${server.log}:\n${tail(server.log)}`,
      'npm start (after you fix the problem in the log)',
    );
  };
  await start();
  return {
    port,
    get pid() {
      return server.pid;
    },
    died: () => server.exited.then(() => ({ name: server.name, log: server.log, tail: () => tail(server.log) })),
    superuserUrl,
    url,
    start,
    kill: (signal = 'SIGKILL') => server.kill(signal),
    stop: () => server.stop({ signal: 'SIGINT' }),
  };
}
