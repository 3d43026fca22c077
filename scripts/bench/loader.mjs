import { fork } from 'node:child_process';
import { inRoot } from '../lib/paths.mjs';
import { nodeBinary } from '../lib/runtime.mjs';

/** Starts the load generator. Returns { measure(load), stop() }; measure rejects when a request failed. */
export function startLoader() {
  const child = fork(inRoot('scripts/bench/load.mjs'), { execPath: nodeBinary(), detached: true });
  const measure = (load) =>
    new Promise((resolve, reject) => {
      const ended = () => reject(new Error('the load generator ended'));
      child.once('exit', ended);
      child.once('message', ({ result, error }) => {
        child.off('exit', ended);
        const failure = error ?? (result.failures && `${load.url} did not answer all requests: ${result.failures}`);
        if (failure) reject(new Error(failure));
        else resolve(result);
      });
      child.send(load);
    });
  const stop = async () => void child.kill('SIGKILL');
  return { measure, stop };
}
