/**
 * The reference: Node's `http` and `pg` with prepared statements only. It has no framework, row-level security,
 * validation, metrics or request log. It connects as superuser, so the policies cost nothing. With BARE_PIPELINE=on it
 * sends BEGIN with the first statement and COMMIT with the last, like the application; otherwise one after another.
 *
 *   GET /people/:id           session, the row with two decrypted fields, one log row, in one transaction
 *   GET /people-unlogged/:id  session and the row; no transaction, no log row
 *   GET /people               session and 100 rows
 *   POST /webhooks            HMAC over the body, one insert
 */
import { createDecipheriv, createHash, createHmac, createSecretKey, randomUUID, timingSafeEqual } from 'node:crypto';
import http from 'node:http';
import pg from 'pg';

const { BARE_PORT, BARE_DATABASE_URL, BARE_POOL_SIZE, BARE_WRAPPING_KEY, BARE_WEBHOOK_KEY, BARE_PIPELINE } =
  process.env;
const pipeline = BARE_PIPELINE === 'on';
const pool = new pg.Pool({ connectionString: BARE_DATABASE_URL, max: Number(BARE_POOL_SIZE), pipeline });
const wrappingKey = createSecretKey(BARE_WRAPPING_KEY, 'hex');
const webhookKey = createSecretKey(BARE_WEBHOOK_KEY, 'base64');

const SESSION = {
  name: 'session',
  text: `SELECT id, org_id, user_id, last_seen_at < now() - interval '30 seconds' AS stale FROM sessions
          WHERE secret_hash = $1 AND revoked_at IS NULL AND expires_at > now()`,
};
const TOUCH = { name: 'touch', text: 'UPDATE sessions SET last_seen_at = now() WHERE org_id = $1 AND id = $2' };
const FIELDS = `id, external_id AS "externalId", kind, given_name AS "givenName", family_name AS "familyName", title,
  npi, status,
  updated_at AS "updatedAt"`;
const PERSON = {
  name: 'person',
  text: `SELECT ${FIELDS}, version, p.created_at AS "createdAt", email_enc IS NOT NULL AS "hasEmail",
    phone_enc IS NOT NULL AS "hasPhone",
                address_enc IS NOT NULL AS "hasAddress", ssn_enc AS ssn, date_of_birth_enc AS "dateOfBirth", wrapped
           FROM people p JOIN data_keys k ON k.org_id = p.org_id AND k.subject_id = p.id AND k.purpose = 'data'
          WHERE p.org_id = $1 AND p.id = $2`,
};
const PEOPLE = { name: 'people', text: `SELECT ${FIELDS} FROM people WHERE org_id = $1 ORDER BY id LIMIT 101` };
const VIEWED = { name: 'viewed', text: 'INSERT INTO bare.views VALUES ($1, now(), $2, $3, $4, $5, $6, $7)' };
const RECEIVED = {
  name: 'received',
  text: 'INSERT INTO bare.inbox (source, message_id, body) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING',
};

const hashOf = (request) =>
  createHash('sha256')
    .update(request.headers.cookie?.slice('session='.length) ?? '')
    .digest();

function answer(response, status, body) {
  const text = JSON.stringify(body);
  response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) });
  response.end(text);
}

/** AES-256-GCM: IV ‖ ciphertext ‖ tag, from the second byte on. */
function open(key, sealed, aad) {
  const end = sealed.length - 16;
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(1, 13), { authTagLength: 16 });
  decipher.setAAD(Buffer.from(aad)).setAuthTag(sealed.subarray(end));
  return Buffer.concat([decipher.update(sealed.subarray(13, end)), decipher.final()]);
}

function present({ wrapped, ...person }, orgId) {
  const key = createSecretKey(open(wrappingKey, wrapped, `${orgId}|${person.id}|data`));
  const field = (column, sealed) => open(key, sealed, `${orgId}|people|${column}|${person.id}`).toString();
  const ssn = `***-**-${field('ssn_enc', person.ssn).slice(-4)}`;
  return { ...person, ssn, dateOfBirth: `**/**/${field('date_of_birth_enc', person.dateOfBirth).slice(0, 4)}` };
}

/** Sends statements that do not depend on each other, and returns the last result. */
async function send(client, ...statements) {
  if (pipeline) return (await Promise.all(statements.map((statement) => client.query(...statement)))).at(-1);
  let last;
  for (const statement of statements) last = await client.query(...statement);
  return last;
}

async function readPerson(request, response, id) {
  const client = await pool.connect();
  try {
    const {
      rows: [session],
    } = await send(client, ['BEGIN'], [SESSION, [hashOf(request)]]);
    if (session === undefined) {
      await client.query('ROLLBACK');
      return answer(response, 401, { error: 'unauthenticated' });
    }
    if (session.stale) await client.query(TOUCH, [session.org_id, session.id]);
    const {
      rows: [person],
    } = await client.query(PERSON, [session.org_id, id]);
    const entry = [
      randomUUID(),
      'person.viewed',
      session.user_id,
      id,
      randomUUID(),
      request.socket.remoteAddress,
      request.headers['user-agent'],
    ];
    await send(client, [VIEWED, entry], ['COMMIT']);
    answer(response, 200, present(person, session.org_id));
  } finally {
    client.release();
  }
}

async function signedIn(request) {
  const {
    rows: [session],
  } = await pool.query(SESSION, [hashOf(request)]);
  if (session?.stale) await pool.query(TOUCH, [session.org_id, session.id]);
  return session;
}

async function readUnlogged(request, response, id) {
  const session = await signedIn(request);
  if (session === undefined) return answer(response, 401, { error: 'unauthenticated' });
  const {
    rows: [person],
  } = await pool.query(PERSON, [session.org_id, id]);
  answer(response, 200, present(person, session.org_id));
}

async function listPeople(request, response) {
  const session = await signedIn(request);
  if (session === undefined) return answer(response, 401, { error: 'unauthenticated' });
  const { rows } = await pool.query(PEOPLE, [session.org_id]);
  answer(response, 200, { items: rows.slice(0, 100), nextCursor: rows.length > 100 ? rows[99].id : null });
}

async function receiveWebhook(request, response) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  const { 'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': signature } = request.headers;
  const expected = Buffer.from(
    `v1,${createHmac('sha256', webhookKey).update(`${id}.${at}.`).update(body).digest('base64')}`,
  );
  const given = Buffer.from(signature ?? '');
  const genuine =
    given.length === expected.length && timingSafeEqual(given, expected) && Math.abs(Date.now() / 1000 - at) <= 300;
  if (!genuine) return answer(response, 401, { error: 'signature' });
  const { rowCount } = await pool.query(RECEIVED, ['partner', id, body]);
  answer(response, 202, { id, status: 'accepted', duplicate: rowCount === 0 });
}

function route(request, response) {
  const [, name, id] = request.url.split('/');
  if (request.method === 'POST' && name === 'webhooks') return receiveWebhook(request, response);
  if (name === 'people' && id !== undefined) return readPerson(request, response, id);
  if (name === 'people-unlogged') return readUnlogged(request, response, id);
  return listPeople(request, response);
}

const server = http.createServer((request, response) => {
  route(request, response).catch((error) => {
    process.stderr.write(`${error.stack}\n`);
    answer(response, 500, { error: 'internal' });
  });
});
server.listen(Number(BARE_PORT), '127.0.0.1');
process.on('SIGTERM', () => process.exit(0));
