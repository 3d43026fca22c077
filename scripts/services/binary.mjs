import fs from 'node:fs';
import path from 'node:path';
import { Fixable, step } from '../lib/log.mjs';
import { run } from '../lib/process.mjs';
import { cacheDir } from '../lib/paths.mjs';

/** Folders with servers that are not on the PATH of ordinary users. */
const SYSTEM_FOLDERS = ['/usr/local/sbin', '/usr/sbin'];

const which = (name) =>
  [...(process.env.PATH ?? '').split(':').filter(Boolean), ...SYSTEM_FOLDERS]
    .map((folder) => path.join(folder, name))
    .find((file) => fs.existsSync(file));

/** Returns the library folders of an unpacked Debian tree. */
function libraryPath(tree) {
  return ['usr/lib', 'lib']
    .flatMap((base) => {
      const folder = path.join(tree, base);
      if (!fs.existsSync(folder)) return [];
      return fs
        .readdirSync(folder)
        .filter((name) => name.endsWith('-linux-gnu'))
        .map((name) => path.join(folder, name));
    })
    .join(':');
}

async function works({ command, env }) {
  const { code } = await run(command, ['--version'], { env }).catch(() => ({ code: 1 }));
  return code === 0;
}

/** Apt settings that keep lists and archives in the given folder, and disable hooks that would clean the system's. */
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

/** Downloads the package and its missing libraries, and unpacks them without installation. */
async function unpackFromApt({ title, debian, install }, work, tree) {
  const ensure = async (command, args, options) => {
    const result = await run(command, args, options);
    if (result.code === 0) return result.stdout;
    throw new Fixable(
      `${title} is not on PATH, and fetching it with ${command} failed: ${result.stderr.trim().split('\n').at(-1)}`,
      install,
    );
  };
  for (const folder of ['lists/partial', 'cache/archives/partial', 'debs', 'root'])
    fs.mkdirSync(path.join(work, folder), { recursive: true });
  const config = path.join(work, 'apt.conf');
  fs.writeFileSync(config, aptSettings(work));
  const apt = (args) => [
    ['-c', config, '-qq', ...args],
    { cwd: path.join(work, 'debs'), env: { ...process.env, LC_ALL: 'C' } },
  ];
  await run('apt-get', ...apt(['update'])); // fails for one unreachable third-party source; later steps decide
  const uris = await ensure('apt-get', ...apt(['install', '--print-uris', '--yes', '--no-install-recommends', debian]));
  const names = [...uris.matchAll(/^'[^']+' ([^_]+)_/gm)].map(([, name]) => name);
  await ensure('apt-get', ...apt(['download', ...names]));
  for (const deb of fs.readdirSync(path.join(work, 'debs')))
    await ensure('dpkg', ['-x', path.join(work, 'debs', deb), path.join(work, 'root')]);
  fs.mkdirSync(path.dirname(tree), { recursive: true });
  if (!fs.existsSync(tree)) fs.renameSync(path.join(work, 'root'), tree);
}

/**
 * Returns the server to run: one of `names` on PATH, or `file` of the Debian package `debian`, unpacked into the cache.
 * `title` and `install` appear in error messages. Returns { command, env }.
 */
export async function serverBinary(server) {
  const { title, names, debian, file, install } = server;
  const found = names.map(which).find(Boolean);
  if (found) return { command: found, env: {} };
  const tree = path.join(cacheDir(), debian);
  const unpacked = () => ({ command: path.join(tree, file), env: { LD_LIBRARY_PATH: libraryPath(tree) } });
  if (await works(unpacked())) return unpacked();
  if (!which('apt-get') || !which('dpkg')) throw new Fixable(`No ${names.join(' or ')} on PATH.`, install);
  const work = `${tree}.${process.pid}`;
  fs.rmSync(tree, { recursive: true, force: true });
  try {
    await step(`Downloading ${title} into the cache (once; the system does not change)`, () =>
      unpackFromApt(server, work, tree),
    );
  } finally {
    fs.rmSync(work, { recursive: true, force: true });
  }
  if (!(await works(unpacked())))
    throw new Fixable(`${title} was downloaded but does not run on this machine.`, install);
  return unpacked();
}
