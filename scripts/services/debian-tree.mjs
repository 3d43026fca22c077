import fs from 'node:fs';
import path from 'node:path';
import { Fixable, step } from '../lib/log.mjs';
import { run } from '../lib/process.mjs';
import { cacheDir } from '../lib/paths.mjs';

/** Folders with servers that are not on the PATH of ordinary users. */
const SYSTEM_FOLDERS = ['/usr/local/sbin', '/usr/sbin'];

/** Returns the file of a program, or undefined. */
export const which = (name) =>
  [...(process.env.PATH ?? '').split(':').filter(Boolean), ...SYSTEM_FOLDERS]
    .map((folder) => path.join(folder, name))
    .find((file) => fs.existsSync(file));

/** Returns the architecture folders of an unpacked tree, such as `usr/lib/x86_64-linux-gnu`. */
export const architectureFolders = (tree) =>
  ['usr/lib', 'lib'].flatMap((base) => {
    const folder = path.join(tree, base);
    if (!fs.existsSync(folder)) return [];
    return fs
      .readdirSync(folder)
      .filter((name) => name.endsWith('-linux-gnu'))
      .map((name) => path.join(folder, name));
  });

/** Returns the environment in which programs of an unpacked tree find their libraries. */
export const libraryEnv = (tree) => ({
  LD_LIBRARY_PATH: [...architectureFolders(tree), path.join(tree, 'usr/lib')].join(':'),
});

/** Runs a program, and returns undefined if it succeeds or its first line of errors. */
export async function failureOf(command, args, env) {
  const { code, stderr } = await run(command, args, { env }).catch(({ message }) => ({ code: 1, stderr: message }));
  return code === 0 ? undefined : stderr.split('\n')[0] || `${path.basename(command)} exits with code ${code}`;
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

/** Downloads the packages and what they need and the system lacks, and unpacks them without installation. */
async function unpackFromApt({ title, packages, install }, work, tree) {
  const ensure = async (command, args, options) => {
    const result = await run(command, args, options);
    if (result.code === 0) return result.stdout;
    throw new Fixable(
      `${title} is not available, and fetching it with ${command} failed: ${result.stderr.trim().split('\n').at(-1)}`,
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
  const uris = await ensure(
    'apt-get',
    ...apt(['install', '--print-uris', '--yes', '--no-install-recommends', ...packages]),
  );
  const names = [...uris.matchAll(/^'[^']+' ([^_]+)_/gm)].map(([, name]) => name);
  // A package that the system has already is unpacked too, because its files are read from the tree.
  await ensure('apt-get', ...apt(['download', ...new Set([...packages, ...names])]));
  for (const deb of fs.readdirSync(path.join(work, 'debs')))
    await ensure('dpkg', ['-x', path.join(work, 'debs', deb), path.join(work, 'root')]);
  fs.mkdirSync(path.dirname(tree), { recursive: true });
  if (!fs.existsSync(tree)) fs.renameSync(path.join(work, 'root'), tree);
}

/**
 * Returns the folder with the unpacked Debian packages `packages`: `<cache>/<name>`. Downloads them unless the programs
 * run: `problem(tree)` returns undefined, or the reason why they do not. The system does not change. `title` and
 * `install` appear in error messages.
 */
export async function debianTree({ title, name, packages, install, problem }) {
  const tree = path.join(cacheDir(), name);
  if ((await problem(tree)) === undefined) return tree;
  if (!which('apt-get') || !which('dpkg')) throw new Fixable(`${title} is not on this machine.`, install);
  const work = `${tree}.${process.pid}`;
  fs.rmSync(tree, { recursive: true, force: true });
  try {
    await step(`Downloading ${title} into the cache (once; the system does not change)`, () =>
      unpackFromApt({ title, packages, install }, work, tree),
    );
  } finally {
    fs.rmSync(work, { recursive: true, force: true });
  }
  const reason = await problem(tree);
  if (reason === undefined) return tree;
  throw new Fixable(`${title} was downloaded but does not run on this machine: ${reason}`, install);
}
