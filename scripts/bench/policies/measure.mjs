import { secretOf } from './data.mjs';

/** Each statement is prepared once a connection, as the application does. */
function named(client, { text, values }) {
  client.names ??= new Map();
  if (!client.names.has(text)) client.names.set(text, `b${client.names.size}`);
  return { name: client.names.get(text), text, values };
}

/** Begins a transaction; under the policies with the entrance of a member's session, which is not part of the figures. */
export async function begin(client, bound, org, role) {
  await client.query('BEGIN');
  if (!bound) return;
  const { rows: [{ state }] } = await client.query('SELECT state FROM app.enter_session($1, true)', [secretOf(org, role)]);
  if (state !== 'ok') throw new Error(`the session of the ${role} was refused: ${state}`);
}

/** Microseconds for a statement, the mean of `times` in one transaction; and the rows of the last. */
async function timed(client, bound, one, { org, times }) {
  const make = bound ? one.underPolicies : one.writtenOut;
  const statements = Array.from({ length: times }, (_, i) => named(client, make(org, i)));
  await begin(client, bound, org, one.role);
  await client.query(statements[0]); // parsed, planned and read once
  let last;
  const started = performance.now();
  for (const statement of statements) last = await client.query(statement);
  const micros = ((performance.now() - started) * 1_000) / times;
  await client.query('COMMIT');
  return { micros, rows: JSON.stringify(last.rows) };
}

/**
 * One round of a case: both ways in turn, in an order that changes from round to round. Throws when they bring different
 * rows. Returns { bound, free, ratio }, the first two in microseconds.
 */
export async function measureRound(clients, one, { org, round, times }) {
  const order = round % 2 === 0 ? [true, false] : [false, true];
  const figures = new Map();
  for (const bound of order) figures.set(bound, await timed(bound ? clients.bound : clients.free, bound, one, { org, times }));
  const [bound, free] = [figures.get(true), figures.get(false)];
  if (bound.rows !== free.rows) throw new Error(`${one.role}, ${one.what}: the two ways bring different rows`);
  return { bound: bound.micros, free: free.micros, ratio: bound.micros / free.micros };
}

const literal = (client, value) => {
  if (Buffer.isBuffer(value)) return `'\\x${value.toString('hex')}'`;
  return typeof value === 'number' ? String(value) : client.escapeLiteral(String(value));
};

/** How Postgres carries out a statement that is prepared: lines of EXPLAIN. */
export async function explain(client, bound, one, org) {
  const { name, values } = named(client, (bound ? one.underPolicies : one.writtenOut)(org, 1));
  await begin(client, bound, org, one.role);
  const { rows } = await client.query(`EXPLAIN (ANALYZE, BUFFERS) EXECUTE ${name}${values.length > 0 ? `(${values.map((value) => literal(client, value)).join(', ')})` : ''}`);
  await client.query('COMMIT');
  return rows.map((row) => row['QUERY PLAN']);
}
