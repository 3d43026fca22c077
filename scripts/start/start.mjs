import path from 'node:path';
import { makeHome } from '../lib/files.mjs';
import { aborted, foreground } from '../lib/foreground.mjs';
import { Fixable, say, step } from '../lib/log.mjs';
import { stateHome } from '../lib/paths.mjs';
import { rememberedPort, tryPort } from '../lib/ports.mjs';
import { forgetProcess, takeLock } from '../lib/run-files.mjs';
import { nodeEnv } from '../lib/runtime.mjs';
import { startServices } from '../services/index.mjs';
import { application, identityProvider, launchPrograms, reapApplication, runCli } from './application.mjs';
import { announce, completeDemoFile, demoFile } from './demo.mjs';
import { forgetRuntime, writeRuntime } from './runtime-file.mjs';

const host = () => process.env.HOST || '127.0.0.1';

/** Allows one start per state folder, and first ends processes that a killed start left. */
async function takeStartLock(home) {
  makeHome(home);
  const holder = takeLock(home, 'start');
  if (holder)
    throw new Fixable(
      `Vouchsafe is already running in ${home} (process ${holder}).`,
      `kill ${holder}   (or use the running one: npm run tour)`,
    );
  await reapApplication(home);
}

async function listenPort() {
  const given = process.env.PORT || '3000';
  const port = Number(given);
  if (!/^\d+$/.test(given) || port < 1 || port > 65_535)
    throw new Fixable(`PORT must be a number from 1 to 65535, not: ${given}`, 'PORT=3000 npm start');
  if (!(await tryPort(port, host())))
    throw new Fixable(
      `Port ${port} is in use by another program.`,
      `PORT=${port > 65_000 ? port - 100 : port + 100} npm start`,
    );
  return port;
}

async function applicationEnv(home, services) {
  const port = await listenPort();
  const idpPort = await rememberedPort(home, 'identity-provider');
  const publicUrl = process.env.PUBLIC_URL || `http://127.0.0.1:${port}`;
  return {
    ...nodeEnv(),
    ...services.env,
    VOUCHSAFE_HOME: home,
    HOST: host(),
    PORT: String(port),
    PUBLIC_URL: publicUrl,
    IDP_PORT: String(idpPort),
  };
}

async function serve({ home, services, stopping, onStop }) {
  const env = await applicationEnv(home, services);
  const demo = env.VOUCHSAFE_ENV === 'development';
  const deaths = [...services.died];
  const bringUp = async (label, programs) => {
    const launched = launchPrograms({ home, env }, programs);
    onStop(launched.stop);
    deaths.push(launched.died);
    await step(label, () => launched.ready(stopping));
  };
  await step('Migrating the database', () => runCli(['migrate'], { env, signal: stopping }));
  if (demo) {
    await bringUp('Starting the development identity provider', identityProvider(env));
    await step('Seeding the demo organizations', () =>
      runCli(['demo', 'seed', '--out', demoFile(home), '--idp-metadata', path.join(home, 'idp', 'metadata.xml')], {
        env,
        signal: stopping,
      }),
    );
  }
  await listenPort(); // another program can have taken the port, and its health would look like ours
  await bringUp('Starting the application', application(env));
  writeRuntime(home, env);
  if (demo) completeDemoFile({ home, env, services });
  announce({ home, env, demo });
  const died = await Promise.race([aborted(stopping), ...deaths]);
  if (died)
    throw new Fixable(
      `${died.name} ended unexpectedly; everything is stopped. The end of ${died.log}:\n${died.tail()}`,
      'npm start',
    );
}

/** Starts everything in order, and stops it in reverse order on success and on failure. */
export const start = () =>
  foreground(async (stopping) => {
    const home = stateHome();
    const stops = [];
    await takeStartLock(home);
    try {
      await listenPort(); // fails early if the port is in use
      const services = await step('Starting Postgres and Redis', () => startServices({ home }));
      stops.push(services.stop);
      stopping.throwIfAborted();
      await serve({ home, services, stopping, onStop: (stop) => stops.push(stop) });
    } finally {
      if (stopping.aborted) say('\nStopping');
      forgetRuntime(home);
      for (const stop of stops.reverse()) await stop();
      forgetProcess(home, 'start');
    }
  });
