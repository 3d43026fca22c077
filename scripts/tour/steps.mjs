import { inspect, isDeepStrictEqual } from 'node:util';
import { setTimeout as delay } from 'node:timers/promises';
import { say } from '../lib/log.mjs';

const PATIENCE_MS = 20_000;

/** Something came out otherwise than it must: what was looked at, what was expected, what came. */
export class Unexpected extends Error {
  constructor(what, expected, came) {
    const show = (value) => (typeof value === 'string' ? value : inspect(value, { depth: 5, breakLength: 110 }));
    super(`${what}\n     expected: ${show(expected)}\n     came:     ${show(came)}`);
    this.name = 'Unexpected';
  }
}

export function expectEqual(what, came, expected) {
  if (!isDeepStrictEqual(came, expected)) throw new Unexpected(what, expected, came);
}

/** `expected` says in words what `holds` asks for. */
export function expectThat(what, holds, expected, came) {
  if (!holds) throw new Unexpected(what, expected, came);
}

/** Asks again until something comes that is not undefined, for as long as the worker may need. */
export async function until(what, ask) {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    const found = await ask();
    if (found !== undefined) return found;
    if (Date.now() > end)
      throw new Unexpected(what, `within ${PATIENCE_MS / 1000} s`, 'nothing yet: does the worker run?');
    await delay(100);
  }
}

/** Numbers the steps; each says what is done, and through `see` what was seen. */
export class Story {
  steps = 0;

  async step(what, work) {
    this.steps += 1;
    say(`\n${String(this.steps).padStart(2)}. ${what}`);
    return work((seen) => say(`    → ${seen}`));
  }
}
