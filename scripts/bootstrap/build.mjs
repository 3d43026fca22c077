import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { Fixable } from '../lib/log.mjs';
import { inRoot } from '../lib/paths.mjs';
import { run } from '../lib/process.mjs';
import { nodeBinary, nodeEnv } from '../lib/runtime.mjs';

const SOURCES = ['src', 'nest-cli.json', 'package-lock.json', 'tsconfig.build.json', 'tsconfig.json'];
const STAMP = inRoot('dist/.sources');

function filesUnder(entry) {
  const stat = fs.statSync(entry, { throwIfNoEntry: false });
  if (!stat) return [];
  if (!stat.isDirectory()) return [entry];
  return fs
    .readdirSync(entry)
    .sort()
    .flatMap((name) => filesUnder(path.join(entry, name)));
}

/** Returns a hash of all files that the build reads, without tests. */
function sourcesHash() {
  const hash = createHash('sha256');
  for (const file of SOURCES.flatMap((name) => filesUnder(inRoot(name))).filter((name) => !name.endsWith('.spec.ts'))) {
    hash
      .update(`${path.relative(inRoot(), file)}\0`)
      .update(fs.readFileSync(file))
      .update('\0');
  }
  return hash.digest('hex');
}

export const buildIsCurrent = () => fs.existsSync(STAMP) && fs.readFileSync(STAMP, 'utf8') === sourcesHash();

/** Compiles to dist/ and stores the hash of the sources. A failed build stores no hash. */
export async function build() {
  const hash = sourcesHash();
  const { code, stdout, stderr } = await run(nodeBinary(), [inRoot('node_modules/@nestjs/cli/bin/nest.js'), 'build'], {
    cwd: inRoot(),
    env: { ...nodeEnv(), NO_COLOR: '1' },
  });
  if (code !== 0)
    throw new Fixable(
      `The build failed:\n${`${stdout}\n${stderr}`.trim()}`,
      'npm run build (after you fix the errors)',
    );
  fs.mkdirSync(path.dirname(STAMP), { recursive: true });
  fs.writeFileSync(STAMP, hash);
}
