import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { makeHome, tail } from '../lib/files.mjs';
import { Fixable } from '../lib/log.mjs';
import { rememberedPort } from '../lib/ports.mjs';
import { launch } from '../lib/process.mjs';
import { reapOrphan } from '../lib/run-files.mjs';
import { secrets } from '../lib/secrets.mjs';
import { serverBinary } from './binary.mjs';

const READY_MS = 60_000;
const SERVER = {
  title: 'Redis',
  names: ['redis-server', 'valkey-server'],
  debian: 'redis-server',
  file: 'usr/bin/redis-server',
  install:
    'apt install redis-server  |  brew install redis  |  docker run -d -p 6379:6379 redis:7 and ' +
    'REDIS_URL=redis://127.0.0.1:6379',
};

/** Jobs must survive a restart and must never be evicted. */
const config = ({ data, port, password }) => `
bind 127.0.0.1
port ${port}
requirepass ${password}
dir "${data}"
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
daemonize no
`;

/** Returns true once the server answers and has loaded its file. */
async function answers(url) {
  const client = new Redis(url, {
    lazyConnect: true,
    retryStrategy: null,
    maxRetriesPerRequest: 0,
    connectTimeout: 2_000,
    disconnectTimeout: 100,
  });
  client.on('error', () => {});
  try {
    await client.connect();
    return (await client.ping()) === 'PONG';
  } catch {
    return false;
  } finally {
    client.disconnect();
  }
}

async function untilReady(server, url) {
  const end = Date.now() + READY_MS;
  while (server.running() && Date.now() < end) {
    if (await answers(url)) return;
    await delay(50);
  }
  await server.kill();
  throw new Fixable(
    `Redis did not start. The end of ${server.log}:\n${tail(server.log)}`,
    'npm start (after you fix the problem in the log)',
  );
}

/**
 * Starts Redis on a free loopback port with an append-only file in `<home>/redis`.
 * Returns { port, pid, url, stop(), kill(signal?), start() }; start() keeps the port.
 */
export async function startRedis({ home }) {
  makeHome(home);
  const data = path.join(home, 'redis');
  fs.mkdirSync(data, { recursive: true, mode: 0o700 });
  const password = secrets(home).passwords.redis;
  const { command, env } = await serverBinary(SERVER);
  await reapOrphan(home, 'redis');
  const port = await rememberedPort(home, 'redis');
  const url = `redis://:${password}@127.0.0.1:${port}`;
  const file = path.join(data, 'redis.conf');
  fs.writeFileSync(file, config({ data, port, password }), { mode: 0o600 });
  let server;
  const start = async () => {
    server = launch({
      home,
      name: 'redis',
      command,
      args: [file],
      env: { PATH: '/usr/bin:/bin', LC_ALL: 'C', ...env },
      cwd: data,
    });
    await untilReady(server, url);
  };
  await start();
  return {
    port,
    get pid() {
      return server.pid;
    },
    died: () => server.exited.then(() => ({ name: server.name, log: server.log, tail: () => tail(server.log) })),
    url,
    start,
    kill: (signal = 'SIGKILL') => server.kill(signal),
    stop: () => server.stop(),
  };
}
