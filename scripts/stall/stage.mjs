import { fork } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { signingKey } from '../idp/key.mjs';
import { metadata } from '../idp/metadata.mjs';
import { step } from '../lib/log.mjs';
import { inRoot } from '../lib/paths.mjs';
import { tryPort } from '../lib/ports.mjs';
import { nodeBinary } from '../lib/runtime.mjs';
import { run } from '../lib/process.mjs';
import { startServices } from '../services/index.mjs';

async function cli(args, env) {
  const { code, stdout, stderr } = await run(nodeBinary(), [inRoot('dist/src/cli.js'), ...args], {
    env,
    cwd: inRoot(),
  });
  if (code !== 0) throw new Error(`${args.join(' ')} failed: ${stdout}${stderr}`);
  return stdout;
}

/** Adds an organization with a SAML connection and a webhook source, so that requests reach the code behind them. */
async function addReceivers(home, env, adminUrl) {
  const json = async (...args) => JSON.parse(await cli([...args, '--json'], env));
  const { id: org } = await json('org', 'create', '--name', 'Synthetic Stall', '--preset', 'gme');
  const file = path.join(home, 'metadata.xml');
  const url = 'https://idp.test.example';
  fs.writeFileSync(file, metadata({ entityId: 'urn:hostile', url, key: await signingKey(home) }));
  const connection = await json('sso', 'add-saml', '--org', org, '--metadata', file);
  const source = await json('webhook', 'add-source', '--org', org, '--name', 'Synthetic partner');
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  await client.query('UPDATE sso_connections SET enabled = true WHERE id = $1', [connection.id]);
  await client.end();
  return { connectionId: connection.id, sourceId: source.id };
}

/** Starts the API with the probe. Returns a function that reads the times of the probe since the previous call. */
async function startApi(env, stops) {
  const child = fork(inRoot('dist/src/main.js'), {
    execPath: nodeBinary(),
    execArgv: ['--import', inRoot('scripts/stall/probe.mjs')],
    env,
    cwd: inRoot(),
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const exited = once(child, 'exit');
  stops.push(async () => {
    child.kill('SIGTERM');
    await exited;
  });
  while (
    !(await fetch(`${env.PUBLIC_URL}/health/ready`)
      .then((answer) => answer.ok)
      .catch(() => false))
  ) {
    if (child.exitCode !== null) throw new Error('the API ended during the start');
    await delay(100);
  }
  return async () => {
    const answer = once(child, 'message');
    child.send('read');
    return (await answer)[0];
  };
}

/** Starts Postgres, Redis, and the API. Returns { baseUrl, readProbe, ids }. Pushes the stop functions to `stops`. */
export async function startStage({ home, stops }) {
  const services = await step('Starting Postgres and Redis', () =>
    startServices({ home, ignoreEnv: true, durable: false }),
  );
  stops.push(services.stop);
  const port = await tryPort(0);
  const env = {
    ...process.env,
    ...services.env,
    NODE_ENV: 'production',
    VOUCHSAFE_ENV: 'test',
    LOG_LEVEL: 'info',
    HOST: '127.0.0.1',
    PORT: String(port),
    PUBLIC_URL: `http://127.0.0.1:${port}`,
    TRUST_PROXY: 'loopback',
  };
  const ids = await step('Migrating and adding a connection and a webhook source', async () => {
    await cli(['migrate'], env);
    return addReceivers(home, env, services.postgres.url('postgres'));
  });
  const readProbe = await step('Starting the API', () => startApi(env, stops));
  return { baseUrl: env.PUBLIC_URL, readProbe, ids };
}
