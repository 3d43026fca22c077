import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { newApiKey } from '../../src/platform/access/api-key.js';
import { API_KEY_RATE_LIMIT } from '../../src/platform/access/checks/api-key.checks.js';
import { RateLimiter } from '../../src/platform/http/rate-limit.js';
import { startCaptured } from '../contract/captured.js';
import { RawSql, sessionSecret } from '../contract/raw-sql.js';
import { Harness } from '../harness/app.js';
import type { Answer, Client } from '../harness/client.js';
import { connected } from '../harness/database.js';
import type { Member } from '../harness/factories.js';
import { KeyClient, madeKey } from '../harness/keys.js';
import { until } from '../harness/until.js';

let harness: Harness;
let orgId: string;
let director: Client;
let directorMember: Member;
let lastIp = 0;

beforeAll(async () => {
  harness = await Harness.start({ env: { TRUST_PROXY: 'loopback' } });
  orgId = await harness.make.organization('gme');
  directorMember = await harness.make.member(orgId, 'program_director');
  director = await harness.signIn(directorMember.email);
});
afterAll(() => harness.stop());

const keyClient = (key: string, ip = `10.0.0.${(lastIp += 1)}`) => new KeyClient(harness.url, key, ip);
const outcome = ({ status, body }: Answer) => (status < 300 ? String(status) : `${status} ${body.code}`);
const sql = (text: string, values: unknown[] = []) => harness.database.superuser(text, values);
/** Expires a key. */
const expire = (id: string) => sql(`UPDATE api_keys SET expires_at = now() - interval '1 second' WHERE id = $1`, [id]);

/** Creates a staff member who can create and rotate API keys. */
async function staff(role = 'mentor'): Promise<{ member: Member; client: Client; person: string }> {
  const member = await harness.make.member(orgId, role);
  for (const permission of ['api-key:create', 'api-key:rotate'])
    await director.put(`/v1/memberships/${member.membershipId}/permissions/${permission}`, { scope: 'org' });
  const person = await harness.make.person(orgId);
  await harness.make.assignment(orgId, member.membershipId, person);
  return { member, client: await harness.signIn(member.email), person };
}

/** Runs a raw transaction in the tenant context of an API key. */
async function within<T>(key: string, fn: (raw: RawSql) => Promise<T>): Promise<T> {
  const raw = await RawSql.open(harness.env.DATABASE_URL!);
  try {
    await raw.enterByKey(key);
    return await fn(raw);
  } finally {
    await raw.end();
  }
}

describe('rotation', () => {
  it('returns an equivalent key and lets the old key work until the overlap ends', async () => {
    const old = await madeKey(director, ['person:read', 'audit:read'], {
      allowedRanges: ['10.0.0.0/8'],
      expiresInDays: 90,
    });
    const answer = await director.post(`/v1/api-keys/${old.id}/rotate`, { overlapSeconds: 3_600 });
    expect(answer.body).toMatchObject({
      name: old.name,
      permissions: old.permissions,
      allowedRanges: ['10.0.0.0/8'],
      rotatedFrom: old.id,
      revokedAt: null,
    });
    expect(Math.abs(Date.parse(answer.body.expiresAt) - Date.parse(old.expiresAt))).toBeLessThan(60_000);
    const both = async () => [
      outcome(await keyClient(old.key).get('/v1/people')),
      outcome(await keyClient(answer.body.key).get('/v1/people')),
    ];
    expect(await both()).toEqual(['200', '200']);
    const [row] = (await sql(
      `SELECT extract(epoch FROM expires_at - now())::integer AS seconds FROM api_keys WHERE id = $1`,
      [old.id],
    )) as { seconds: number }[];
    expect(row!.seconds).toBeGreaterThan(3_500);
    expect(row!.seconds).toBeLessThanOrEqual(3_600);
    await expire(old.id);
    expect(await both()).toEqual(['401 api_key_expired', '200']);
  });

  it('succeeds once among concurrent requests, and the new key can rotate again', async () => {
    const { id } = await madeKey(director, ['person:read']);
    const answers = await Promise.all(Array.from({ length: 6 }, () => director.post(`/v1/api-keys/${id}/rotate`, {})));
    expect(answers.map(outcome).toSorted()).toEqual(['201', ...Array<string>(5).fill('409 api_key_already_rotated')]);
    const next = answers.find(({ status }) => status === 201)!.body.id as string;
    expect(outcome(await director.post(`/v1/api-keys/${next}/rotate`, { overlapSeconds: 0 }))).toBe('201');
    expect(await sql('SELECT 1 FROM api_keys WHERE id = $1 AND expires_at > now()', [next])).toEqual([]);
  });

  it('waits for a concurrent rotation of the same key and then fails', async () => {
    const { id } = await madeKey(director, ['person:read']);
    const [first, second] = [
      await RawSql.open(harness.env.DATABASE_URL!),
      await RawSql.open(harness.env.DATABASE_URL!),
    ];
    const rotate = (raw: RawSql, secret: string) =>
      raw.outcome(`SELECT app.rotate_api_key($1, gen_random_uuid(), 'vs_abcdef', sha256($2), 60) AS state`, [
        id,
        secret,
      ]);
    await Promise.all([first, second].map((raw) => raw.enter(sessionSecret(director))));
    expect((await rotate(first, 'first')).rows).toEqual([{ state: 'ok' }]);
    const blockedRotation = rotate(second, 'second');
    await until(
      'the second rotation waits',
      async () =>
        (
          await sql(
            `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
               AND query LIKE '%rotate_api_key%'`,
          )
        ).length > 0,
    );
    await first.client.query('COMMIT');
    expect((await blockedRotation).rows).toEqual([{ state: 'rotated' }]);
    await Promise.all([first.end(), second.end()]);
  });

  it('rejects foreign or expired keys, lost permissions, and an overlap of more than a week', async () => {
    const { client, member } = await staff();
    const { id } = await madeKey(client, ['person:read', 'person:unlock-contact']);
    expect(outcome(await director.post(`/v1/api-keys/${id}/rotate`, {}))).toBe('404 not_found');
    expect(outcome(await client.post(`/v1/api-keys/${id}/rotate`, { overlapSeconds: 604_801 }))).toBe(
      '400 invalid_request',
    );
    await director.put(`/v1/memberships/${member.membershipId}/permissions/person:unlock-contact`, { scope: 'none' });
    expect(outcome(await client.post(`/v1/api-keys/${id}/rotate`, {}))).toBe('403 insufficient_privileges_to_grant');
    await director.delete(`/v1/memberships/${member.membershipId}/permissions/person:unlock-contact`);
    await expire(id);
    expect(outcome(await client.post(`/v1/api-keys/${id}/rotate`, {}))).toBe('404 not_found');
  });
});

describe('revocation', () => {
  it('ends a key immediately, by its member or an administrator, and is hidden from other members', async () => {
    const { client } = await staff();
    const other = await staff();
    const [ownKey, revokedByDirector] = [
      await madeKey(client, ['person:read']),
      await madeKey(client, ['person:read']),
    ];
    expect((await client.get('/v1/api-keys')).body.items.map(({ id }: { id: string }) => id)).toEqual([
      revokedByDirector.id,
      ownKey.id,
    ]);
    expect((await other.client.get('/v1/api-keys')).body.items).toEqual([]);
    expect(outcome(await other.client.delete(`/v1/api-keys/${ownKey.id}`))).toBe('404 not_found');
    expect(outcome(await client.delete(`/v1/api-keys/${ownKey.id}`))).toBe('204');
    expect(outcome(await director.delete(`/v1/api-keys/${revokedByDirector.id}`))).toBe('204');
    for (const { key } of [ownKey, revokedByDirector])
      expect(outcome(await keyClient(key).get('/v1/people'))).toBe('401 unauthenticated');
    expect(outcome(await director.delete(`/v1/api-keys/${revokedByDirector.id}`))).toBe('404 not_found');
    const raw = await RawSql.open(harness.env.DATABASE_URL!);
    await raw.enter(sessionSecret(director));
    expect(
      (await raw.attempt('UPDATE api_keys SET revoked_at = NULL WHERE id = $1', [revokedByDirector.id])).code,
    ).toBe('42501');
    expect((await raw.attempt(`UPDATE api_keys SET expires_at = now() + interval '1 year'`)).code).toBe('42501');
    await raw.end();
  });
});

describe('an IP', () => {
  it('outside the allowed ranges of a key is rejected and recorded in the audit log', async () => {
    const { key, id } = await madeKey(director, ['person:read'], {
      allowedRanges: ['192.0.2.0/24', '198.51.100.7', '2001:db8:7::/48'],
    });
    const from = async (ip: string) => outcome(await keyClient(key, ip).get('/v1/people'));
    for (const ip of [
      '192.0.2.0',
      '192.0.2.255',
      '198.51.100.7',
      '2001:db8:7::1',
      '::ffff:192.0.2.9',
      '2001:DB8:7:FFFF::',
    ])
      expect([ip, await from(ip)]).toEqual([ip, '200']);
    for (const ip of ['192.0.3.0', '198.51.100.8', '2001:db8:8::1', '::ffff:192.0.3.1', '::192.0.2.1', '127.0.0.1'])
      expect([ip, await from(ip)]).toEqual([ip, '403 ip_not_allowed']);
    const rejections = (await director.get(`/v1/audit?type=api_key.rejected&targetId=${id}`)).body.items as object[];
    expect(rejections).toHaveLength(6);
    expect(rejections[0]).toMatchObject({
      outcome: 'denied',
      ip: '127.0.0.1',
      target: { type: 'api-key', id },
      meta: { reason: 'address' },
      actor: { type: 'anonymous', id: null },
    });
    await within(key, async () => undefined).then(
      () => expect('entered').toBe('rejected'),
      (error: Error) => expect(error.message).toMatch('address'),
    );
  });
});

describe('the audit log', () => {
  it('names the key in exactly the events of the key, denials included, with the member as actor', async () => {
    const { key, id } = await madeKey(director, ['person:read', 'person:unlock-contact']);
    const person = await harness.make.person(orgId);
    const answers = [
      await keyClient(key).get(`/v1/people/${person}`),
      await director.get(`/v1/people/${person}`),
      await keyClient(key).get('/v1/audit'),
      await keyClient(key).get(`/v1/people/${orgId}`),
      await keyClient(key).post('/v1/auth/logout'),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 403, 404, 403]);
    const events = (await director.get(`/v1/audit?apiKeyId=${id}`)).body.items as {
      type: string;
      requestId: string;
      actor: object;
      meta: object;
    }[];
    const ids = answers.map(({ headers }) => headers.get('x-request-id'));
    expect(events.map(({ type, requestId }) => [type, ids.indexOf(requestId)])).toEqual([
      ['access.denied', 4],
      ['access.denied', 3],
      ['access.denied', 2],
      ['person.viewed', 0],
    ]);
    for (const { actor } of events)
      expect(actor).toMatchObject({ type: 'user', id: directorMember.userId, email: directorMember.email });
    expect(events[0]!.meta).toMatchObject({ reason: 'api_key_not_allowed' });
    const [lifecycle] = [
      (await director.get(`/v1/audit?targetType=api-key&targetId=${id}`)).body.items as {
        type: string;
        apiKeyId: null;
        meta: object;
      }[],
    ];
    expect(lifecycle).toMatchObject([
      {
        type: 'api_key.created',
        apiKeyId: null,
        meta: { permissions: ['person:read', 'person:unlock-contact'], ranges: 0 },
      },
    ]);
  });
});

describe('the time of the last use', () => {
  it('is updated at most once a minute and skips a locked row', async () => {
    // Reading the audit log records an event, so the response waits for the commit.
    const { key, id } = await madeKey(director, ['audit:read']);
    const used = async () =>
      (await sql('SELECT last_used_at::text AS at, host(last_used_ip) AS ip FROM api_keys WHERE id = $1', [id]))[0];
    await keyClient(key, '10.4.0.1').get('/v1/audit');
    const first = await used();
    expect(first).toEqual({ at: expect.any(String), ip: '10.4.0.1' });
    await keyClient(key, '10.4.0.2').get('/v1/audit');
    expect(await used()).toEqual(first);
    await sql(`UPDATE api_keys SET last_used_at = now() - interval '61 seconds' WHERE id = $1`, [id]);
    await connected(harness.env.MIGRATOR_DATABASE_URL!, async (holder) => {
      await holder.query('BEGIN');
      await holder.query('SELECT 1 FROM api_keys WHERE id = $1 FOR UPDATE', [id]);
      expect((await keyClient(key, '10.4.0.3').get('/v1/audit')).status).toBe(200);
      await holder.query('ROLLBACK');
    });
    expect(await used()).toMatchObject({ ip: '10.4.0.1' });
    await keyClient(key, '10.4.0.4').get('/v1/audit');
    expect(await used()).toMatchObject({ ip: '10.4.0.4' });
  });
});

describe('rate limits', () => {
  it('throttle a key with too many requests and no other key', async () => {
    const [busy, idle] = [await madeKey(director, ['person:read']), await madeKey(director, ['person:read'])];
    const limiter = harness.api.get(RateLimiter);
    for (let i = 0; i < API_KEY_RATE_LIMIT.points; i += 500)
      await Promise.all(Array.from({ length: 500 }, () => limiter.consume(API_KEY_RATE_LIMIT, busy.key)));
    expect(outcome(await keyClient(busy.key).get('/v1/people'))).toBe('429 too_many_requests');
    expect(outcome(await keyClient(idle.key).get('/v1/people'))).toBe('200');
  });

  it('block key guessing from an IP without blocking valid keys from the same IP', async () => {
    const { key } = await madeKey(director, ['person:read']);
    const outcomes: string[] = [];
    for (let i = 0; i < 32; i += 1) outcomes.push(outcome(await keyClient(newApiKey(), '10.5.0.1').get('/v1/people')));
    expect(outcomes).toEqual([
      ...Array<string>(30).fill('401 unauthenticated'),
      ...Array<string>(2).fill('429 too_many_requests'),
    ]);
    expect(outcome(await keyClient(key, '10.5.0.1').get('/v1/people'))).toBe('200');
    expect(outcome(await keyClient(newApiKey(), '10.5.0.2').get('/v1/people'))).toBe('401 unauthenticated');
  });
});

describe('the key itself', () => {
  it('is stored in no table, no log line, and no Redis entry', async () => {
    const api = await startCaptured(harness);
    const created = await madeKey(director, ['person:read']);
    const client = new KeyClient(api.url, created.key);
    await client.get('/v1/people');
    await client.get('/v1/audit');
    await client.get(`/v1/people/${created.key}`);
    await client.get(`/v1/people?cursor=${created.key}`);
    const { body: rotated } = await director.post(`/v1/api-keys/${created.id}/rotate`, {});
    await harness.settled();
    const secrets = [created.key, rotated.key as string].flatMap((key) => [
      key,
      key.slice(3, 46),
      Buffer.from(key).toString('hex'),
      Buffer.from(key.slice(3, 46), 'base64url').toString('hex'),
    ]);
    const containsSecret = (text: string) => secrets.some((secret) => text.includes(secret));
    const tables = (await sql(
      `SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) AS name FROM pg_tables
         WHERE schemaname IN ('public', 'app_private')`,
    )) as { name: string }[];
    expect(tables.length).toBeGreaterThan(30);
    for (const { name } of tables) {
      const rows = (await sql(`SELECT t::text AS line FROM ${name} t`)) as { line: string }[];
      expect([name, rows.filter(({ line }) => containsSecret(line))]).toEqual([name, []]);
    }
    expect(api.lines.length).toBeGreaterThan(4);
    expect(api.lines.filter(containsSecret)).toEqual([]);
    const redis = new Redis(harness.env.REDIS_URL!);
    for (const name of await redis.keys('*')) expect(containsSecret(`${name} ${await redis.dump(name)}`)).toBe(false);
    redis.disconnect();
    await api.stop();
  });

  it('is found only by its digest, through an index', async () => {
    await connected(harness.env.MIGRATOR_DATABASE_URL!, async (owner) => {
      await owner.query('SET enable_seqscan = off');
      const { rows } = await owner.query(`EXPLAIN SELECT * FROM api_keys WHERE secret_hash = sha256('x')`);
      expect(JSON.stringify(rows)).toContain('Index Cond: (secret_hash =');
    });
    const { key, id } = await madeKey(director, ['person:read']);
    expect(
      await sql(
        `SELECT 1 AS found FROM api_keys WHERE id = $1 AND secret_hash = sha256(convert_to($2, 'UTF8'))
           AND length(secret_hash) = 32`,
        [id, key],
      ),
    ).toEqual([{ found: 1 }]);
  });
});

describe('an expired key', () => {
  it('is kept for four hundred days because audit events name it; its successor remains', async () => {
    const old = await madeKey(director, ['person:read']);
    const { body: successor } = await director.post(`/v1/api-keys/${old.id}/rotate`, {});
    const run = async () => {
      await director.post('/v1/retention/policies/api_keys.ended/run', {});
      await harness.settled();
      return new Set(
        (await sql('SELECT id FROM api_keys WHERE id = ANY ($1)', [[old.id, successor.id]])).map(
          ({ id }) => id as string,
        ),
      );
    };
    const age = (days: number) =>
      sql(
        `UPDATE api_keys SET created_at = now() - interval '500 days', expires_at = now() - make_interval(days => $2)
           WHERE id = $1`,
        [old.id, days],
      );
    await age(399);
    expect(await run()).toEqual(new Set([old.id, successor.id]));
    await age(402);
    expect(await run()).toEqual(new Set([successor.id]));
    expect((await director.get('/v1/api-keys')).body.items).toContainEqual(
      expect.objectContaining({ id: successor.id, rotatedFrom: null }),
    );
  });
});
