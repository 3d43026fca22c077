import { inspect, isDeepStrictEqual } from 'node:util';
import { setTimeout as delay } from 'node:timers/promises';
import { say } from '../lib/log.mjs';

const WAIT_MS = 20_000;

/** A result differs from the expectation: what was checked, the expected value, and the actual value. */
export class Unexpected extends Error {
  constructor(what, expected, actual) {
    const show = (value) => (typeof value === 'string' ? value : inspect(value, { depth: 5, breakLength: 110 }));
    super(`${what}\n     expected: ${show(expected)}\n     actual:   ${show(actual)}`);
    this.name = 'Unexpected';
  }
}

export function expectEqual(what, actual, expected) {
  if (!isDeepStrictEqual(actual, expected)) throw new Unexpected(what, expected, actual);
}

/** `expected` describes the condition `holds` in words. */
export function expectThat(what, holds, expected, actual) {
  if (!holds) throw new Unexpected(what, expected, actual);
}

/** Repeats `ask` until it returns a value, within the time that the worker may need. */
export async function until(what, ask) {
  const end = Date.now() + WAIT_MS;
  for (;;) {
    const found = await ask();
    if (found !== undefined) return found;
    if (Date.now() > end)
      throw new Unexpected(what, `within ${WAIT_MS / 1000} s`, 'no result: check that the worker is running');
    await delay(100);
  }
}

/** Numbers and prints the steps. A step prints its observations through `see`. */
export class StepRunner {
  steps = 0;

  async step(what, work) {
    this.steps += 1;
    say(`\n${String(this.steps).padStart(2)}. ${what}`);
    return work((seen) => say(`    → ${seen}`));
  }
}
