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
import { WAYS, explain, measureRound } from './measure.mjs';

const PEOPLE = Number(process.env.BENCH_PEOPLE ?? 1_000_000);
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 15);
const TIMES = 40;
const AIM = 1.3;

async function connect(url) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const {
    rows: [{ pid }],
  } = await client.query('SELECT pg_backend_pid() AS pid');
  return Object.assign(client, { serverPid: pid });
}

/**
 * Postgres with everybody in it, and a connection for each way: as the application's role, and as one that row security
 * leaves
 * alone. All read the same tables through the same indexes and caches, so that nothing but the policies differs; a copy
 * without
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
  for (const way of WAYS) {
    const client = await connect(urls[way]);
    clients[way] = client;
    stops.push(() => client.end());
  }
  return { clients, version };
}

/** All rounds of all cases, each round in another organization. The first is not counted: it fills caches. */
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
    for (const way of WAYS)
      parts.push(`# ${one.role}, ${one.what}: ${way}`, ...(await explain(clients[way], way, one, 8)), '');
  }
  fs.writeFileSync(file, parts.join('\n'));
  say(`\nPlans are in ${file}`);
}

const micros = (rounds, way) =>
  spread(
    rounds.map((round) => round[way].waited),
    0,
  );
const ratio = (rounds, way, name) =>
  spread(
    rounds.map((round) => round.policies[name] / round[way][name]),
    2,
  );

function report(results, version) {
  say(
    `\nPostgres ${version}; ${PEOPLE} people in ${ORGANIZATIONS} organizations; ${ROUNDS} rounds in turn, each ` +
      `in another organization, ${TIMES} statements a round and way`,
  );
  say(
    'microseconds a statement, median (least–most), as the caller waits for it; the entrance of the session ' +
      'lies outside',
  );
  say(
    'proven: the conditions of the policies written into the query; bare: with values instead, which nothing ' +
      'proves; ratios by waiting and by what the server computes\n',
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
      `≤ ${AIM}`,
      ratio(rounds, 'bare', 'waited'),
      ratio(rounds, 'bare', 'worked'),
    ]),
  ]);
}

/** Makes the people, measures, prints, and takes everything down again. */
export const benchPolicies = (args) =>
  foreground(async (stopping) => {
    const {
      values: { plans },
    } = parseArgs({ args, options: { plans: { type: 'string' } } });
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
