import path from 'node:path';
import { foreground } from '../lib/foreground.mjs';
import { freshHome } from '../lib/fresh-home.mjs';
import { complain, say, step } from '../lib/log.mjs';
import { cacheDir } from '../lib/paths.mjs';
import { forgetProcess } from '../lib/run-files.mjs';
import { nodeEnv } from '../lib/runtime.mjs';
import { identityProviders } from '../services/identity-providers.mjs';
import { startServices } from '../services/index.mjs';
import { pgBouncerBinary } from '../services/pgbouncer.mjs';
import { runCli } from '../start/application.mjs';
import { checks } from './checks.mjs';
import { runJest } from './jest.mjs';

/** What a command runs: the servers that its tests start, its static checks, and its options of Jest. */
const SUITES = {
  test: { servers: { 'PgBouncer is available': pgBouncerBinary }, checks, jest: [] },
  'test-services': {
    servers: { 'SimpleSAMLphp and LemonLDAP::NG are available': identityProviders },
    checks: {},
    jest: ['--config=jest.services.config.js'],
  },
};

/**
 * The environment of the tests: the application's variables, and the superuser who copies the migrated database for
 * each suite.
 */
const testEnv = (services) => ({
  ...nodeEnv(),
  ...services.env,
  VOUCHSAFE_ENV: 'test',
  NODE_COMPILE_CACHE: path.join(cacheDir(), 'compiled'), // many tests start processes of the same build
  TEST_SUPERUSER_DATABASE_URL: services.postgres.superuserUrl,
  TEST_TEMPLATE_DATABASE: 'vouchsafe',
});

/** Counts one check. A failure is printed and does not stop the other checks. */
async function counted(tally, name, work, options) {
  try {
    await step(name, work, options);
    tally.passed += 1;
    return true;
  } catch (error) {
    tally.failed += 1;
    complain(error);
    return false;
  }
}

async function runAll({ tally, suite, home, args, stops, stopping }) {
  let services;
  await step('Starting Postgres and Redis for the tests', async () => {
    services = await startServices({ home, durable: false, ignoreEnv: true });
    stops.push(services.stop);
  });
  for (const [name, fetched] of Object.entries(suite.servers)) await counted(tally, name, fetched);
  const env = testEnv(services);
  if (args.length === 0) delete env.ROUTES; // a full run tests every route
  const migrated = await counted(tally, 'migrations', () => runCli(['migrate'], { env, signal: stopping }));
  if (args.length === 0) {
    await Promise.all(
      Object.entries(suite.checks).map(([name, check]) =>
        counted(tally, name, () => check({ env, signal: stopping }), { alone: false }),
      ),
    );
  }
  stopping.throwIfAborted();
  if (!migrated) return;
  const { passed, failed } = await runJest({ home, env, args: [...suite.jest, ...args] });
  tally.passed += passed;
  tally.failed += failed;
}

/**
 * Runs everything of `test` or `test-services`, and prints `N passed, N failed` as the last line. Each check and each
 * test counts as one.
 */
export const test = (args, name = 'test') =>
  foreground(async (stopping) => {
    const tally = { passed: 0, failed: 0 };
    const stops = [];
    const home = await freshHome(name);
    try {
      await runAll({ tally, suite: SUITES[name], home, args, stops, stopping });
    } catch (error) {
      tally.failed += 1;
      if (!stopping.aborted) complain(error);
    } finally {
      for (const stop of stops) await stop();
      forgetProcess(home, name);
    }
    if (tally.failed > 0) process.exitCode = 1;
    say(`${tally.passed} passed, ${tally.failed} failed`);
  });
