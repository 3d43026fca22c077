import fs from 'node:fs';
import path from 'node:path';
import { Fixable, step } from '../lib/log.mjs';
import { run } from '../lib/process.mjs';
import { cacheDir } from '../lib/paths.mjs';

const INSTALL = 'apt install redis-server  |  brew install redis  |  docker run -d -p 6379:6379 redis:7 and REDIS_URL=redis://127.0.0.1:6379';
const PACKAGE = 'redis-server';

const which = (name) =>
  (process.env.PATH ?? '').split(':').filter(Boolean).map((folder) => path.join(folder, name)).find((file) => fs.existsSync(file));

/** Library folders of an unpacked Debian tree. */
function libraryPath(tree) {
  return ['usr/lib', 'lib'].flatMap((base) => {
    const folder = path.join(tree, base);
    if (!fs.existsSync(folder)) return [];
    return fs.readdirSync(folder).filter((name) => name.endsWith('-linux-gnu')).map((name) => path.join(folder, name));
  }).join(':');
}

const unpacked = (tree) => ({ command: path.join(tree, 'usr/bin/redis-server'), env: { LD_LIBRARY_PATH: libraryPath(tree) } });

async function works({ command, env }) {
  const { code } = await run(command, ['--version'], { env }).catch(() => ({ code: 1 }));
  return code === 0;
}

/** Settings that keep apt's lists and archives in our folder, and switch off hooks that would clean the system's. */
const aptSettings = (work) => `
Dir::State::Lists "${work}/lists";
Dir::Cache "${work}/cache";
Debug::NoLocking "1";
APT::Sandbox::User "root";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Post-Invoke;
`;

async function must(command, args, options) {
  const result = await run(command, args, options);
  if (result.code !== 0) throw new Fixable(`Redis is not on PATH, and fetching it with ${command} failed: ${result.stderr.trim().split('\n').at(-1)}`, INSTALL);
  return result.stdout;
}

/** Downloads the server and whichever of its libraries this system lacks, and unpacks them; installs nothing. */
async function unpackFromApt(work, tree) {
  for (const folder of ['lists/partial', 'cache/archives/partial', 'debs', 'root']) fs.mkdirSync(path.join(work, folder), { recursive: true });
  const config = path.join(work, 'apt.conf');
  fs.writeFileSync(config, aptSettings(work));
  const apt = (args, options) => [['-c', config, '-qq', ...args], { cwd: path.join(work, 'debs'), env: { ...process.env, LC_ALL: 'C' }, ...options }];
  await run('apt-get', ...apt(['update'])); // one unreachable third-party source fails it; the next steps decide
  const uris = await must('apt-get', ...apt(['install', '--print-uris', '--yes', '--no-install-recommends', PACKAGE]));
  const names = [...uris.matchAll(/^'[^']+' ([^_]+)_/gm)].map(([, name]) => name);
  await must('apt-get', ...apt(['download', ...names]));
  for (const deb of fs.readdirSync(path.join(work, 'debs'))) await must('dpkg', ['-x', path.join(work, 'debs', deb), path.join(work, 'root')]);
  fs.mkdirSync(path.dirname(tree), { recursive: true });
  if (!fs.existsSync(tree)) fs.renameSync(path.join(work, 'root'), tree);
}

/**
 * The server to run: redis-server or valkey-server on PATH, else one unpacked from the distribution's packages into the
 * cache. Returns { command, env }.
 */
export async function redisBinary() {
  const found = which('redis-server') ?? which('valkey-server');
  if (found) return { command: found, env: {} };
  const tree = path.join(cacheDir(), 'redis');
  if (await works(unpacked(tree))) return unpacked(tree);
  if (!which('apt-get') || !which('dpkg')) throw new Fixable('No redis-server or valkey-server on PATH.', INSTALL);
  const work = `${tree}.${process.pid}`;
  fs.rmSync(tree, { recursive: true, force: true });
  try {
    await step('Fetching Redis from the package archive into the cache (once; the system is not changed)', () => unpackFromApt(work, tree));
  } finally {
    fs.rmSync(work, { recursive: true, force: true });
  }
  if (!(await works(unpacked(tree)))) throw new Fixable('Redis was fetched but does not run on this machine.', INSTALL);
  return unpacked(tree);
}
