import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { newApiKey } from '../../src/platform/access/api-key.js';
import { RawSql, sessionSecret } from '../contract/raw-sql.js';
import { Harness } from '../harness/app.js';
import type { Answer, Client } from '../harness/client.js';
import type { Member } from '../harness/factories.js';
import { KeyClient, madeKey } from '../harness/keys.js';

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

describe('a new key', () => {
  it('is shown once and is listed with its prefix, its last use, and its last IP', async () => {
    const { key, ...created } = await madeKey(director, ['person:read'], {
      expiresInDays: 365,
      allowedRanges: ['10.0.0.0/8'],
    });
    expect(created).toMatchObject({
      membershipId: directorMember.membershipId,
      prefix: key.slice(0, 9),
      permissions: ['person:read'],
      allowedRanges: ['10.0.0.0/8'],
      lastUsedAt: null,
      lastUsedIp: null,
      revokedAt: null,
    });
    expect(Math.round((Date.parse(created.expiresAt) - Date.now()) / 86_400_000)).toBe(365);
    expect((await keyClient(key, '10.9.8.7').get('/v1/people')).status).toBe(200);
    const listed = await director.get(`/v1/api-keys?membershipId=${directorMember.membershipId}`);
    expect(listed.body.items[0]).toEqual({ ...created, lastUsedAt: expect.any(String), lastUsedIp: '10.9.8.7' });
    expect(listed.text).not.toContain(key.slice(9));
  });

  it('rejects permissions that its creator lacks, unknown permissions, and more than a year', async () => {
    const { client } = await staff();
    const create = async (more: object) =>
      outcome(
        await client.post('/v1/api-keys', { name: 'x', permissions: ['person:read'], expiresInDays: 1, ...more }),
      );
    expect(await create({ permissions: ['person:read', 'audit:read'] })).toBe('403 insufficient_privileges_to_grant');
    expect(await create({ permissions: ['person:reed'] })).toBe('400 unknown_permission');
    const invalid = [
      { permissions: [] },
      { permissions: ['*'] },
      { permissions: ['person:*'] },
      { permissions: ['person:read', 'person:read'] },
      { permissions: 'person:read' },
      { expiresInDays: 366 },
      { expiresInDays: 0 },
      { expiresInDays: null },
      { allowedRanges: [] },
      { allowedRanges: ['10.0.0.1/8'] },
      { allowedRanges: ['anywhere'] },
      { allowedRanges: ['10'] },
      { allowedRanges: ['10.0.0.0/33'] },
      { name: '' },
      { membershipId: directorMember.membershipId },
    ];
    for (const more of invalid) expect([more, await create(more)]).toEqual([more, '400 invalid_request']);
    expect(await create({ expiresInDays: undefined })).toBe('400 invalid_request');
    expect(await create({ allowedRanges: ['10.0.0.0/8', '192.0.2.7', '2001:db8::/32'] })).toBe('201');
  });

  it("is bound to its creator and the creator's permissions in raw SQL too", async () => {
    const { client, member } = await staff();
    const raw = await RawSql.open(harness.env.DATABASE_URL!);
    await raw.enter(sessionSecret(client));
    const insert = async (owner: string, permissions: string[], days: number) =>
      (
        await raw.attempt(
          `INSERT INTO api_keys (org_id, id, membership_id, name, prefix, secret_hash, permissions, expires_at)
       VALUES ($1, gen_random_uuid(), $2, 'x', 'vs_abcdef', sha256('x'), $3,
         now() + make_interval(hours => 24 * $4::integer))`,
          [orgId, owner, permissions, days],
        )
      ).code;
    expect(await insert(member.membershipId, ['person:read'], 365)).toBeNull();
    expect([
      await insert(directorMember.membershipId, ['person:read'], 30),
      await insert(member.membershipId, ['audit:read'], 30),
    ]).toEqual(['42501', '42501']);
    expect([
      await insert(member.membershipId, ['person:read'], 366),
      await insert(member.membershipId, [], 30),
    ]).toEqual(['23514', '23514']);
    expect((await raw.attempt('SELECT secret_hash FROM api_keys')).code).toBe('42501');
    await raw.end();
  });

  it('requires a recent sign-in, and so does its rotation', async () => {
    const { client, member } = await staff();
    const { id } = await madeKey(client, ['person:read']);
    await sql(`UPDATE sessions SET signed_in_at = now() - interval '2 hours' WHERE user_id = $1`, [member.userId]);
    expect(
      outcome(await client.post('/v1/api-keys', { name: 'x', permissions: ['person:read'], expiresInDays: 1 })),
    ).toBe('403 step_up_required');
    expect(outcome(await client.post(`/v1/api-keys/${id}/rotate`, {}))).toBe('403 step_up_required');
    expect(outcome(await client.delete(`/v1/api-keys/${id}`))).toBe('204');
  });
});

describe('an Authorization header', () => {
  it('takes precedence: the cookie is ignored with a valid key and without one', async () => {
    const { key } = await madeKey(director, ['person:read']);
    const { client } = await staff();
    const me = (authorization: string) =>
      client.get('/v1/auth/me', { headers: { authorization, 'x-forwarded-for': `10.1.0.${(lastIp += 1)}` } });
    for (const header of [
      `Bearer ${key.slice(0, -1)}${key.endsWith('A') ? 'B' : 'A'}`,
      `Bearer ${newApiKey()}`,
      `Basic ${btoa('a:b')}`,
      'Bearer',
      `Bearer ${sessionSecret(client)}`,
      key,
      `Token ${key}`,
      `Bearer ${key} x`,
    ]) {
      const answer = await me(header);
      expect([header, outcome(answer), answer.headers.get('www-authenticate')]).toEqual([
        header,
        '401 unauthenticated',
        'Bearer',
      ]);
    }
    expect((await me(`Bearer ${key}`)).body).toMatchObject({
      user: { email: directorMember.email },
      permissions: ['person:read'],
      session: { id: null },
      apiKeyId: expect.any(String),
    });
    expect((await client.get('/v1/auth/me')).body.apiKeyId).toBeNull();
    expect((await client.get('/v1/auth/me', { headers: { authorization: '' } })).status).toBe(401);
  });

  it('exempts a key from the CSRF check, which still rejects a cookie from another site', async () => {
    const { key } = await madeKey(director, ['person:create', 'person:read']);
    const evil = { headers: { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' } };
    const body = { kind: 'trainee', givenName: 'Synthetic', familyName: 'Newcomer' };
    expect(outcome(await keyClient(key).post('/v1/people', body, evil))).toBe('201');
    expect(outcome(await director.post('/v1/people', body, evil))).toBe('403 csrf_check_failed');
  });
});

describe('a key', () => {
  it("follows each change of its member's access with the next request", async () => {
    const { client, member, person } = await staff();
    await director.put(`/v1/memberships/${member.membershipId}/permissions/audit:read`, { scope: 'org' });
    const { key } = await madeKey(client, [
      'person:read',
      'person:unlock-contact',
      'audit:read',
      'access-grant:request',
    ]);
    const unassigned = await harness.make.person(orgId);
    const read = async (id: string) => (await keyClient(key).get(`/v1/people/${id}`)).status;
    expect([await read(person), await read(unassigned), (await keyClient(key).get('/v1/audit')).status]).toEqual([
      200, 404, 200,
    ]);
    await director.put(`/v1/memberships/${member.membershipId}/permissions/audit:read`, { scope: 'none' });
    expect((await keyClient(key).get('/v1/audit')).status).toBe(403);
    const {
      body: { id },
    } = await client.post('/v1/access/grants', {
      grants: [
        { permission: 'person:read', scope: 'org' },
        { permission: 'membership:read', scope: 'org' },
      ],
      reason: 'Synthetic reason of a test',
      minutes: 30,
    });
    await director.post(`/v1/access/grants/${id}/approve`);
    expect([
      await read(unassigned),
      (await client.get('/v1/memberships')).status,
      (await keyClient(key).get('/v1/memberships')).status,
    ]).toEqual([200, 200, 403]);
    await director.delete(`/v1/access/grants/${id}`);
    expect(await read(unassigned)).toBe(404);
    await director.patch(`/v1/memberships/${member.membershipId}`, { role: 'trainee' });
    expect([await read(person), await read(unassigned)]).toEqual([404, 404]);
    await director.delete(`/v1/memberships/${member.membershipId}`);
    expect(outcome(await keyClient(key).get('/v1/auth/me'))).toBe('401 unauthenticated');
    await sql(`UPDATE memberships SET status = 'active', ended_at = NULL WHERE id = $1`, [member.membershipId]);
    expect(outcome(await keyClient(key).get('/v1/auth/me'))).toBe('401 unauthenticated');
  });

  it('is rejected while the organization is suspended and works again afterwards', async () => {
    const other = await harness.make.organization('workforce');
    const { key } = await madeKey(await harness.signIn((await harness.make.member(other, 'owner')).email), [
      'person:read',
    ]);
    await sql(`UPDATE organizations SET status = 'suspended' WHERE id = $1`, [other]);
    expect(outcome(await keyClient(key).get('/v1/people'))).toBe('403 organization_suspended');
    await sql(`UPDATE organizations SET status = 'active' WHERE id = $1`, [other]);
    expect(outcome(await keyClient(key).get('/v1/people'))).toBe('200');
  });

  it("always holds the intersection of its list and its member's grants", async () => {
    const { client, member } = await staff();
    const held = (await client.get('/v1/auth/me')).body.permissions as string[];
    const input = fc.record({
      list: fc.subarray(held, { minLength: 1 }),
      changed: fc.dictionary(
        fc.constantFrom('person:read', 'person:unlock-contact', 'person:update', 'assignment:read'),
        fc.constantFrom('org', 'assigned', 'own', 'none'),
      ),
    });
    await fc.assert(
      fc.asyncProperty(input, async ({ list, changed }) => {
        await sql('DELETE FROM member_overrides WHERE membership_id = $1 AND permission NOT LIKE $2', [
          member.membershipId,
          'api-key:%',
        ]);
        const { key } = await madeKey(client, list);
        for (const [permission, scope] of Object.entries(changed))
          await sql('INSERT INTO member_overrides (org_id, membership_id, permission, scope) VALUES ($1, $2, $3, $4)', [
            orgId,
            member.membershipId,
            permission,
            scope,
          ]);
        const grants = async (by: Client) =>
          (await by.get('/v1/auth/me')).body.grants as { permission: string; scope: string }[];
        const shared = (await grants(client)).filter(({ permission }) => list.includes(permission));
        expect(await grants(keyClient(key, '10.2.0.1'))).toEqual(shared);
        const { rows } = await within(key, (raw) =>
          raw.attempt(
            `SELECT p AS permission, app.granted_scope(p) AS scope FROM unnest($1::text[]) p
               WHERE app.granted_scope(p) <> 'none'`,
            [[...new Set([...held, ...Object.keys(changed)])]],
          ),
        );
        expect(new Map(rows.map(({ permission, scope }) => [permission, scope]))).toEqual(
          new Map(shared.map(({ permission, scope }) => [permission, scope])),
        );
      }),
      { numRuns: 12 },
    );
  });

  it('skips sign-in requirements, because its member met them before creating it', async () => {
    const { client, member } = await staff();
    const { key } = await madeKey(client, ['person:read']);
    await sql('UPDATE users SET must_change_password = true WHERE id = $1', [member.userId]);
    expect(
      outcome(await client.post('/v1/api-keys', { name: 'x', permissions: ['person:read'], expiresInDays: 1 })),
    ).toBe('403 password_change_required');
    expect(outcome(await keyClient(key).get('/v1/people'))).toBe('200');
  });

  it('cannot change keys, access, or accounts, not even in raw SQL', async () => {
    const all = (await director.get('/v1/auth/me')).body.permissions as string[];
    const { key, id } = await madeKey(director, all);
    const { id: other } = await madeKey(director, ['person:read']);
    for (const [method, path, body] of [
      ['POST', '/v1/api-keys', { name: 'x', permissions: ['person:read'], expiresInDays: 1 }],
      ['POST', `/v1/api-keys/${id}/rotate`, {}],
      ['DELETE', `/v1/api-keys/${other}`, undefined],
      ['POST', '/v1/auth/password/change', { currentPassword: 'Synthetic-Test-1', newPassword: 'Synthetic-Test-2' }],
      ['GET', '/v1/auth/sessions', undefined],
      ['POST', '/v1/auth/logout', undefined],
      ['POST', '/v1/exports', { kind: 'people_csv' }],
    ] as const)
      expect([path, outcome(await keyClient(key, '10.3.0.1').send(method, path, { body }))]).toEqual([
        path,
        '403 api_key_not_allowed',
      ]);
    await within(key, async (raw) => {
      const insert = `INSERT INTO api_keys (org_id, id, membership_id, name, prefix, secret_hash, permissions,
        expires_at) VALUES ($1, gen_random_uuid(), $2, 'x', 'vs_abcdef', sha256('x'), '{person:read}', now())`;
      expect((await raw.attempt(insert, [orgId, directorMember.membershipId])).code).toBe('42501');
      expect(
        (
          await raw.attempt(`SELECT app.rotate_api_key($1, gen_random_uuid(), 'vs_abcdef', sha256('x'), 60) AS state`, [
            other,
          ])
        ).rows,
      ).toEqual([{ state: 'unknown' }]);
      expect((await raw.attempt('UPDATE api_keys SET revoked_at = now()')).rowCount).toBe(0);
      expect(
        (
          await raw.attempt(`SELECT app.set_password($1, '\\x00', '\\x00', '\\x00', NULL, false)`, [
            directorMember.userId,
          ])
        ).code,
      ).toBe('42501');
      expect((await raw.attempt('SELECT (app.own_factors()).user_id AS factors, app.user_id() AS id')).rows).toEqual([
        { factors: null, id: null },
      ]);
      expect(
        (await raw.attempt('SELECT app.decide_access_grant(gen_random_uuid(), true, gen_random_uuid())')).code,
      ).toBe('42501');
    });
  });
});
