import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RawSql, sessionSecret } from '../contract/raw-sql.js';
import { Harness } from '../harness/app.js';
import type { Client } from '../harness/client.js';

let harness: Harness;
let orgId: string;
let director: Client;

beforeAll(async () => {
  harness = await Harness.start({ takeJobs: false });
  orgId = await harness.make.organization('gme');
  director = await harness.signIn((await harness.make.member(orgId, 'program_director')).email);
});
afterAll(() => harness.stop());

const scopes = (role: { grants: { permission: string; scope: string }[] }) =>
  Object.fromEntries(role.grants.map(({ permission, scope }) => [permission, scope]));

describe("a role of the organization's own", () => {
  it('begins with nothing, or with what another has, and is given like any other', async () => {
    const bare = await director.post('/v1/roles', { key: 'observer', name: 'Observer' });
    expect([bare.status, bare.body]).toMatchObject([201, { key: 'observer', custom: true, grants: [] }]);
    const copy = await director.post('/v1/roles', { key: 'coordinator', name: 'Coordinator', copyOf: 'mentor' });
    const mentor = (await director.get('/v1/roles')).body.items.find(({ key }: { key: string }) => key === 'mentor');
    expect(scopes(copy.body)).toEqual(scopes(mentor));
    const member = await harness.make.member(orgId, 'coordinator');
    expect((await (await harness.signIn(member.email)).get('/v1/auth/me')).body.role).toBe('coordinator');
  });

  it('holds what it is given from the next request on', async () => {
    await director.post('/v1/roles', { key: 'reader', name: 'Reader' });
    const client = await harness.signIn((await harness.make.member(orgId, 'reader')).email);
    expect((await client.get('/v1/people')).status).toBe(403);
    await director.put('/v1/roles/reader/permissions/person:read', { scope: 'org' });
    expect((await client.get('/v1/people')).status).toBe(200);
    await director.delete('/v1/roles/reader/permissions/person:read');
    expect((await client.get('/v1/people')).status).toBe(403);
  });

  it("takes no key that is taken, here or by a preset, and copies no role beyond its maker's own", async () => {
    const codeOf = async (body: object) => (await director.post('/v1/roles', body)).body.code;
    await director.post('/v1/roles', { key: 'twice', name: 'Twice' });
    expect(await codeOf({ key: 'twice', name: 'Twice' })).toBe('role_exists');
    expect(await codeOf({ key: 'portal', name: 'Portal' })).toBe('role_exists');
    expect(await codeOf({ key: 'other', name: 'Other', copyOf: 'no_such_role' })).toBe('unknown_role');
    expect(await codeOf({ key: 'Upper_', name: 'Other' })).toBe('invalid_request');
    const lesser = await harness.make.member(orgId, 'mentor');
    await director.put(`/v1/memberships/${lesser.membershipId}/permissions/role:create`, { scope: 'org' });
    expect(
      (
        await (
          await harness.signIn(lesser.email)
        ).post('/v1/roles', { key: 'mine', name: 'Mine', copyOf: 'program_director' })
      ).body.code,
    ).toBe('insufficient_privileges_to_grant');
  });

  it('is not removed while somebody holds it, and then with all that it had', async () => {
    await director.post('/v1/roles', { key: 'passing', name: 'Passing', copyOf: 'mentor' });
    const { membershipId } = await harness.make.member(orgId, 'passing');
    expect((await director.delete('/v1/roles/passing')).body.code).toBe('role_in_use');
    await director.patch(`/v1/memberships/${membershipId}`, { role: 'trainee' });
    expect((await director.delete('/v1/roles/passing')).status).toBe(204);
    expect((await director.post('/v1/roles', { key: 'passing', name: 'Anew' })).body.grants).toEqual([]);
    expect((await director.delete('/v1/roles/mentor')).status).toBe(404);
  });

  it('for record subjects is answered as they are, without what is for staff', async () => {
    await director.post('/v1/roles', { key: 'alumni', name: 'Alumni', portal: true });
    await director.put('/v1/roles/alumni/permissions/person:read', { scope: 'org' });
    const person = await harness.make.person(orgId, { externalId: 'ext-of-staff' });
    const client = await harness.signIn((await harness.make.member(orgId, 'alumni')).email);
    const { body } = await client.get(`/v1/people/${person}`);
    expect([body.id, 'externalId' in body, 'externalId' in (await director.get(`/v1/people/${person}`)).body]).toEqual([
      person,
      false,
      true,
    ]);
  });

  it('of another organization is no role here', async () => {
    const other = await harness.signIn(
      (await harness.make.member(await harness.make.organization('gme'), 'program_director')).email,
    );
    await director.post('/v1/roles', { key: 'ours', name: 'Ours' });
    expect((await other.post('/v1/memberships', { email: 'x@test.example', name: 'X', role: 'ours' })).body.code).toBe(
      'unknown_role',
    );
    expect((await other.patch('/v1/roles/ours', { name: 'Theirs' })).status).toBe(404);
    expect((await other.delete('/v1/roles/ours')).status).toBe(404);
  });
});

describe('nobody gives what they do not hold, by raw SQL neither', () => {
  let raw: RawSql;
  let deputy: { client: Client; membershipId: string };

  beforeAll(async () => {
    await director.post('/v1/roles', { key: 'deputy', name: 'Deputy' });
    for (const permission of [
      'membership:read',
      'membership:create',
      'membership:update',
      'membership:override',
      'role:read',
      'role:update',
    ]) {
      await director.put(`/v1/roles/deputy/permissions/${permission}`, { scope: 'org' });
    }
    const { email, membershipId } = await harness.make.member(orgId, 'deputy');
    deputy = { client: await harness.signIn(email), membershipId };
    raw = await RawSql.open(harness.env.DATABASE_URL!);
    await raw.enter(sessionSecret(deputy.client));
  });
  afterAll(async () => {
    await raw.rollback();
    await raw.end();
  });

  it.each([
    [
      'raising their own role',
      () => raw.attempt(`UPDATE memberships SET role = 'program_director' WHERE id = app.membership_id()`),
    ],
    [
      "raising another's",
      () => raw.attempt(`UPDATE memberships SET role = 'program_director' WHERE role <> 'program_director'`),
    ],
    [
      'making a member of a higher role',
      () =>
        raw.attempt(
          `INSERT INTO memberships (org_id, id, user_id, name, role)
             SELECT app.org_id(), gen_random_uuid(), app.ensure_user(gen_random_uuid(), 'new@test.example'), 'X',
               'program_director'`,
        ),
    ],
    [
      "a role's override",
      () =>
        raw.attempt(
          `INSERT INTO role_overrides (org_id, role, permission, scope)
             VALUES (app.org_id(), 'deputy', 'audit:read', 'org')`,
        ),
    ],
    [
      "a member's override",
      () =>
        raw.attempt(
          `INSERT INTO member_overrides (org_id, membership_id, permission, scope)
             VALUES (app.org_id(), app.membership_id(), 'audit:read', 'org')`,
        ),
    ],
    [
      'the kept grants themselves',
      () => raw.attempt(`UPDATE memberships SET grants = '{"audit:read":"org"}' WHERE id = app.membership_id()`),
    ],
    [
      'the scopes of what is about people',
      () =>
        raw.attempt(`UPDATE memberships SET person_scopes = '{"person:read":"org"}' WHERE id = app.membership_id()`),
    ],
    [
      'support staff by itself',
      () => raw.attempt(`UPDATE memberships SET kind = 'support' WHERE id = app.membership_id()`),
    ],
  ])('%s', async (_what, attempt) => {
    expect((await attempt()).code).toBe('42501');
  });

  it('and a role that does not exist is refused to the system as well', async () => {
    expect(
      (await raw.attempt(`UPDATE memberships SET role = 'no_such_role' WHERE id = app.membership_id()`)).code,
    ).toBe('23514');
  });
});
