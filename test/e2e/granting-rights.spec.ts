import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AccessGrantsService } from '../../src/modules/access-grants/index.js';
import { providerMetadata } from '../contract/fixtures.js';
import { RawSql, sessionSecret } from '../contract/raw-sql.js';
import { Harness } from '../harness/app.js';
import type { Client } from '../harness/client.js';
import type { Member } from '../harness/factories.js';

const REASON = 'Synthetic emergency of a test';

let harness: Harness;
let orgId: string;
let director: Client;
let roleCount = 0;

beforeAll(async () => {
  harness = await Harness.start({ takeJobs: false });
  orgId = await harness.make.organization('gme');
  director = await harness.signIn((await harness.make.member(orgId, 'program_director')).email);
});
afterAll(() => harness.stop());

/** Creates a member who holds exactly the given permissions. */
async function holder(grants: Record<string, string>): Promise<{ member: Member; client: Client }> {
  const key = `holder_${'abcdefghijklmnopqrstuvwxyz'[roleCount]}`;
  roleCount += 1;
  await director.post('/v1/roles', { key, name: key });
  for (const [permission, scope] of Object.entries(grants))
    await director.put(`/v1/roles/${key}/permissions/${permission}`, { scope });
  const member = await harness.make.member(orgId, key);
  return { member, client: await harness.signIn(member.email) };
}

async function granted(
  { member, client }: { member: Member; client: Client },
  grants: { permission: string; scope: string }[],
): Promise<string> {
  await director.put(`/v1/memberships/${member.membershipId}/permissions/access-grant:request`, { scope: 'org' });
  const { id } = (await client.post('/v1/access/grants', { grants, reason: REASON, minutes: 5 })).body as {
    id: string;
  };
  expect((await director.post(`/v1/access/grants/${id}/approve`)).status).toBe(200);
  return id;
}

describe('a permission from an access grant', () => {
  it('cannot be granted on by overrides, roles, members, or invites, not even to oneself', async () => {
    const user = await holder({
      'membership:override': 'org',
      'role:update': 'org',
      'role:create': 'org',
      'membership:create': 'org',
      'membership:read': 'org',
      'invite:create': 'org',
      'role:read': 'org',
    });
    await granted(user, [{ permission: 'audit:read', scope: 'org' }]);
    const { client, member } = user;
    expect((await client.get('/v1/audit')).status).toBe(200);
    for (const answer of [
      await client.put(`/v1/memberships/${member.membershipId}/permissions/audit:read`, { scope: 'org' }),
      await client.put('/v1/roles/trainee/permissions/audit:read', { scope: 'org' }),
      await client.post('/v1/memberships', { email: 'given@test.example', name: 'Given', role: 'mentor' }),
      await client.post('/v1/invites', { email: 'given@test.example', name: 'Given', role: 'mentor' }),
    ])
      expect([answer.status, answer.body.code]).toEqual([403, 'insufficient_privileges_to_grant']);
  });

  it('cannot be granted on by raw SQL', async () => {
    const user = await holder({ 'membership:override': 'org', 'membership:read': 'org', 'membership:update': 'org' });
    await granted(user, [{ permission: 'audit:read', scope: 'org' }]);
    const raw = await RawSql.open(harness.env.DATABASE_URL!);
    await raw.enter(sessionSecret(user.client));
    expect(
      (
        await raw.attempt(
          `INSERT INTO member_overrides (org_id, membership_id, permission, scope)
             VALUES (app.org_id(), app.membership_id(), 'audit:read', 'org')`,
        )
      ).code,
    ).toBe('42501');
    expect(
      (await raw.attempt(`UPDATE memberships SET role = 'program_director' WHERE id = app.membership_id()`)).code,
    ).toBe('42501');
    await raw.rollback();
    await raw.end();
  });

  it('does not make its holder an owner who can manage members', async () => {
    const org = await harness.make.organization('gme');
    const [owner, other] = [
      await harness.make.member(org, 'program_director'),
      await harness.make.member(org, 'program_director'),
    ];
    const [asOwner, asOther] = [await harness.signIn(owner.email), await harness.signIn(other.email)];
    await asOwner.put(`/v1/memberships/${other.membershipId}/permissions/access-grant:request`, { scope: 'org' });
    const { id } = (
      await asOther.post('/v1/access/grants', {
        grants: [{ permission: 'membership:update', scope: 'org' }],
        reason: REASON,
        minutes: 5,
      })
    ).body;
    await asOwner.post(`/v1/access/grants/${id}/approve`);
    expect((await asOwner.delete(`/v1/memberships/${owner.membershipId}`)).body.code).toBe('last_owner');
  });
});

describe('a scope that the caller does not hold', () => {
  it('cannot be granted by assigning a person, not even to oneself', async () => {
    const { client, member } = await holder({ 'person:read': 'assigned', 'assignment:create': 'org' });
    const person = await harness.make.person(orgId);
    expect(
      (await client.post('/v1/assignments', { personId: person, membershipId: member.membershipId })).body.code,
    ).toBe('insufficient_privileges_to_grant');
    expect((await client.get(`/v1/people/${person}`)).status).toBe(404);
  });

  it('cannot be granted by approving an access grant for one person', async () => {
    const { client } = await holder({ 'person:read': 'assigned', 'access-grant:decide': 'org' });
    const mentor = await harness.signIn((await harness.make.member(orgId, 'mentor')).email);
    const person = await harness.make.person(orgId);
    const { id } = (
      await mentor.post('/v1/access/grants', {
        personId: person,
        grants: [{ permission: 'person:read', scope: 'assigned' }],
        reason: REASON,
        minutes: 5,
      })
    ).body;
    expect((await client.post(`/v1/access/grants/${id}/approve`)).body.code).toBe('insufficient_privileges_to_grant');
    expect((await mentor.get(`/v1/people/${person}`)).status).toBe(404);
  });

  it('cannot be granted by making a user the subject of a record', async () => {
    const own = await harness.make.person(orgId);
    const { client, member } = await holder({
      'person:read': 'own',
      'person:unlock-contact': 'own',
      'organization:read': 'org',
      'invite:create': 'org',
      'membership:create': 'org',
      'membership:read': 'org',
    });
    await harness.database.superuser('UPDATE memberships SET person_id = $1 WHERE id = $2', [own, member.membershipId]);
    const other = await harness.make.person(orgId);
    const account = { email: 'second.box@test.example', name: 'Second', role: 'trainee', personId: other };
    expect((await client.post('/v1/invites', account)).body.code).toBe('insufficient_privileges_to_grant');
    expect((await client.post('/v1/memberships', account)).body.code).toBe('insufficient_privileges_to_grant');
  });

  it('cannot be granted by an identity provider: only holders of all owner permissions connect one', async () => {
    const { body: connection } = await director.post('/v1/sso/connections', {
      name: 'Theirs',
      metadata: await providerMetadata(),
      defaultRole: 'trainee',
    });
    const { client } = await holder({ 'sso:read': 'org', 'sso:update': 'org', 'sso:create': 'org' });
    const metadata = await providerMetadata();
    expect((await client.patch(`/v1/sso/connections/${connection.id}`, { metadata })).body.code).toBe(
      'insufficient_privileges_to_grant',
    );
    expect(
      (await client.post('/v1/sso/connections', { name: 'Mine', metadata, defaultRole: 'trainee' })).body.code,
    ).toBe('insufficient_privileges_to_grant');
    const raw = await RawSql.open(harness.env.DATABASE_URL!);
    await raw.enter(sessionSecret(client));
    expect((await raw.attempt(`UPDATE sso_connections SET idp_sso_url = 'https://elsewhere.example'`)).rowCount).toBe(
      0,
    );
    await raw.rollback();
    await raw.end();
  });
});

describe('the support role', () => {
  it('is reserved for support staff, and no organization can create or change it', async () => {
    expect(
      (await director.post('/v1/roles', { key: 'support', name: 'Support', copyOf: 'program_director' })).body.code,
    ).toBe('role_exists');
    const { membershipId } = await harness.operator.within(orgId, () =>
      harness.operator.app.get(AccessGrantsService).requestSupport({
        email: 'staff@vendor.example',
        name: 'Synthetic Support',
        grants: [{ permission: 'person:read', scope: 'org' }],
        reason: REASON,
        minutes: 15,
      }),
    );
    expect((await director.patch(`/v1/memberships/${membershipId}`, { role: 'mentor' })).status).toBe(404);
    expect(
      (await director.put(`/v1/memberships/${membershipId}/permissions/audit:read`, { scope: 'org' })).status,
    ).toBe(404);
  });
});

describe('raw SQL that changes its tenant context within a statement', () => {
  let raw: RawSql;
  beforeAll(async () => {
    raw = await RawSql.open(harness.env.DATABASE_URL!);
  });
  afterAll(() => raw.end());

  const context = async () =>
    (await raw.client.query<{ context: string }>(`SELECT current_setting('vouchsafe.context') AS context`)).rows[0]!
      .context;
  const enter = (client: Client) =>
    raw.client.query('SELECT state FROM app.enter_session($1, false)', [sessionSecret(client)]);

  it('reads rows of an organization only with the permissions that the caller holds there', async () => {
    const ownOrg = await harness.make.organization('gme');
    const otherOrg = await harness.make.organization('gme');
    await harness.make.person(otherOrg);
    const asDirector = await harness.signIn((await harness.make.member(ownOrg, 'program_director')).email);
    const asTrainee = await harness.signIn((await harness.make.member(otherOrg, 'trainee')).email);
    await raw.client.query('BEGIN; SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off');
    await enter(asDirector);
    const directorContext = await context();
    await enter(asTrainee);
    for (const [table, key] of [
      ['people', 'id'],
      ['audit_events', 'id'],
      ['memberships', 'id'],
      ['sso_connections', 'id'],
    ] as const) {
      const honest = await raw.attempt(`SELECT 1 FROM ${table}`);
      const mixed = await raw.attempt(
        `SELECT org_id FROM ${table} t WHERE t.${key} > (SELECT CASE
           WHEN set_config('vouchsafe.context', $1, true) IS NOT NULL
        THEN '00000000-0000-0000-0000-000000000000'::uuid END)`,
        [directorContext],
      );
      expect([table, mixed.rows.filter((row) => row['org_id'] === otherOrg).length <= honest.rowCount]).toEqual([
        table,
        true,
      ]);
      await enter(asTrainee);
    }
    await raw.rollback();
  });

  it('cannot connect or change an identity provider with permissions from another organization', async () => {
    const { body: connection } = await director.post('/v1/sso/connections', {
      name: 'Exchanged',
      metadata: await providerMetadata(),
      defaultRole: 'trainee',
    });
    const elsewhere = await harness.signIn(
      (await harness.make.member(await harness.make.organization('gme'), 'program_director')).email,
    );
    const { client } = await holder({ 'sso:read': 'org', 'sso:update': 'org', 'sso:create': 'org' });
    const connections = () =>
      harness.database.superuser('SELECT id, name, idp_sso_url FROM sso_connections WHERE org_id = $1 ORDER BY id', [
        orgId,
      ]);
    const before = await connections();
    await raw.client.query('BEGIN; SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off');
    await enter(elsewhere);
    const otherContext = await context();
    await enter(client);
    const ownContext = await context();
    const lowestId = '00000000-0000-0000-0000-000000000000';
    const setContext = (one: string) => `set_config('vouchsafe.context', '${one}', true)`;
    const statements: string[] = [];
    for (const one of [otherContext, ownContext]) {
      for (const other of [otherContext, ownContext]) {
        const written = `left('Taken' || ${setContext(one)}, 5)`;
        for (const where of [
          'true',
          `(SELECT ${setContext(other)}) IS NOT NULL`,
          `id > (SELECT CASE WHEN ${setContext(other)} IS NOT NULL THEN '${lowestId}'::uuid END)`,
        ]) {
          statements.push(
            `UPDATE sso_connections SET name = ${written} WHERE ${where}`,
            `UPDATE sso_connections SET idp_sso_url = 'https://elsewhere.example' WHERE ${where}`,
          );
        }
        const insert = (
          id: string,
        ) => `INSERT INTO sso_connections (org_id, id, name, idp_entity_id, idp_sso_url, idp_certificates,
          db_secret_enc, db_secret_hash)
          SELECT '${orgId}', ${id}, ${written}, 'x', 'https://elsewhere.example', '{x}', '\\x00', sha256('x')
            WHERE (SELECT ${setContext(other)}) IS NOT NULL`;
        statements.push(
          insert('gen_random_uuid()'),
          `${insert(`'${connection.id}'`)} ON CONFLICT (org_id, id) DO UPDATE SET name = left('Taken' || ` +
            `${setContext(one)}, 5)`,
        );
      }
    }
    for (const first of [otherContext, ownContext]) {
      for (const statement of statements) {
        await raw.client.query(`SELECT ${setContext(first)}`);
        await raw.attempt(statement);
      }
    }
    await raw.client.query('COMMIT');
    expect(await connections()).toEqual(before);
  });

  it('cannot raise a member, remove the last owner, or hide the author of a change', async () => {
    const org = await harness.make.organization('gme');
    const owner = await harness.make.member(org, 'program_director');
    const client = await harness.signIn(owner.email);
    await harness.make.person(org);
    const attacks = [
      [
        `UPDATE memberships SET status = 'ended', ended_at = now() RETURNING set_config('vouchsafe.context', '', true)`,
        'VS409',
      ],
      [`UPDATE people SET title = set_config('vouchsafe.context', '', true) || 'x'`, '42501'],
      [
        `INSERT INTO memberships (org_id, id, user_id, name, role)
           SELECT '${org}', gen_random_uuid(), '${owner.userId}', set_config('vouchsafe.context', '', true), 'mentor'`,
        '42501',
      ],
    ] as const;
    for (const [attack, code] of attacks) {
      await raw.enter(sessionSecret(client));
      expect([attack, (await raw.attempt(attack)).code]).toEqual([attack, code]);
      await raw.rollback();
    }
  });
});

describe('raw SQL in a session', () => {
  let raw: RawSql;
  let trainee: Client;
  beforeAll(async () => {
    raw = await RawSql.open(harness.env.DATABASE_URL!);
    trainee = await harness.signIn((await harness.make.member(orgId, 'trainee')).email);
  });
  afterAll(() => raw.end());

  it.each<[string, string, (string | null)[]]>([
    [
      'cannot enqueue a job without the permission for it',
      `INSERT INTO outbox (org_id, id, job, group_key, payload, request_id)
         SELECT app.org_id(), gen_random_uuid(), 'retention.nightly', app.org_id() || ':x', '{}', 'r'`,
      ['42501'],
    ],
    [
      'cannot create a new version of a data key',
      `INSERT INTO data_keys (org_id, subject_id, purpose, key_version, wrapped)
         SELECT app.org_id(), gen_random_uuid(), 'data', 2, '\\x00'`,
      ['42501'],
    ],
    [
      'cannot set the file of an export',
      `INSERT INTO exports (org_id, id, kind, requested_by, object_key)
         SELECT app.org_id(), gen_random_uuid(), 'people_csv', app.membership_id(), 'x'`,
      ['42501'],
    ],
    ['cannot move an assignment to another person', `UPDATE assignments SET person_id = gen_random_uuid()`, ['42501']],
    ['cannot restore a revoked session', `UPDATE sessions SET revoked_at = NULL`, ['42501']],
    ['cannot create users', `SELECT app.ensure_user(gen_random_uuid(), 'made@test.example')`, ['42501']],
    [
      'cannot set a password without the current one',
      `SELECT app.set_password(app.user_id(), '\\x00', decode(repeat('00', 16), 'hex'),
         decode(repeat('00', 32), 'hex'), NULL, false)`,
      ['42501'],
    ],
    [
      'reveals nothing about an account in an incomplete sign-in',
      `SELECT 1 FROM app.complete_sign_in('nobody@test.example', '\\x00', NULL) WHERE user_id IS NOT NULL
         OR membership_id IS NOT NULL`,
      [null],
    ],
  ])('%s', async (_what, statement, codes) => {
    await raw.enter(sessionSecret(trainee));
    const { code, rowCount } = await raw.attempt(statement);
    await raw.rollback();
    expect(codes).toContain(code);
    if (code === null) expect(rowCount).toBe(0);
  });

  it("cannot reuse the id of another organization's connection", async () => {
    const { body: connection } = await director.post('/v1/sso/connections', {
      name: 'First',
      metadata: await providerMetadata(),
      defaultRole: 'trainee',
    });
    const elsewhere = await harness.signIn(
      (await harness.make.member(await harness.make.organization('gme'), 'program_director')).email,
    );
    await raw.enter(sessionSecret(elsewhere));
    expect(
      (
        await raw.attempt(
          `INSERT INTO sso_connections (org_id, id, name, protocol, idp_entity_id, idp_sso_url, idp_certificates,
             db_secret_enc, db_secret_hash)
       VALUES (app.org_id(), $1, 'Taken', 'saml', 'x', 'https://elsewhere.example', '{x}', '\\x00', sha256('x'))`,
          [connection.id],
        )
      ).code,
    ).toBe('42501');
    await raw.rollback();
  });
});
