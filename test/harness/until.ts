import { setTimeout as delay } from 'node:timers/promises';

const LOOK_MS = 20;

/**
 * Looks until a condition holds; fails with what was waited for when it never does. For work done by other processes.
 */
export async function until(what: string, condition: () => Promise<boolean> | boolean, seconds = 60): Promise<void> {
  const end = Date.now() + seconds * 1_000;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`waited ${seconds} s in vain: ${what}`);
    await delay(LOOK_MS);
  }
}
