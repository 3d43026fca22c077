import { setInterval } from 'node:timers/promises';

/**
 * Runs `work` and saves its count every `millis` milliseconds while the count changes. A failure to save is ignored,
 * because the next save has a newer count.
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
  })().catch(() => undefined); // the abort ends the loop
  try {
    return await work((more) => {
      count += more;
    });
  } finally {
    stop.abort();
    await saving;
  }
}
