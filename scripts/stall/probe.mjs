/**
 * Loaded into the API before its code. Answers each message of the parent process with the longest delay of the event
 * loop since the previous message, in milliseconds. The application has no route for it.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';

const RESOLUTION_MS = 1;
const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
delays.enable();
process.on('message', () => {
  // The timer that measures must expire first.
  setTimeout(() => {
    process.send({ delayMs: Math.max(0, delays.max / 1e6 - RESOLUTION_MS) });
    delays.reset();
  }, 5 * RESOLUTION_MS);
});
