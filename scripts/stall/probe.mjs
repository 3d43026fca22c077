/**
 * Loaded into the API before its code. Answers each message of the parent process with two times since the previous
 * message, in milliseconds: the longest delay of the event loop, and the CPU time of its thread. The application has no
 * route for it.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';

const RESOLUTION_MS = 1;
const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
delays.enable();
let since = process.threadCpuUsage();
process.on('message', () => {
  const answer = () => {
    const { user, system } = process.threadCpuUsage(since);
    process.send({ delayMs: Math.max(0, delays.max / 1e6 - RESOLUTION_MS), cpuMs: (user + system) / 1_000 });
    delays.reset();
    since = process.threadCpuUsage();
  };
  setTimeout(answer, 5 * RESOLUTION_MS); // the timer that measures must expire first
});
