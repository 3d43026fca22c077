import fs from 'node:fs';
import { secretOf } from './data.mjs';

/** Each statement is prepared once a connection, as the application does. */
function named(client, { text, values }) {
  client.names ??= new Map();
  if (!client.names.has(text)) client.names.set(text, `b${client.names.size}`);
  return { name: client.names.get(text), text, values };
}

/**
 * The ways: under the policies; with their conditions written out, as well proven; with bare values instead of proofs.
 */
export const WAYS = ['policies', 'proven', 'bare'];

/**
 * Begins a transaction, with the entrance of a member's session where the statement relies on it; that is not part of
 * the figures.
 */
async function begin(client, way, org, role) {
  await client.query('BEGIN');
  if (way === 'bare') return;
  const {
    rows: [{ state }],
  } = await client.query('SELECT state FROM app.enter_session($1, true)', [secretOf(org, role)]);
  if (state !== 'ok') throw new Error(`the session of the ${role} was refused: ${state}`);
}

/**
 * Microseconds that the server's process of a connection has computed so far (proc(5), schedstat); NaN where no /proc
 * says it.
 */
function computed(client) {
  const file = `/proc/${client.serverPid}/schedstat`;
  return fs.existsSync(file) ? Number(fs.readFileSync(file, 'utf8').split(' ')[0]) / 1_000 : NaN;
}

/**
 * A statement as it is made so many times in one transaction, in microseconds each: to the caller, and to the server;
 * the last one's rows.
 */
async function timed(client, way, one, { org, times }) {
  const statements = Array.from({ length: times }, (_, i) => named(client, one[way](org, i)));
  await begin(client, way, org, one.role);
  await client.query(statements[0]); // parsed, planned and read once
  let last;
  const [started, before] = [performance.now(), computed(client)];
  for (const statement of statements) last = await client.query(statement);
  const [waited, worked] = [(performance.now() - started) * 1_000, computed(client) - before];
  await client.query('COMMIT');
  return { waited: waited / times, worked: worked / times, rows: JSON.stringify(last.rows) };
}

/**
 * One round of a case: all ways in turn, beginning with another from round to round. Throws when they bring different
 * rows. Returns { waited, worked } of each way, in microseconds a statement.
 */
export async function measureRound(clients, one, { org, round, times }) {
  const figures = {};
  for (let i = 0; i < WAYS.length; i += 1) {
    const way = WAYS[(i + round + WAYS.length) % WAYS.length];
    figures[way] = await timed(clients[way], way, one, { org, times });
  }
  for (const way of WAYS)
    if (figures[way].rows !== figures.policies.rows)
      throw new Error(`${one.role}, ${one.what}: the ways bring different rows`);
  return figures;
}

const literal = (client, value) => {
  if (Buffer.isBuffer(value)) return `'\\x${value.toString('hex')}'`;
  return typeof value === 'number' ? String(value) : client.escapeLiteral(String(value));
};

/** How Postgres carries out a statement that is prepared: lines of EXPLAIN. */
export async function explain(client, way, one, org) {
  const { name, values } = named(client, one[way](org, 1));
  await begin(client, way, org, one.role);
  const { rows } = await client.query(
    `EXPLAIN (ANALYZE, BUFFERS) EXECUTE ${name}(${values.map((value) => literal(client, value)).join(', ')})`,
  );
  await client.query('COMMIT');
  return rows.map((row) => row['QUERY PLAN']);
}
