import { setInterval } from 'node:timers/promises';

/**
 * Runs `work` and keeps saving what it counts, every `millis` while it changes. A count that cannot be saved is passed
 * over: the next one says more.
 */
export async function withProgress<T>(
  save: (count: number) => Promise<void>,
  millis: number,
  work: (add: (more: number) => void) => Promise<T>,
): Promise<T> {
  const stop = new AbortController();
  let count = 0;
  const saving = (async () => {
    let saved = 0;
    for await (const _tick of setInterval(millis, undefined, { signal: stop.signal })) {
      if (count === saved) continue;
      saved = count;
      await save(saved).catch(() => undefined);
    }
  })().catch(() => undefined); // ends by being aborted
  try {
    return await work((more) => {
      count += more;
    });
  } finally {
    stop.abort();
    await saving;
  }
}
