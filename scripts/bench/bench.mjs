import { foreground } from '../lib/foreground.mjs';
import { freshHome } from '../lib/fresh-home.mjs';
import { step } from '../lib/log.mjs';
import { forgetProcess } from '../lib/run-files.mjs';
import { comparisons } from './comparisons.mjs';
import { cpuSeconds } from './cpu.mjs';
import { timeDecisions } from './decisions.mjs';
import { startLoader } from './loader.mjs';
import { report } from './report.mjs';
import { POOL_SIZE, startEnvironment } from './stage.mjs';

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 7);
const SECONDS = Number(process.env.BENCH_SECONDS ?? 4);
const WARM_UP_SECONDS = 3;
const CONNECTIONS = 32;
const DECISIONS = 1_000_000;

/** The number of record paths that the load uses. */
const PATHS = 500;

/**
 * Measures the servers of one comparison in turn over several rounds, after a warm-up. `cpu` is the CPU time of a
 * request in microseconds, of the server process and of Postgres.
 */
async function compare({ servers }, { measure, postgresPid, stopping }) {
  const once = async ({ load, pid }, seconds) => {
    stopping.throwIfAborted();
    const before = [cpuSeconds(pid), cpuSeconds(postgresPid)];
    const result = await measure({ ...load, connections: CONNECTIONS, seconds });
    const [server, postgres] = [cpuSeconds(pid), cpuSeconds(postgresPid)].map(
      (after, i) => ((after - before[i]) * 1e6) / result.requests,
    );
    return { ...result, cpu: { server, postgres } };
  };
  for (const server of servers) await once(server, WARM_UP_SECONDS);
  const rounds = [];
  for (let i = 0; i < ROUNDS; i += 1) {
    const round = {};
    for (const server of servers) round[server.name] = await once(server, SECONDS);
    rounds.push(round);
  }
  return rounds;
}

async function measureAll({ stage, measure, stopping }) {
  const results = [];
  for (const comparison of comparisons({ ...stage, people: stage.people.slice(-PATHS) })) {
    results.push({
      comparison,
      rounds: await step(`Measuring ${comparison.label}`, () =>
        compare(comparison, { measure, postgresPid: stage.postgresPid, stopping }),
      ),
    });
  }
  const decisions = await step('Timing authorization decisions', async () => timeDecisions(stage.grants, DECISIONS));
  report({
    results,
    decisions,
    versions: { node: process.versions.node, postgres: stage.postgresVersion },
    connections: CONNECTIONS,
    rounds: ROUNDS,
    seconds: SECONDS,
    poolSize: POOL_SIZE,
  });
}

/** Starts everything, measures, prints, and stops everything. Fails only when a measurement failed. */
export const bench = () =>
  foreground(async (stopping) => {
    const stops = [];
    const home = await freshHome('bench');
    try {
      const stage = await startEnvironment({ home, stops, stopping });
      const loader = startLoader();
      stops.push(loader.stop);
      await measureAll({ stage, measure: loader.measure, stopping });
    } finally {
      for (const stop of stops.reverse()) await stop();
      forgetProcess(home, 'bench');
    }
  });
