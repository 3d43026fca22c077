import fs from 'node:fs';
import pg from 'pg';
import { inRoot } from '../lib/paths.mjs';
import { secrets } from '../lib/secrets.mjs';

const LOGIN_ROLES = ['vouchsafe_migrator', 'vouchsafe_app', 'vouchsafe_worker'];

async function connected(url, work) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Creates the database and its roles on an embedded server. Other servers use the same docker/init-roles.sql. */
export async function prepareDatabase(postgres, home) {
  await connected(postgres.superuserUrl, async (client) => {
    const { rowCount } = await client.query("SELECT FROM pg_database WHERE datname = 'vouchsafe'");
    if (rowCount === 0) await client.query('CREATE DATABASE vouchsafe');
  });
  await connected(postgres.url('postgres'), async (client) => {
    await client.query(fs.readFileSync(inRoot('docker/init-roles.sql'), 'utf8'));
    for (const role of LOGIN_ROLES)
      await client.query(`ALTER ROLE ${role} PASSWORD ${client.escapeLiteral(secrets(home).passwords[role])}`);
  });
}
