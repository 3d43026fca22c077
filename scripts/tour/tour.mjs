import path from 'node:path';
import { readJson } from '../lib/files.mjs';
import { Fixable, complain, say } from '../lib/log.mjs';
import { stateHome } from '../lib/paths.mjs';
import { readUnderRowSecurity } from './access.mjs';
import { exportFiles } from './exports.mjs';
import { readTheLog } from './log.mjs';
import { runRetention } from './retention.mjs';
import { signInBySaml } from './sign-in.mjs';
import { Story, Unexpected } from './steps.mjs';
import { takeInWebhooks } from './webhooks.mjs';

/** The demo installation that runs from the state folder. */
async function runningDemo() {
  const file = path.join(stateHome(), 'demo.json');
  const demo = readJson(file);
  if (demo?.baseUrl === undefined)
    throw new Fixable(
      `${file} does not exist: nothing has been started from this folder.`,
      'npm start   (in another terminal, until it says ready)',
    );
  const answer = await fetch(`${demo.baseUrl}/health/ready`, { signal: AbortSignal.timeout(5_000) }).catch(
    () => undefined,
  );
  if (!answer?.ok)
    throw new Fixable(`${demo.baseUrl} does not answer.`, 'npm start   (in another terminal, until it says ready)');
  return demo;
}

/** Takes the steps in order, each on what the one before left; returns the exit code. */
export async function tour() {
  const story = new Story();
  const startedAt = new Date();
  try {
    const demo = await runningDemo();
    say(`The main job of Vouchsafe, against ${demo.baseUrl}`);
    const director = await signInBySaml(story, demo);
    const person = await takeInWebhooks(story, demo, director);
    await readUnderRowSecurity(story, demo, director, person);
    await exportFiles(story, demo, director, person);
    await runRetention(story, demo, director);
    await readTheLog(story, demo, director, startedAt);
    say(`\n✓ ${story.steps} steps in ${((Date.now() - startedAt.getTime()) / 1000).toFixed(1)} s`);
    return 0;
  } catch (error) {
    complain(error instanceof Unexpected ? new Fixable(`step ${story.steps} failed: ${error.message}`) : error);
    return 1;
  }
}
