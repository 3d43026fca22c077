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

/** 42501: insufficient privilege. 55000: the session has no secret that authenticates a context. */
const REJECTION_CODES = ['42501', '55000'];

/** Throws unless Postgres rejects the statements for lack of privileges. Returns the error message. */
export async function refusedByDatabase(client, ...statements) {
  await client.query('BEGIN');
  try {
    for (const statement of statements) await client.query(statement);
  } catch (error) {
    if (REJECTION_CODES.includes(error.code)) return error.message;
    throw error;
  } finally {
    await client.query('ROLLBACK');
  }
  throw new Unexpected(statements.at(-1), `rejected with SQLSTATE ${REJECTION_CODES.join(' or ')}`, 'it succeeded');
}
