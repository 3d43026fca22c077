import { spawn } from 'node:child_process';
import fs from 'node:fs';
import { Fixable, complain } from './log.mjs';
import { inRoot } from './paths.mjs';

/** Lowest Node that the application runs on; the bootstrap alone runs on the host's older one. */
export const MINIMUM = 24;

const pinned = inRoot('node_modules/.bin/node');
const major = (version) => Number(/^v?(\d+)/.exec(version)?.[1] ?? 0);

/** The Node that everything runs on: the one pinned by the lockfile, else the host's when it is new enough. */
export function nodeBinary() {
  if (fs.existsSync(pinned)) return pinned;
  if (major(process.version) >= MINIMUM) return process.execPath;
  const mend =
    process.platform === 'darwin'
      ? `brew install node@${MINIMUM} && brew link --overwrite node@${MINIMUM}`
      : 'npm ci --include=optional';
  throw new Fixable(
    `Node ${MINIMUM} is needed, this is ${process.version}, and the pinned one is not installed.`,
    mend,
  );
}

/** Environment in which `node` means the pinned one, for children that look it up on PATH. */
export const nodeEnv = (env = process.env) => ({ ...env, PATH: `${inRoot('node_modules/.bin')}:${env.PATH ?? ''}` });

/** First call of each entry script: continues on the pinned Node, whatever started the script. */
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

/** Runs a command in the foreground, hands signals on, and resolves to its exit code. */
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
