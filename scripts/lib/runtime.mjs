import { spawn } from 'node:child_process';
import fs from 'node:fs';
import { Fixable, complain } from './log.mjs';
import { inRoot } from './paths.mjs';

/** The minimum Node version of the application. Only the bootstrap supports an older host. */
export const MINIMUM = 24;

const pinned = inRoot('node_modules/.bin/node');
const major = (version) => Number(/^v?(\d+)/.exec(version)?.[1] ?? 0);

/** Returns the Node for all processes: the one pinned by the lockfile, or the host's if it is new enough. */
export function nodeBinary() {
  if (fs.existsSync(pinned)) return pinned;
  if (major(process.version) >= MINIMUM) return process.execPath;
  const remedy =
    process.platform === 'darwin'
      ? `brew install node@${MINIMUM} && brew link --overwrite node@${MINIMUM}`
      : 'npm ci --include=optional';
  throw new Fixable(
    `Node ${MINIMUM} or later is required; this is ${process.version}, and the pinned Node is not installed.`,
    remedy,
  );
}

/** Returns an environment in which `node` on PATH is the pinned Node. */
export const nodeEnv = (env = process.env) => ({ ...env, PATH: `${inRoot('node_modules/.bin')}:${env.PATH ?? ''}` });

/** The first call of each entry script: restarts the script on the pinned Node if necessary. */
export async function onPinnedNode() {
  try {
    const node = nodeBinary();
    if (fs.realpathSync(node) === fs.realpathSync(process.execPath)) return;
    process.exit(await relay(node, process.argv.slice(1)));
  } catch (error) {
    complain(error);
    process.exit(1);
  }
}

/** Runs a command in the foreground, forwards signals, and resolves to its exit code. */
export function relay(command, args, options = {}) {
  const child = spawn(command, args, { stdio: 'inherit', ...options });
  const forward = (signal) => child.kill(signal);
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, forward);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      for (const name of signals) process.off(name, forward);
      resolve(code ?? (signal === 'SIGINT' ? 130 : 143));
    });
  });
}
