import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { readJson, tail } from '../lib/files.mjs';
import { Fixable, step } from '../lib/log.mjs';
import { inRoot } from '../lib/paths.mjs';
import { tryPort } from '../lib/ports.mjs';
import { launch } from '../lib/process.mjs';
import { nodeBinary } from '../lib/runtime.mjs';
import { deriveKey, parseRootKey } from '../../dist/src/platform/crypto/index.js';
import { startServices } from '../services/index.mjs';
import { launchPrograms, runCli } from '../start/application.mjs';
import { prepareBareDatabase } from './bare-database.mjs';
import { addPeople } from './people.mjs';

const PEOPLE = 10_000;
export const POOL_SIZE = 10;

/** Configured as in production: JSON lines at level info. Only TLS of the database connection is missing. */
async function applicationEnv({ env }) {
  const port = await tryPort(0);
  return {
    ...process.env,
    ...env,
    NODE_ENV: 'production',
    VOUCHSAFE_ENV: 'test',
    LOG_LEVEL: 'info',
    HOST: '127.0.0.1',
    PORT: String(port),
    PUBLIC_URL: `http://127.0.0.1:${port}`,
    DATABASE_POOL_SIZE: String(POOL_SIZE),
  };
}

/** Migrates and seeds. Returns the sign-in of a member with the scope "org", and the ids of the people. */
async function seed({ services, env, home, signal }) {
  await runCli(['migrate'], { env, signal });
  const out = path.join(home, 'demo.json');
  await runCli(['demo', 'seed', '--out', out], { env, signal });
  const director = readJson(out).signIns.find(({ role }) => role === 'program_director');
  const people = await addPeople({
    url: services.postgres.url('postgres'),
    rootKey: env.ROOT_KEY,
    orgId: director.orgId,
    count: PEOPLE,
  });
  return { director, people };
}

async function post(url, body, cookie) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(cookie && { cookie }) },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`POST ${url} answered ${response.status}: ${await response.text()}`);
  return response;
}

/** Signs in. Returns the cookie, and the session's secret from its token. */
async function signIn(baseUrl, { email, password }) {
  const response = await post(`${baseUrl}/v1/auth/login`, { email, password });
  const cookie = response.headers.getSetCookie()[0].split(';')[0];
  const { sid } = JSON.parse(Buffer.from(cookie.split('.')[1], 'base64url').toString());
  return { cookie, secret: sid };
}

/** Starts a bare server, which shares the application's sessions, people and keys. Returns { url, pid }. */
async function startBare({ home, services, env, stops, webhook }, { name, pipeline }) {
  const port = await tryPort(0);
  const server = launch({
    home,
    name,
    command: nodeBinary(),
    args: [inRoot('scripts/bench/bare-server.mjs')],
    cwd: inRoot(),
    env: {
      ...process.env,
      NODE_ENV: 'production',
      BARE_PORT: String(port),
      BARE_DATABASE_URL: services.postgres.url('postgres'),
      BARE_POOL_SIZE: String(POOL_SIZE),
      BARE_PIPELINE: pipeline,
      BARE_WRAPPING_KEY: deriveKey(parseRootKey(env.ROOT_KEY), 'kms/wrap').toString('hex'),
      BARE_WEBHOOK_KEY: webhook.key,
    },
  });
  stops.push(() => server.stop());
  const baseUrl = `http://127.0.0.1:${port}`;
  while (!(await fetch(baseUrl).catch(() => undefined))) {
    if (!server.running())
      throw new Fixable(
        `The bare server did not start:\n${tail(server.log)}`,
        'npm run bench (after you fix the cause)',
      );
    await delay(50);
  }
  return { url: baseUrl, pid: server.pid };
}

/** Creates a webhook source with a limit above any measured rate. */
async function createSource({ baseUrl, cookie }) {
  const response = await post(
    `${baseUrl}/v1/webhook-sources`,
    { name: 'Bench', scheme: 'standard', limitPerMinute: 1_000_000 },
    cookie,
  );
  const { id, secret } = await response.json();
  return { id, key: secret.slice('whsec_'.length) };
}

/** Returns the version of the database and the grants of the signed-in member. */
async function describe(url, { email, orgId }) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const {
      rows: [row],
    } = await client.query(
      `SELECT current_setting('server_version') AS "postgresVersion", m.grants::text AS grants
         FROM memberships m JOIN users u ON u.id = m.user_id WHERE m.org_id = $1 AND u.email = $2`,
      [orgId, email],
    );
    return row;
  } finally {
    await client.end();
  }
}

async function startApplication({ home, env, stops, stopping }) {
  const launched = launchPrograms({ home, env }, { names: ['api'], health: `${env.PUBLIC_URL}/health/ready` });
  stops.push(launched.stop);
  await launched.ready(stopping);
  return { baseUrl: env.PUBLIC_URL, pid: launched.pids[0] };
}

/**
 * Starts Postgres, Redis, the application and the bare servers, with people and a signed-in member. Pushes the stop
 * functions to `stops`. Returns { application: { baseUrl, pid, cookie, secret }, bare: { plain, pipelined } with
 * { url, pid } each, people, webhook: { id, key }, postgresPid, postgresVersion, grants }.
 */
export async function startEnvironment({ home, stops, stopping }) {
  const services = await step('Starting Postgres and Redis', () =>
    startServices({ home, ignoreEnv: true, durable: true }),
  );
  stops.push(services.stop);
  const env = await applicationEnv(services);
  const seeded = await step(`Migrating and seeding ${PEOPLE} people`, () =>
    seed({ services, env, home, signal: stopping }),
  );
  return step('Starting the application and the bare server', async () => {
    const started = await startApplication({ home, env, stops, stopping });
    const application = { ...started, ...(await signIn(started.baseUrl, seeded.director)) };
    const webhook = await createSource(application);
    await prepareBareDatabase(services.postgres.url('postgres'));
    const setting = { home, services, env, stops, webhook };
    const bare = {
      plain: await startBare(setting, { name: 'bare', pipeline: 'off' }),
      pipelined: await startBare(setting, { name: 'bare-pipelined', pipeline: 'on' }),
    };
    return {
      application,
      bare,
      postgresPid: services.postgres.pid,
      webhook,
      people: seeded.people,
      ...(await describe(services.postgres.url('postgres'), seeded.director)),
    };
  });
}
