#!/usr/bin/env node
/**
 * `npm run cli -- <command>` and `npx vouchsafe <command>`: the CLI for operators. It uses the operator's environment
 * if one is set. Otherwise it uses the environment of the running `npm start`. It never mixes the two.
 */
import fs from 'node:fs';
import { Fixable, complain } from './lib/log.mjs';
import { inRoot, stateHome } from './lib/paths.mjs';
import { nodeBinary, nodeEnv, onPinnedNode, relay } from './lib/runtime.mjs';
import { readRuntime } from './start/runtime-file.mjs';

const OPERATORS = ['DATABASE_URL', 'WORKER_DATABASE_URL', 'MIGRATOR_DATABASE_URL', 'VOUCHSAFE_ENV'];
const cli = inRoot('dist/src/cli.js');

/** Returns whether a command needs no installation: it prints help or writes the documents. */
const needsNothing = (args) =>
  args.length === 0 || ['docs', 'help'].includes(args[0]) || args.some((arg) => arg === '--help' || arg === '-h');

function environment(args) {
  if (OPERATORS.some((name) => process.env[name]) || needsNothing(args)) return nodeEnv();
  const running = readRuntime(stateHome());
  if (!running)
    throw new Fixable(
      `No \`npm start\` is running in ${stateHome()}.`,
      'npm start   (in another terminal), or set the variables of .env.example',
    );
  return { ...nodeEnv(), ...running };
}

async function main(args) {
  if (!fs.existsSync(cli)) throw new Fixable('Vouchsafe has not been built.', 'node scripts/bootstrap.mjs');
  return relay(nodeBinary(), [cli, ...args], { env: environment(args) });
}

await onPinnedNode();
try {
  process.exit(await main(process.argv.slice(2)));
} catch (error) {
  complain(error);
  process.exit(1);
}
