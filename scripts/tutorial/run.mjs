import fs from 'node:fs';
import path from 'node:path';
import { copyCheckout } from '../lib/copy-checkout.mjs';
import { freshHome } from '../lib/fresh-home.mjs';
import { Fixable } from '../lib/log.mjs';
import { cacheDir, inRoot } from '../lib/paths.mjs';
import { run } from '../lib/process.mjs';
import { forgetProcess } from '../lib/run-files.mjs';
import { nodeEnv } from '../lib/runtime.mjs';
import { edited, stepsOf } from './steps.mjs';

const TUTORIAL = inRoot('docs/tutorial.md');
const SHOWN_LINES = 60;

/** Returns the environment of a user at a new terminal, with the downloads of this checkout. */
function readersEnv(state) {
  fs.mkdirSync(state);
  fs.mkdirSync(cacheDir(), { recursive: true });
  fs.symlinkSync(cacheDir(), path.join(state, 'cache'));
  const { PATH, HOME, LANG, USER } = process.env;
  return { ...nodeEnv({ PATH, HOME, LANG, USER }), VOUCHSAFE_HOME: state };
}

async function follow(step, { cwd, env, signal }) {
  if (step.command === undefined) {
    const file = path.join(cwd, step.file);
    fs.writeFileSync(file, edited(fs.readFileSync(file, 'utf8'), step));
    return;
  }
  const { code, stdout, stderr } = await run('sh', ['-c', step.command], { cwd, env, signal });
  if (code === 0) return;
  const output = `${stdout}\n${stderr}`.trim().split('\n').slice(-SHOWN_LINES).join('\n');
  throw new Fixable(`docs/tutorial.md: this command failed: ${step.command}\n${output}`, 'npm run tutorial');
}

/** Runs all steps of the tutorial in a copy of the checkout. Throws at the first step that fails. */
export async function runTutorial({ signal }) {
  const home = await freshHome('tutorial');
  const cwd = path.join(home, 'checkout');
  try {
    copyCheckout(cwd);
    const env = readersEnv(path.join(home, 'state'));
    const steps = stepsOf(fs.readFileSync(TUTORIAL, 'utf8'));
    if (steps.length === 0) throw new Error('docs/tutorial.md has no steps');
    for (const step of steps) await follow(step, { cwd, env, signal });
    fs.rmSync(cwd, { recursive: true });
  } finally {
    forgetProcess(home, 'tutorial');
  }
}
