import fs from 'node:fs';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { foreground } from '../../lib/foreground.mjs';
import { freshHome } from '../../lib/fresh-home.mjs';
import { say, step } from '../../lib/log.mjs';
import { forgetProcess } from '../../lib/run-files.mjs';
import { startServices } from '../../services/index.mjs';
import { runCli } from '../../start/application.mjs';
import { printTable, spread } from '../report.mjs';
import { cases } from './cases.mjs';
import { ORGANIZATIONS, UNBOUND, statements } from './data.mjs';
import { VARIANTS, explain, measureRound } from './measure.mjs';

const PEOPLE = Number(process.env.BENCH_PEOPLE ?? 1_000_000);
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 15);
const TIMES = 40;
const TARGET = 1.3;

async function connect(url) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const {
    rows: [{ pid }],
  } = await client.query('SELECT pg_backend_pid() AS pid');
  return Object.assign(client, { serverPid: pid });
}

/**
 * Starts Postgres with all data, and a connection for each variant: as the application's role, or as a role that
 * bypasses row-level security. All variants use the same tables, indexes and caches, so that only the policies differ.
 */
async function startEnvironment({ home, stops, signal }) {
  const services = await step('Starting Postgres', () => startServices({ home, ignoreEnv: true, durable: false }));
  stops.push(services.stop);
  await runCli(['migrate'], { env: { ...process.env, ...services.env, VOUCHSAFE_ENV: 'test' }, signal });
  const { postgres } = services;
  const superuser = await connect(postgres.url('postgres', 'vouchsafe'));
  await step(`Creating ${PEOPLE} people in ${ORGANIZATIONS} organizations`, async () => {
    for (const statement of statements(PEOPLE)) await superuser.query(statement);
    await superuser.query(
      `ALTER ROLE ${UNBOUND} PASSWORD ${superuser.escapeLiteral(new URL(postgres.superuserUrl).password)}`,
    );
  });
  const {
    rows: [{ version }],
  } = await superuser.query(`SELECT current_setting('server_version') AS version`);
  await superuser.end();
  const free = Object.assign(new URL(postgres.url('postgres', 'vouchsafe')), { username: UNBOUND });
  const urls = { policies: postgres.url('vouchsafe_app'), proven: free.href, bare: free.href };
  const clients = {};
  for (const variant of VARIANTS) {
    const client = await connect(urls[variant]);
    clients[variant] = client;
    stops.push(() => client.end());
  }
  return { clients, version };
}

/** Runs all rounds of all cases, each round in another organization. The first round only fills caches. */
async function measureAll({ clients, stopping }) {
  const results = cases(PEOPLE).map((one) => ({ one, rounds: [] }));
  for (let round = -1; round < ROUNDS; round += 1) {
    for (const { one, rounds } of results) {
      stopping.throwIfAborted();
      const figures = await measureRound(clients, one, {
        org: 1 + (((round + 2) * 7) % ORGANIZATIONS),
        round,
        times: TIMES,
      });
      if (round >= 0) rounds.push(figures);
    }
  }
  return results;
}

async function writePlans(file, clients, results) {
  const parts = [];
  for (const { one } of results) {
    for (const variant of VARIANTS)
      parts.push(`# ${one.role}, ${one.what}: ${variant}`, ...(await explain(clients[variant], variant, one, 8)), '');
  }
  fs.writeFileSync(file, parts.join('\n'));
  say(`\nPlans are in ${file}`);
}

const micros = (rounds, variant) =>
  spread(
    rounds.map((round) => round[variant].waited),
    0,
  );
const ratio = (rounds, variant, name) =>
  spread(
    rounds.map((round) => round.policies[name] / round[variant][name]),
    2,
  );

function report(results, version) {
  say(
    `\nPostgres ${version}; ${PEOPLE} people in ${ORGANIZATIONS} organizations; ${ROUNDS} rounds in turn, each ` +
      `in another organization, ${TIMES} statements per round and variant`,
  );
  say(
    'microseconds per statement, median (minimum–maximum), measured at the caller, without the time to enter the ' +
      'session',
  );
  say(
    'proven: the conditions of the policies written into the query; bare: with plain values instead, without ' +
      'database checks; ratios by waiting time and by CPU time of the server\n',
  );
  printTable([
    ['role', 'what', 'policies', 'proven', 'bare', 'to proven', 'computed', 'target', 'to bare', 'computed'],
    ...results.map(({ one, rounds }) => [
      one.role,
      one.what,
      micros(rounds, 'policies'),
      micros(rounds, 'proven'),
      micros(rounds, 'bare'),
      ratio(rounds, 'proven', 'waited'),
      ratio(rounds, 'proven', 'worked'),
      `≤ ${TARGET}`,
      ratio(rounds, 'bare', 'waited'),
      ratio(rounds, 'bare', 'worked'),
    ]),
  ]);
}

/** Creates the data, measures, prints, and stops everything. */
export const benchPolicies = (args) =>
  foreground(async (stopping) => {
    const {
      values: { plans },
    } = parseArgs({ args, options: { plans: { type: 'string' } } });
    const stops = [];
    const home = await freshHome('bench-policies');
    try {
      const { clients, version } = await startEnvironment({ home, stops, signal: stopping });
      const results = await step('Measuring', () => measureAll({ clients, stopping }));
      report(results, version);
      if (plans) await writePlans(plans, clients, results);
    } finally {
      for (const stop of stops.reverse()) await stop();
      forgetProcess(home, 'bench-policies');
    }
  });
