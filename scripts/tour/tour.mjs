import path from 'node:path';
import { readJson } from '../lib/files.mjs';
import { Fixable, complain, say } from '../lib/log.mjs';
import { stateHome } from '../lib/paths.mjs';
import { readUnderRowSecurity } from './access.mjs';
import { exportFiles } from './exports.mjs';
import { readTheLog } from './log.mjs';
import { runRetention } from './retention.mjs';
import { readRuntime } from '../start/runtime-file.mjs';
import { signInBySaml } from './sign-in.mjs';
import { StepRunner, Unexpected } from './steps.mjs';
import { runWebhooks } from './webhooks.mjs';

/** Returns the demo data of the installation that runs from the state folder. */
async function runningDemo() {
  const file = path.join(stateHome(), 'demo.json');
  const demo = readJson(file);
  // the file outlives `npm start`, and another program may have its port by now
  if (demo?.baseUrl === undefined || readRuntime(stateHome()) === undefined)
    throw new Fixable(
      '`npm start` does not run in this folder.',
      'npm start   (in another terminal, until it says ready)',
    );
  const answer = await fetch(`${demo.baseUrl}/health/ready`, { signal: AbortSignal.timeout(5_000) }).catch(
    () => undefined,
  );
  if (!answer?.ok)
    throw new Fixable(`${demo.baseUrl} does not answer.`, 'npm start   (in another terminal, until it says ready)');
  return demo;
}

/** Runs the steps in order and returns the exit code. */
export async function tour() {
  const runner = new StepRunner();
  const startedAt = new Date();
  try {
    const demo = await runningDemo();
    say(`A tour of Vouchsafe at ${demo.baseUrl}`);
    const director = await signInBySaml(runner, demo);
    const person = await runWebhooks(runner, demo, director);
    await readUnderRowSecurity(runner, demo, director, person);
    await exportFiles(runner, demo, director, person);
    await runRetention(runner, demo, director);
    await readTheLog(runner, demo, director, startedAt);
    say(`\n✓ ${runner.steps} steps in ${((Date.now() - startedAt.getTime()) / 1000).toFixed(1)} s`);
    return 0;
  } catch (error) {
    complain(error instanceof Unexpected ? new Fixable(`step ${runner.steps} failed: ${error.message}`) : error);
    return 1;
  }
}
