import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 20;

/** Waits until a condition holds that another process fulfills. Throws with the description after the timeout. */
export async function until(what: string, condition: () => Promise<boolean> | boolean, seconds = 120): Promise<void> {
  const end = Date.now() + seconds * 1_000;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`not fulfilled after ${seconds} s: ${what}`);
    await delay(POLL_MS);
  }
}
