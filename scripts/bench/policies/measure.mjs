import fs from 'node:fs';
import { secretOf } from './data.mjs';

/** Prepares each statement once per connection, like the application. */
function named(client, { text, values }) {
  client.names ??= new Map();
  if (!client.names.has(text)) client.names.set(text, `b${client.names.size}`);
  return { name: client.names.get(text), text, values };
}

/** The variants: with the policies; with their conditions written out; with bare values and no database checks. */
export const VARIANTS = ['policies', 'proven', 'bare'];

/** Begins a transaction, and enters a member's session if the statement relies on it. The figures exclude this time. */
async function begin(client, variant, org, role) {
  await client.query('BEGIN');
  if (variant === 'bare') return;
  const {
    rows: [{ state }],
  } = await client.query('SELECT state FROM app.enter_session($1, true)', [secretOf(org, role)]);
  if (state !== 'ok') throw new Error(`the session of the ${role} was rejected: ${state}`);
}

/** Returns the CPU time of a connection's server process in microseconds (proc(5), schedstat); NaN without /proc. */
function computed(client) {
  const file = `/proc/${client.serverPid}/schedstat`;
  return fs.existsSync(file) ? Number(fs.readFileSync(file, 'utf8').split(' ')[0]) / 1_000 : NaN;
}

/**
 * Runs a statement several times in one transaction. Returns the microseconds per run for the caller and for the
 * server, and the rows of the last run.
 */
async function timed(client, variant, one, { org, times }) {
  const statements = Array.from({ length: times }, (_, i) => named(client, one[variant](org, i)));
  await begin(client, variant, org, one.role);
  await client.query(statements[0]); // parses and plans the statement and fills caches
  let last;
  const [started, before] = [performance.now(), computed(client)];
  for (const statement of statements) last = await client.query(statement);
  const [waited, worked] = [(performance.now() - started) * 1_000, computed(client) - before];
  await client.query('COMMIT');
  return { waited: waited / times, worked: worked / times, rows: JSON.stringify(last.rows) };
}

/**
 * Runs one round of a case: all variants, starting with another one in each round. Throws when their rows differ.
 * Returns { waited, worked } per variant, in microseconds per statement.
 */
export async function measureRound(clients, one, { org, round, times }) {
  const figures = {};
  for (let i = 0; i < VARIANTS.length; i += 1) {
    const variant = VARIANTS[(i + round + VARIANTS.length) % VARIANTS.length];
    figures[variant] = await timed(clients[variant], variant, one, { org, times });
  }
  for (const variant of VARIANTS)
    if (figures[variant].rows !== figures.policies.rows)
      throw new Error(`${one.role}, ${one.what}: the variants return different rows`);
  return figures;
}

const literal = (client, value) => {
  if (Buffer.isBuffer(value)) return `'\\x${value.toString('hex')}'`;
  return typeof value === 'number' ? String(value) : client.escapeLiteral(String(value));
};

/** Returns the plan of a prepared statement as lines of EXPLAIN. */
export async function explain(client, variant, one, org) {
  const { name, values } = named(client, one[variant](org, 1));
  await begin(client, variant, org, one.role);
  const { rows } = await client.query(
    `EXPLAIN (ANALYZE, BUFFERS) EXECUTE ${name}(${values.map((value) => literal(client, value)).join(', ')})`,
  );
  await client.query('COMMIT');
  return rows.map((row) => row['QUERY PLAN']);
}
