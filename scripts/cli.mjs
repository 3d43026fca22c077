#!/usr/bin/env node
/** `npm run cli -- <command>` and `npx vouchsafe <command>`: the operators' CLI, against the running `npm start` unless DATABASE_URL is set. */
import fs from 'node:fs';
import { Fixable, complain } from './lib/log.mjs';
import { inRoot, stateHome } from './lib/paths.mjs';
import { nodeBinary, nodeEnv, onPinnedNode, relay } from './lib/runtime.mjs';
import { readRuntime } from './start/runtime-file.mjs';

await onPinnedNode();
const cli = inRoot('dist/src/cli.js');
if (fs.existsSync(cli)) {
  const found = process.env.DATABASE_URL ? undefined : readRuntime(stateHome());
  process.exit(await relay(nodeBinary(), [cli, ...process.argv.slice(2)], { env: { ...nodeEnv(), ...found } }));
} else {
  complain(new Fixable('Vouchsafe is not built yet.', 'node scripts/bootstrap.mjs'));
  process.exit(1);
}
