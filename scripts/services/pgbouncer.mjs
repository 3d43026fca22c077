import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { makeHome, tail } from '../lib/files.mjs';
import { Fixable } from '../lib/log.mjs';
import { inRoot } from '../lib/paths.mjs';
import { rememberedPort } from '../lib/ports.mjs';
import { launch, run } from '../lib/process.mjs';
import { reapOrphan } from '../lib/run-files.mjs';
import { serverAccount } from './account.mjs';
import { serverBinary } from './binary.mjs';

const READY_MS = 30_000;
const SERVER = {
  title: 'PgBouncer',
  names: ['pgbouncer'],
  debian: 'pgbouncer',
  file: 'usr/sbin/pgbouncer',
  install: 'apt install pgbouncer  |  brew install pgbouncer',
};

/** Settings that an older PgBouncer does not accept, with the version that added them. */
const SINCE = { max_prepared_statements: [1, 21] };

/** Returns the program as { command, env }, and downloads it if necessary. */
export const pgBouncerBinary = () => serverBinary(SERVER);

async function versionOf({ command, env }) {
  const { stdout } = await run(command, ['--version'], { env });
  return /(\d+)\.(\d+)/.exec(stdout).slice(1).map(Number);
}

const older = ([major, minor], [wantedMajor, wantedMinor]) =>
  major < wantedMajor || (major === wantedMajor && minor < wantedMinor);

/**
 * Returns the shipped settings (docker/pgbouncer/pgbouncer.ini) with local changes: every database of one server on
 * loopback, without TLS. `changes` replaces single settings; null removes a setting.
 */
function settings({ version, upstream, port, userList, changes }) {
  const own = {
    listen_addr: '127.0.0.1',
    listen_port: port,
    auth_file: userList,
    client_tls_sslmode: 'disable',
    client_tls_key_file: null,
    client_tls_cert_file: null,
    server_tls_sslmode: 'disable',
    server_tls_ca_file: null,
    ...changes,
  };
  for (const [name, since] of Object.entries(SINCE)) if (older(version, since)) own[name] = null;
  const shipped = fs.readFileSync(inRoot('docker/pgbouncer/pgbouncer.ini'), 'utf8');
  return shipped
    .split('\n')
    .flatMap((line) => {
      const name = /^(\w+) =/.exec(line)?.[1];
      if (name === 'vouchsafe') return [`* = host=${upstream.hostname} port=${upstream.port}`];
      if (name === undefined || own[name] === undefined) return [line];
      return own[name] === null ? [] : [`${name} = ${own[name]}`];
    })
    .join('\n');
}

const userList = (urls) => urls.map(({ username, password }) => `"${username}" "${password}"\n`).join('');

/**
 * Returns whether PgBouncer listens. It does not sign in, because an open server connection would prevent a copy of the
 * database.
 */
function listens(port) {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

async function untilReady(server, port) {
  const end = Date.now() + READY_MS;
  while (server.running() && Date.now() < end) {
    if (await listens(port)) return;
    await delay(50);
  }
  await server.kill();
  throw new Fixable(
    `PgBouncer did not start. The end of ${server.log}:\n${tail(server.log)}`,
    'fix the problem that the log names',
  );
}

function write(account, file, text) {
  fs.writeFileSync(file, text, { mode: 0o600 });
  if (account.uid !== undefined) fs.chownSync(file, account.uid, account.gid);
}

/**
 * Starts a PgBouncer on a free loopback port with the shipped settings, in front of the server of `urls`. Their roles
 * may sign in. Returns { port, pid, version, through(url), stop() }; through() returns a database URL through it.
 */
export async function startPgBouncer({ home, urls, changes = {} }) {
  makeHome(home);
  const data = path.join(home, 'pgbouncer');
  const binary = await pgBouncerBinary();
  const version = await versionOf(binary);
  const account = serverAccount({ server: 'PgBouncer', data, binaries: path.dirname(binary.command) });
  await reapOrphan(home, 'pgbouncer');
  fs.mkdirSync(data, { recursive: true, mode: 0o700 });
  if (account.uid !== undefined) fs.chownSync(data, account.uid, account.gid);
  const port = await rememberedPort(home, 'pgbouncer');
  const upstreams = urls.map((url) => new URL(url));
  const file = (name) => path.join(data, name);
  write(account, file('userlist.txt'), userList(upstreams));
  write(
    account,
    file('pgbouncer.ini'),
    settings({ version, upstream: upstreams[0], port, userList: file('userlist.txt'), changes }),
  );
  const { command, args, uid, gid } = account.wrap(binary.command, [file('pgbouncer.ini')]);
  const server = launch({
    home,
    name: 'pgbouncer',
    command,
    args,
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C', ...binary.env },
    cwd: '/',
    uid,
    gid,
  });
  await untilReady(server, port);
  const through = (url) => Object.assign(new URL(url), { hostname: '127.0.0.1', port }).href;
  return { port, pid: server.pid, version: version.join('.'), through, stop: () => server.stop({ signal: 'SIGINT' }) };
}
