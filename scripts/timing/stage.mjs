import { randomBytes, randomUUID } from 'node:crypto';
import pg from 'pg';
import { step } from '../lib/log.mjs';
import { tryPort } from '../lib/ports.mjs';
import { startServices } from '../services/index.mjs';
import { launchPrograms, runCli } from '../start/application.mjs';

/** Configured as in production behind a proxy, so that requests can have many IPs. */
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
    TRUST_PROXY: 'loopback',
  };
}

/** Adds members with unknown passwords to one organization. Returns their e-mail addresses. */
async function addMembers(url, count) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const orgId = randomUUID();
  const members = Array.from({ length: count }, (_, i) => ({ user: randomUUID(), email: `member${i}@test.example` }));
  try {
    await client.query(`INSERT INTO organizations (id, name, preset) VALUES ($1, 'Synthetic Timing', 'gme')`, [orgId]);
    await client.query(
      `WITH given AS (SELECT * FROM unnest($2::uuid[], $3::text[], $4::bytea[], $5::bytea[]) AS g (id, email, salt,
         verifier)),
            made AS (INSERT INTO users (id, email, email_proven_at) SELECT id, email, now() FROM given),
            kept AS (INSERT INTO app_private.credentials (user_id, salt, verifier) SELECT id, salt, verifier FROM given)
       INSERT INTO memberships (org_id, id, user_id, name, role)
         SELECT $1, gen_random_uuid(), id, 'Synthetic Member', 'trainee' FROM given`,
      [
        orgId,
        members.map(({ user }) => user),
        members.map(({ email }) => email),
        members.map(() => randomBytes(16)),
        members.map(() => randomBytes(32)),
      ],
    );
    await client.query('ANALYZE');
  } finally {
    await client.end();
  }
  return members.map(({ email }) => email);
}

/**
 * Starts Postgres, Redis and the API with that many members who have passwords. Pushes the stop functions to `stops`.
 * Returns { baseUrl, known }: the URL of the API, and the known e-mail addresses.
 */
export async function startEnvironment({ home, stops, stopping, members }) {
  const services = await step('Starting Postgres and Redis', () =>
    startServices({ home, ignoreEnv: true, durable: false }),
  );
  stops.push(services.stop);
  const env = await applicationEnv(services);
  const known = await step(`Migrating and adding ${members} members`, async () => {
    await runCli(['migrate'], { env, signal: stopping });
    return addMembers(services.postgres.url('postgres'), members);
  });
  await step('Starting the application', async () => {
    const launched = launchPrograms({ home, env }, { names: ['api'], health: `${env.PUBLIC_URL}/health/ready` });
    stops.push(launched.stop);
    await launched.ready(stopping);
  });
  return { baseUrl: env.PUBLIC_URL, known };
}
