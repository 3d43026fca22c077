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
import { explain, measureRound } from './measure.mjs';

const PEOPLE = Number(process.env.BENCH_PEOPLE ?? 1_000_000);
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 15);
const TIMES = 40;
const AIM = 1.3;

async function connect(url) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client;
}

/**
 * Postgres with everybody in it, and a connection each way: the application's role, and one that row security leaves alone. Both
 * read the same tables through the same indexes and caches, so that nothing but the policies differs; a copy without
 * them would lie elsewhere on disk and in memory.
 */
async function setStage({ home, stops, signal }) {
  const services = await step('Starting Postgres', () => startServices({ home, ignoreEnv: true, durable: false }));
  stops.push(services.stop);
  await runCli(['migrate'], { env: { ...process.env, ...services.env, VOUCHSAFE_ENV: 'test' }, signal });
  const { postgres } = services;
  const superuser = await connect(postgres.url('postgres', 'vouchsafe'));
  await step(`Making ${PEOPLE} people in ${ORGANIZATIONS} organizations`, async () => {
    for (const statement of statements(PEOPLE)) await superuser.query(statement);
    await superuser.query(`ALTER ROLE ${UNBOUND} PASSWORD ${superuser.escapeLiteral(new URL(postgres.superuserUrl).password)}`);
  });
  const { rows: [{ version }] } = await superuser.query(`SELECT current_setting('server_version') AS version`);
  await superuser.end();
  const free = Object.assign(new URL(postgres.url('postgres', 'vouchsafe')), { username: UNBOUND });
  const clients = { bound: await connect(postgres.url('vouchsafe_app')), free: await connect(free.href) };
  stops.push(() => Promise.all([clients.bound.end(), clients.free.end()]));
  return { clients, version };
}

/** All rounds of all cases, each round in another organization. The first is not counted: it fills caches. */
async function measureAll({ clients, stopping }) {
  const results = cases(PEOPLE).map((one) => ({ one, rounds: [] }));
  for (let round = -1; round < ROUNDS; round += 1) {
    for (const { one, rounds } of results) {
      stopping.throwIfAborted();
      const figures = await measureRound(clients, one, { org: 1 + ((round + 2) * 7) % ORGANIZATIONS, round, times: TIMES });
      if (round >= 0) rounds.push(figures);
    }
  }
  return results;
}

async function writePlans(file, clients, results) {
  const parts = [];
  for (const { one } of results) {
    for (const bound of [true, false]) {
      parts.push(`# ${one.role}, ${one.what}: ${bound ? 'under the policies' : 'written out'}`, ...await explain(bound ? clients.bound : clients.free, bound, one, 8), '');
    }
  }
  fs.writeFileSync(file, parts.join('\n'));
  say(`\nPlans are in ${file}`);
}

function report(results, version) {
  say(`\nPostgres ${version}; ${PEOPLE} people in ${ORGANIZATIONS} organizations; ${ROUNDS} rounds in turn, each in another organization, ${TIMES} statements a round and way`);
  say('microseconds a statement, round trip included, median (least–most); the proof of the session lies outside\n');
  const column = (rounds, name, digits) => spread(rounds.map((round) => round[name]), digits);
  printTable([
    ['role', 'what', 'under the policies', 'written out', 'ratio', 'aim'],
    ...results.map(({ one, rounds }) => [one.role, one.what, column(rounds, 'bound', 0), column(rounds, 'free', 0), column(rounds, 'ratio', 2), `≤ ${AIM}`]),
  ]);
}

/** Makes the people, measures, prints, and takes everything down again. */
export const benchPolicies = (args) =>
  foreground(async (stopping) => {
    const { values: { plans } } = parseArgs({ args, options: { plans: { type: 'string' } } });
    const stops = [];
    const home = await freshHome('bench-policies');
    try {
      const { clients, version } = await setStage({ home, stops, signal: stopping });
      const results = await step('Measuring', () => measureAll({ clients, stopping }));
      report(results, version);
      if (plans) await writePlans(plans, clients, results);
    } finally {
      for (const stop of stops.reverse()) await stop();
      forgetProcess(home, 'bench-policies');
    }
  });
