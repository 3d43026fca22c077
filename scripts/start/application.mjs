import { setTimeout as delay } from 'node:timers/promises';
import { tail } from '../lib/files.mjs';
import { Fixable } from '../lib/log.mjs';
import { inRoot } from '../lib/paths.mjs';
import { launch, run } from '../lib/process.mjs';
import { reapOrphan } from '../lib/run-files.mjs';
import { nodeBinary } from '../lib/runtime.mjs';

const READY_MS = 60_000;
const PROGRAMS = {
  'identity-provider': 'scripts/identity-provider.mjs',
  worker: 'dist/src/worker.js',
  api: 'dist/src/main.js',
};

/** The development identity provider with its health URL. It must run before the demo data is created. */
export const identityProvider = (env) => ({
  names: ['identity-provider'],
  health: `http://127.0.0.1:${env.IDP_PORT}/metadata`,
});

/** The worker and the API. */
export const application = (env) => ({ names: ['worker', 'api'], health: `http://127.0.0.1:${env.PORT}/health/ready` });

/** Ends processes that a killed run left. */
export const reapApplication = (home) => Promise.all(Object.keys(PROGRAMS).map((name) => reapOrphan(home, name)));

/** Returns the name of a command: its words before the first option. */
function commandName(args) {
  const option = args.findIndex((arg) => arg.startsWith('-'));
  return args.slice(0, option < 0 ? args.length : option).join(' ');
}

/** Runs a command of the application's CLI, and shows its output only on failure. */
export async function runCli(args, { env, signal }) {
  const { code, stdout, stderr } = await run(nodeBinary(), [inRoot('dist/src/cli.js'), ...args], {
    env,
    signal,
    cwd: inRoot(),
  });
  if (code !== 0)
    throw new Fixable(
      `${commandName(args)} failed:\n${`${stdout}\n${stderr}`.trim()}`,
      'npm start (after you fix the error)',
    );
}

async function answers(url) {
  const response = await fetch(url, { signal: AbortSignal.timeout(2_000) }).catch(() => undefined);
  await response?.body?.cancel();
  return response?.ok ?? false;
}

/** Launches programs that are ready when `health` answers. Returns { pids, ready(signal), died, stop() }. */
export function launchPrograms({ home, env }, { names, health }) {
  const programs = names.map((name) =>
    launch({ home, name, command: nodeBinary(), args: [inRoot(PROGRAMS[name])], env, cwd: inRoot() }),
  );
  const died = Promise.race(
    programs.map(({ name, log, exited }) => exited.then(() => ({ name, log, tail: () => tail(log) }))),
  );

  const ready = async (signal) => {
    const end = Date.now() + READY_MS;
    while (!(await answers(health))) {
      signal.throwIfAborted();
      const ended = programs.find(({ running }) => !running());
      if (ended)
        throw new Fixable(
          `${ended.name} ended during the start. The end of ${ended.log}:\n${tail(ended.log)}`,
          'npm start (after you fix the problem in the log)',
        );
      if (Date.now() > end)
        throw new Fixable(
          `${health} did not answer within ${READY_MS / 1000} s; see ${programs.at(-1).log}.`,
          'npm start',
        );
      await delay(100);
    }
  };
  const stop = () => Promise.all(programs.map((program) => program.stop({ deadlineMs: 20_000 })));
  return { pids: programs.map(({ pid }) => pid), ready, died, stop };
}
