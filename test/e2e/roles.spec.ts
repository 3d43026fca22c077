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

describe('a custom role', () => {
  it('starts empty or as a copy of another role, and can be assigned like any other', async () => {
    const empty = await director.post('/v1/roles', { key: 'observer', name: 'Observer' });
    expect([empty.status, empty.body]).toMatchObject([201, { key: 'observer', custom: true, grants: [] }]);
    const copy = await director.post('/v1/roles', { key: 'coordinator', name: 'Coordinator', copyOf: 'mentor' });
    const mentor = (await director.get('/v1/roles')).body.items.find(({ key }: { key: string }) => key === 'mentor');
    expect(scopes(copy.body)).toEqual(scopes(mentor));
    const member = await harness.make.member(orgId, 'coordinator');
    expect((await (await harness.signIn(member.email)).get('/v1/auth/me')).body.role).toBe('coordinator');
  });

  it('has added permissions from the next request on', async () => {
    await director.post('/v1/roles', { key: 'reader', name: 'Reader' });
    const client = await harness.signIn((await harness.make.member(orgId, 'reader')).email);
    expect((await client.get('/v1/people')).status).toBe(403);
    await director.put('/v1/roles/reader/permissions/person:read', { scope: 'org' });
    expect((await client.get('/v1/people')).status).toBe(200);
    await director.delete('/v1/roles/reader/permissions/person:read');
    expect((await client.get('/v1/people')).status).toBe(403);
  });

  it('rejects a duplicate key, a preset key, and a copy of a role with more permissions than its creator', async () => {
    const codeOf = async (body: object) => (await director.post('/v1/roles', body)).body.code;
    await director.post('/v1/roles', { key: 'twice', name: 'Twice' });
    expect(await codeOf({ key: 'twice', name: 'Twice' })).toBe('role_exists');
    expect(await codeOf({ key: 'portal', name: 'Portal' })).toBe('role_exists');
    expect(await codeOf({ key: 'other', name: 'Other', copyOf: 'no_such_role' })).toBe('unknown_role');
    expect(await codeOf({ key: 'Upper_', name: 'Other' })).toBe('invalid_request');
    const lowerMember = await harness.make.member(orgId, 'mentor');
    await director.put(`/v1/memberships/${lowerMember.membershipId}/permissions/role:create`, { scope: 'org' });
    expect(
      (
        await (
          await harness.signIn(lowerMember.email)
        ).post('/v1/roles', { key: 'mine', name: 'Mine', copyOf: 'program_director' })
      ).body.code,
    ).toBe('insufficient_privileges_to_grant');
  });

  it('cannot be deleted while a member has it, and deletion removes all its permissions', async () => {
    await director.post('/v1/roles', { key: 'passing', name: 'Passing', copyOf: 'mentor' });
    const { membershipId } = await harness.make.member(orgId, 'passing');
    expect((await director.delete('/v1/roles/passing')).body.code).toBe('role_in_use');
    await director.patch(`/v1/memberships/${membershipId}`, { role: 'trainee' });
    expect((await director.delete('/v1/roles/passing')).status).toBe(204);
    expect((await director.post('/v1/roles', { key: 'passing', name: 'Again' })).body.grants).toEqual([]);
    expect((await director.delete('/v1/roles/mentor')).status).toBe(404);
  });

  it('leaves its key, which members choose freely, in no audit event', async () => {
    const key = 'john_doe_has_alcohol_problem';
    const { body: role } = await director.post('/v1/roles', { key, name: 'Chosen', copyOf: 'mentor' });
    const copy = `${key}_too`;
    await director.post('/v1/roles', { key: copy, name: 'Copy', copyOf: key });
    await director.patch(`/v1/roles/${key}`, { name: 'Chosen again' });
    await director.put(`/v1/roles/${key}/permissions/person:update`, { scope: 'own' });
    await director.delete(`/v1/roles/${key}/permissions/person:update`);
    const { membershipId } = await harness.make.member(orgId, 'mentor');
    await director.patch(`/v1/memberships/${membershipId}`, { role: key });
    await director.patch(`/v1/memberships/${membershipId}`, { role: 'mentor' });
    await director.post('/v1/invites', { email: 'chosen@test.example', name: 'Chosen', role: key });
    await director.post('/v1/memberships', { email: 'chosen.too@test.example', name: 'Chosen', role: copy });
    expect((await director.delete(`/v1/roles/${key}`)).status).toBe(204);
    const events = await harness.database.superuser<{ type: string; target: string; all: string }>(
      `SELECT type, target_id AS target, convert_from(canonical, 'UTF8') || e::text AS all FROM audit_events e
        WHERE org_id = $1`,
      [orgId],
    );
    expect(events.filter(({ all }) => all.includes('john')).map(({ type }) => type)).toEqual([]);
    const named = events.filter(({ all }) => all.includes(role.reference)).map(({ type }) => type);
    for (const type of ['role.created', 'role.deleted', 'membership.role_changed', 'invite.created'])
      expect(named).toContain(type);
  });

  it('with portal access receives responses without staff-only fields', async () => {
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

  it('of another organization is unknown here', async () => {
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

describe('a member cannot grant permissions that they do not hold by raw SQL:', () => {
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
      'a change of their own role',
      () => raw.attempt(`UPDATE memberships SET role = 'program_director' WHERE id = app.membership_id()`),
    ],
    [
      "a change of another member's role",
      () => raw.attempt(`UPDATE memberships SET role = 'program_director' WHERE role <> 'program_director'`),
    ],
    [
      'a new member with a higher role',
      () =>
        raw.attempt(
          `INSERT INTO memberships (org_id, id, user_id, name, role)
             SELECT app.org_id(), gen_random_uuid(), app.ensure_user(gen_random_uuid(), 'new@test.example'), 'X',
               'program_director'`,
        ),
    ],
    [
      'a role override',
      () =>
        raw.attempt(
          `INSERT INTO role_overrides (org_id, role, permission, scope)
             VALUES (app.org_id(), 'deputy', 'audit:read', 'org')`,
        ),
    ],
    [
      'a member override',
      () =>
        raw.attempt(
          `INSERT INTO member_overrides (org_id, membership_id, permission, scope)
             VALUES (app.org_id(), app.membership_id(), 'audit:read', 'org')`,
        ),
    ],
    [
      'a change of the stored grants',
      () => raw.attempt(`UPDATE memberships SET grants = '{"audit:read":"org"}' WHERE id = app.membership_id()`),
    ],
    [
      'a change of the person scopes',
      () =>
        raw.attempt(`UPDATE memberships SET person_scopes = '{"person:read":"org"}' WHERE id = app.membership_id()`),
    ],
    [
      'a change to support staff',
      () => raw.attempt(`UPDATE memberships SET kind = 'support' WHERE id = app.membership_id()`),
    ],
  ])('%s', async (_what, attempt) => {
    expect((await attempt()).code).toBe('42501');
  });

  it('and even a superuser cannot assign a role that does not exist', async () => {
    expect(
      (await raw.attempt(`UPDATE memberships SET role = 'no_such_role' WHERE id = app.membership_id()`)).code,
    ).toBe('23514');
  });
});
