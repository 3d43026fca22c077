import { complain } from './log.mjs';

/**
 * Calls `act` when the parent process changes. A killed npm sends no signal to its script, so this is the only sign.
 * Without npm, the parent process may end.
 */
function onParentGone(act) {
  if (!process.env.npm_lifecycle_event) return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    act();
  }, 250);
  timer.unref();
}

/**
 * Runs `work(stopping)` as a foreground command: Ctrl-C, SIGTERM and a closed terminal abort `stopping`, and the
 * process ends only after `work` has returned. A second signal has no effect, because stopping has its own time limits.
 */
export async function foreground(work) {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => controller.abort());
  onParentGone(() => controller.abort());
  try {
    await work(controller.signal);
  } catch (error) {
    if (!controller.signal.aborted) {
      complain(error);
      process.exitCode = 1;
    }
  }
  process.exit();
}

/** Resolves when the signal is aborted. */
export const aborted = (signal) =>
  new Promise((resolve) =>
    signal.aborted ? resolve() : signal.addEventListener('abort', () => resolve(), { once: true }),
  );
