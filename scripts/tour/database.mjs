import pg from 'pg';
import { Unexpected } from './steps.mjs';

/** Runs work on one connection. */
export async function connected(url, work) {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000, query_timeout: 10_000 });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Insufficient privilege; and a context in a database session that was never given a secret to seal one with. */
const REFUSALS = ['42501', '55000'];

/** Fails unless Postgres refuses the statements for want of rights; returns its words. */
export async function refusedByDatabase(client, ...statements) {
  await client.query('BEGIN');
  try {
    for (const statement of statements) await client.query(statement);
  } catch (error) {
    if (REFUSALS.includes(error.code)) return error.message;
    throw error;
  } finally {
    await client.query('ROLLBACK');
  }
  throw new Unexpected(statements.at(-1), `refused with SQLSTATE ${REFUSALS.join(' or ')}`, 'it was carried out');
}
