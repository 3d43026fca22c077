import { parentPort } from 'node:worker_threads';

/** A thread of the tests: it answers, waits for ever, throws, or ends, as a request says. */
parentPort.on('message', ({ act, value }) => {
  if (act === 'answer') parentPort.postMessage(value);
  if (act === 'answer-and-exit') {
    parentPort.postMessage(value);
    setImmediate(() => process.exit(1));
  }
  if (act === 'loop') for (;;);
  if (act === 'throw') throw new Error('failed');
  if (act === 'exit') process.exit(1);
  if (act === 'fill') for (const all = []; ;) all.push(Array.from({ length: 1e6 }, () => ({})));
});
parentPort.postMessage('ready');
