import { isMainThread } from 'node:worker_threads';

/** Preloaded into every thread of the tests, so that worker threads can also import the TypeScript files. */
if (!isMainThread) {
  const { installHooks } = await import('./typescript.mjs');
  installHooks();
}
