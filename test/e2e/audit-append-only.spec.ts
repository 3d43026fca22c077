import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Harness } from '../harness/app.js';
import { connected } from '../harness/database.js';
import { RawSql, sessionSecret } from '../contract/raw-sql.js';

let harness: Harness;
let orgId: string;
let secret: string;
let tables: string[];

beforeAll(async () => {
  harness = await Harness.start({ takeJobs: false });
  orgId = await harness.make.organization('gme');
  const client = await harness.signIn((await harness.make.member(orgId, 'program_director')).email);
  secret = sessionSecret(client);
  await client.post('/v1/people', { kind: 'trainee', givenName: 'Synthetic', familyName: 'Recorded' });
  const partitions = await harness.database.superuser<{ name: string }>(
    `SELECT inhrelid::regclass::text AS name FROM pg_inherits
       WHERE inhparent IN ('audit_events'::regclass, 'audit_private'::regclass)`,
  );
  tables = ['audit_events', 'audit_private', ...partitions.map(({ name }) => name)];
});
afterAll(() => harness.stop());

const key = (table: string) => (table.startsWith('audit_events') ? 'id' : 'event_id');
/** Holds every SQL statement that can change or remove an existing row. */
const CHANGES: Record<string, (table: string) => string> = {
  UPDATE: (table) => `UPDATE ${table} SET org_id = org_id`,
  'UPDATE of no row': (table) => `UPDATE ${table} SET org_id = org_id WHERE false`,
  'UPDATE FROM': (table) =>
    `UPDATE ${table} t SET occurred_at = t.occurred_at FROM organizations o WHERE o.id = t.org_id`,
  DELETE: (table) => `DELETE FROM ${table}`,
  'DELETE USING': (table) => `DELETE FROM ${table} t USING organizations o WHERE o.id = t.org_id`,
  'DELETE in a CTE': (table) => `WITH gone AS (DELETE FROM ${table} RETURNING 1) SELECT count(*) FROM gone`,
  TRUNCATE: (table) => `TRUNCATE ${table}`,
  'TRUNCATE CASCADE': (table) => `TRUNCATE ${table} CASCADE`,
  'MERGE that updates': (table) =>
    `MERGE INTO ${table} t USING (SELECT 1) s ON true WHEN MATCHED THEN UPDATE SET org_id = t.org_id`,
  'MERGE that deletes': (table) => `MERGE INTO ${table} t USING (SELECT 1) s ON true WHEN MATCHED THEN DELETE`,
  'ON CONFLICT DO UPDATE': (table) =>
    `INSERT INTO ${table} SELECT * FROM ${table} ON CONFLICT (org_id, occurred_at, ${key(table)}) DO UPDATE
       SET org_id = EXCLUDED.org_id`,
  'a cursor': (table) =>
    `DO $$ DECLARE c CURSOR FOR SELECT * FROM ${table} FOR UPDATE; r record; BEGIN OPEN c; FETCH c INTO r; DELETE
       FROM ${table} WHERE CURRENT OF c; END $$`,
};

async function digests(): Promise<Record<string, string>> {
  const digestByTable: Record<string, string> = {};
  for (const table of ['audit_events', 'audit_private']) {
    const [row] = await harness.database.superuser<{ digest: string }>(
      `SELECT count(*) || md5(string_agg(t::text, '' ORDER BY t::text)) AS digest FROM ${table} t`,
    );
    digestByTable[table] = row!.digest;
  }
  return digestByTable;
}

const asRole = (url: string, begin: string[]) => async (): Promise<RawSql> => {
  const raw = await RawSql.open(url);
  await raw.client.query('BEGIN');
  for (const statement of begin) await raw.client.query(statement);
  return raw;
};

function superuserUrl(): string {
  const url = new URL(process.env['TEST_SUPERUSER_DATABASE_URL']!);
  url.pathname = new URL(harness.env.DATABASE_URL!).pathname;
  return url.href;
}

const CALLERS: Record<string, () => Promise<RawSql>> = {
  'the application': async () => {
    const raw = await RawSql.open(harness.env.DATABASE_URL!);
    await raw.enter(secret);
    return raw;
  },
  'the worker': () => asRole(harness.env.WORKER_DATABASE_URL!, [`SELECT app.enter_organization('${orgId}')`])(),
  'the migrator': () => asRole(harness.env.MIGRATOR_DATABASE_URL!, ['SET LOCAL ROLE vouchsafe_owner'])(),
  'the owner of the tables': () => asRole(superuserUrl(), ['SET LOCAL ROLE vouchsafe_owner'])(),
  'the owner, as if replicating': () =>
    asRole(superuserUrl(), ['SET LOCAL session_replication_role = replica', 'SET LOCAL ROLE vouchsafe_owner'])(),
  'a superuser, as if replicating': () => asRole(superuserUrl(), ['SET LOCAL session_replication_role = replica'])(),
};

describe('the audit log', () => {
  it.each(Object.keys(CALLERS))('cannot be changed by %s in any table or partition', async (caller) => {
    const before = await digests();
    const raw = await CALLERS[caller]!();
    const unexpected: string[] = [];
    for (const table of tables) {
      for (const [what, statement] of Object.entries(CHANGES)) {
        const { code, message } = await raw.attempt(statement(table));
        const rejected = code === '42501' && /append-only|permission denied|row-level security/.test(message);
        // Postgres cannot position a cursor on a table with row policies.
        const impossible = what === 'a cursor' && code === '0A000';
        if (!rejected && !impossible) unexpected.push(`${what} of ${table}: ${code} ${message}`);
      }
    }
    await raw.client.query('COMMIT');
    await raw.end();
    expect(unexpected).toEqual([]);
    expect(await digests()).toEqual(before);
  });

  it('rejects COPY from the application', async () => {
    const before = await digests();
    await connected(harness.env.DATABASE_URL!, async (client) => {
      await client.query('BEGIN');
      await client.query('SELECT state FROM app.enter_session($1, false)', [secret]);
      await expect(client.query('COPY audit_events FROM STDIN')).rejects.toMatchObject({ code: '0A000' });
    });
    expect(await digests()).toEqual(before);
  });

  it('commits and rolls back an audit event together with the change', async () => {
    const client = await harness.signIn((await harness.make.member(orgId, 'program_director')).email);
    const before = (await harness.database.superuser(`SELECT 1 FROM audit_events WHERE type = 'person.created'`))
      .length;
    await client.post('/v1/people', { kind: 'trainee', givenName: 'S', familyName: 'A', externalId: 'one' });
    const conflict = await client.post('/v1/people', {
      kind: 'trainee',
      givenName: 'S',
      familyName: 'B',
      externalId: 'one',
    });
    expect(conflict.status).toBe(409);
    expect(await harness.database.superuser(`SELECT 1 FROM audit_events WHERE type = 'person.created'`)).toHaveLength(
      before + 1,
    );
  });

  it('records the actor, action, target, IP, user agent, request id, and outcome', async () => {
    const member = await harness.make.member(orgId, 'program_director');
    const client = await harness.signIn(member.email);
    const answer = await client.post(
      '/v1/people',
      { kind: 'trainee', givenName: 'S', familyName: 'C' },
      { headers: { 'user-agent': 'Recorder/1', 'x-request-id': 'request-of-this-test' } },
    );
    const [event] = await harness.database.superuser(
      `SELECT e.*, convert_from(p.payload, 'UTF8')::json AS personal,
         convert_from(e.canonical, 'UTF8')::json AS hashed, sha256(p.salt || p.payload) = e.private_digest AS sealed
         FROM audit_events e JOIN audit_private p ON (p.org_id, p.occurred_at, p.event_id) = (e.org_id, e.occurred_at,
           e.id) WHERE e.request_id = 'request-of-this-test'`,
    );
    expect(event).toMatchObject({
      org_id: orgId,
      type: 'person.created',
      outcome: 'success',
      actor_type: 'user',
      actor_id: member.userId,
      target_type: 'person',
      target_id: answer.body.id,
      sealed: true,
      personal: { actorEmail: member.email, ip: '127.0.0.1', userAgent: 'Recorder/1' },
      hashed: {
        type: 'person.created',
        orgId,
        actorId: member.userId,
        targetId: answer.body.id,
        requestId: 'request-of-this-test',
      },
    });
    expect(JSON.stringify(event!['hashed'])).not.toContain(member.email);
  });
});
