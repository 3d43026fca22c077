import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { declared } from '../../src/platform/feature/registry.js';
import { fingerprint } from '../contract/fixtures.js';
import { RawSql, sessionSecret } from '../contract/raw-sql.js';
import { Harness } from '../harness/app.js';
import type { Client } from '../harness/client.js';
import type { Member } from '../harness/factories.js';
import { walk } from '../harness/walk.js';

const EVERYTHING = [...declared('tables')]
  .filter(([, { kind }]) => kind === 'tenant')
  .map(([name]) => name)
  .filter((name) => !name.startsWith('audit_') && name !== 'sessions');

let harness: Harness;
let orgId: string;
let director: Client;
let other: Client;
let directorMember: Member;

beforeAll(async () => {
  harness = await Harness.start({ takeJobs: false });
  orgId = await harness.make.organization('gme');
  directorMember = await harness.make.member(orgId, 'program_director');
  director = await harness.signIn(directorMember.email);
  other = await harness.signIn((await harness.make.member(orgId, 'program_director')).email);
});
afterAll(() => harness.stop());

async function mentor(): Promise<{ member: Member; person: string; assignment: string }> {
  const member = await harness.make.member(orgId, 'mentor');
  const person = await harness.make.person(orgId);
  return { member, person, assignment: await harness.make.assignment(orgId, member.membershipId, person) };
}

const whoCan = (query: string, client = director) => walk(client, `/v1/access/who-can?${query}`);
const preview = async ({ userId }: Pick<Member, 'userId'>) =>
  (await director.get(`/v1/access/preview?userId=${userId}`)).body;
const override = (member: Member, permission: string, scope: string) =>
  director.put(`/v1/memberships/${member.membershipId}/permissions/${permission}`, { scope });

describe('who-can', () => {
  it('tells for each member what gives the permission, what that outweighs, and by which relation', async () => {
    const { member, person, assignment } = await mentor();
    const items = await whoCan(`resource=person&id=${person}`);
    expect(items.filter(({ role }) => role === 'program_director')).toHaveLength(2);
    expect(items.find(({ membershipId }) => membershipId === member.membershipId)).toEqual({
      membershipId: member.membershipId,
      name: 'Example mentor',
      email: member.email,
      role: 'mentor',
      scope: 'assigned',
      reasons: [
        {
          step: 'see',
          permission: 'person:read',
          scope: 'assigned',
          relation: 'assigned',
          assignments: [{ id: assignment, from: expect.any(String), until: null, accessGrantId: null }],
          decidedBy: [
            { level: 'default', role: 'mentor', scope: 'assigned', since: null, accessGrantId: null, expiresAt: null },
          ],
          overrides: [],
        },
      ],
    });
  });

  it('names the override that decides, the access grant with its end, and all that they outweigh', async () => {
    const { member, person } = await mentor();
    await director.put('/v1/roles/mentor/permissions/person:unlock-contact', { scope: 'none' });
    const {
      body: { id },
    } = await director.post('/v1/access/grants', {
      membershipId: member.membershipId,
      grants: [{ permission: 'person:unlock-contact', scope: 'org' }],
      reason: 'Synthetic reason of a test',
      minutes: 30,
    });
    await other.post(`/v1/access/grants/${id}/approve`);
    await override(member, 'person:unlock-contact', 'own');
    const found = (await whoCan(`resource=person&id=${person}&permission=person:unlock-contact`)).find(
      ({ membershipId }) => membershipId === member.membershipId,
    );
    expect(found).toMatchObject({
      scope: 'org',
      reasons: [
        { step: 'see', permission: 'person:read' },
        {
          step: 'do',
          permission: 'person:unlock-contact',
          scope: 'org',
          relation: 'organization',
          decidedBy: [
            {
              level: 'access-grant',
              accessGrantId: id,
              scope: 'org',
              expiresAt: expect.any(String),
              since: expect.any(String),
            },
          ],
          overrides: [
            { level: 'member', scope: 'own' },
            { level: 'role', role: 'mentor', scope: 'none' },
            { level: 'default', role: 'mentor', scope: 'assigned' },
          ],
        },
      ],
    });
    await director.delete('/v1/roles/mentor/permissions/person:unlock-contact');
  });

  it('leaves out who is denied, who has left, and whose assignment begins later or is over', async () => {
    const { person } = await mentor();
    const [denied, ended, announced, before] = await Promise.all([mentor(), mentor(), mentor(), mentor()]);
    for (const { member } of [denied, ended, announced, before])
      await harness.make.assignment(orgId, member.membershipId, person);
    await override(denied.member, 'person:read', 'none');
    await director.delete(`/v1/memberships/${ended.member.membershipId}`);
    await harness.database.superuser(
      `UPDATE assignments SET starts_at = now() + interval '1 day' WHERE membership_id = $1`,
      [announced.member.membershipId],
    );
    await harness.database.superuser(
      `UPDATE assignments SET starts_at = now() - interval '2 days', ends_at = now() - interval '1 day'
         WHERE membership_id = $1`,
      [before.member.membershipId],
    );
    expect((await whoCan(`resource=person&id=${person}`)).filter(({ role }) => role === 'mentor')).toHaveLength(1);
  });

  it('knows whose row it is, and what is open to every member', async () => {
    const { member } = await mentor();
    await override(member, 'access-grant:request', 'org');
    const {
      body: { id },
    } = await (
      await harness.signIn(member.email)
    ).post('/v1/access/grants', {
      grants: [{ permission: 'person:read', scope: 'org' }],
      reason: 'Synthetic reason of a test',
      minutes: 30,
    });
    const own = (await whoCan(`resource=access-grant&id=${id}`)).find(
      ({ membershipId }) => membershipId === member.membershipId,
    );
    expect(own).toMatchObject({ scope: 'own', reasons: [{ permission: null, relation: 'own-row', decidedBy: [] }] });
    const organization = (await whoCan(`resource=organization&id=${orgId}`)).find(
      ({ membershipId }) => membershipId === member.membershipId,
    );
    expect(organization).toMatchObject({ scope: 'org', reasons: [{ permission: null, relation: 'organization' }] });
  });

  it('is asked of things the asker can see, of kinds there are, with permissions that concern them', async () => {
    const elsewhere = await harness.make.person(await harness.make.organization('gme'));
    const { member, person } = await mentor();
    const status = async (query: string, client = director) => {
      const { status: code, body } = await client.get(`/v1/access/who-can?${query}`);
      return [code, body.code];
    };
    expect(await status(`resource=person&id=${elsewhere}`)).toEqual([404, 'not_found']);
    expect(await status('resource=secret')).toEqual([400, 'unknown_resource_type']);
    expect(await status('resource=person&permission=person:fly')).toEqual([400, 'unknown_permission']);
    expect(await status(`resource=person&id=${person}&permission=sso:read`)).toEqual([
      400,
      'permission_not_applicable',
    ]);
    expect(await status(`resource=person&id=${person}&permission=person:create`)).toEqual([
      400,
      'permission_not_applicable',
    ]);
    expect(await status('resource=person&permission=person:create')).toEqual([200, undefined]);
    const client = await harness.signIn(member.email);
    expect(await status(`resource=person&id=${person}`, client)).toEqual([403, 'forbidden']);
    await override(member, 'access:explain', 'org');
    expect(await status(`resource=person&id=${person}`, client)).toEqual([200, undefined]);
    expect(await status(`resource=person&id=${await harness.make.person(orgId)}`, client)).toEqual([404, 'not_found']);
  });

  it('is written down with what was asked about', async () => {
    const { person } = await mentor();
    await whoCan(`resource=person&id=${person}&permission=person:update`);
    const { body } = await director.get(`/v1/audit?type=access.explained&targetId=${person}`);
    expect(body.items).toMatchObject([
      {
        target: { type: 'person', id: person },
        meta: { resource: 'person', permission: 'person:update', members: expect.any(Number) },
      },
    ]);
  });
});

describe('a preview', () => {
  it('says what stands in the way before a sign-in reaches anything', async () => {
    const { member } = await mentor();
    expect((await preview(member)).signInRestrictions).toEqual([]);
    await harness.database.superuser('UPDATE users SET must_change_password = true WHERE id = $1', [member.userId]);
    await harness.database.superuser(`UPDATE sessions SET method = 'saml' WHERE membership_id = $1`, [
      directorMember.membershipId,
    ]);
    for (const [setting, code] of [
      ['require_mfa', 'mfa_enrollment_required'],
      ['require_sso', 'sso_required'],
    ] as const) {
      await harness.database.superuser(`UPDATE organizations SET ${setting} = true WHERE id = $1`, [orgId]);
      expect((await preview(member)).signInRestrictions).toEqual(['password_change_required', code]);
      expect((await other.get('/v1/people')).body.code).toBe(code);
      await harness.database.superuser(`UPDATE organizations SET ${setting} = false WHERE id = $1`, [orgId]);
    }
    await director.delete(`/v1/memberships/${member.membershipId}`);
    expect(await preview(member)).toMatchObject({
      signInRestrictions: ['membership_ended', 'password_change_required'],
      routes: [],
    });
  });

  it('shows assignments in force and announced, access grants in force, and the reach of each permission', async () => {
    const { member, person } = await mentor();
    const later = await harness.make.person(orgId);
    const announced = await harness.make.assignment(orgId, member.membershipId, later);
    await harness.database.superuser(`UPDATE assignments SET starts_at = now() + interval '1 day' WHERE id = $1`, [
      announced,
    ]);
    const {
      body: { id },
    } = await director.post('/v1/access/grants', {
      membershipId: member.membershipId,
      grants: [{ permission: 'person:update', scope: 'org' }],
      reason: 'Synthetic reason of a test',
      minutes: 30,
    });
    await other.post(`/v1/access/grants/${id}/approve`);
    const seen = await preview(member);
    expect(seen.assignments).toMatchObject([
      { personId: person, inForce: true },
      { id: announced, personId: later, inForce: false },
    ]);
    expect(seen.accessGrants).toMatchObject([
      { id, grants: [{ permission: 'person:update', scope: 'org' }], reason: 'Synthetic reason of a test' },
    ]);
    const of = (permission: string) =>
      seen.permissions.find((one: { permission: string }) => one.permission === permission);
    // What cannot be seen is not changed either: one person, though the grant is for everybody.
    expect([of('person:read'), of('person:update'), of('audit:read')]).toMatchObject([
      { scope: 'assigned', people: 1, decidedBy: [{ level: 'default' }] },
      { scope: 'org', people: 1, decidedBy: [{ level: 'access-grant' }] },
      { scope: 'none', people: null, decidedBy: [] },
    ]);
    expect(seen.routes).toContainEqual({ method: 'PATCH', path: '/v1/people/:id', permission: 'person:update' });
  });

  it('changes nothing, and is written down', async () => {
    const { member } = await mentor();
    await preview(member);
    const before = await fingerprint(harness, orgId, EVERYTHING);
    await preview(member);
    await whoCan('resource=person');
    expect(await fingerprint(harness, orgId, EVERYTHING)).toEqual(before);
    expect((await director.get(`/v1/audit?type=access.previewed&targetId=${member.userId}`)).body.items).toHaveLength(
      2,
    );
  });

  it('says nothing of another organization, not even of a user who is in both', async () => {
    const second = await harness.make.organization('gme');
    const { member } = await mentor();
    const there = await harness.make.member(second, 'program_director', { email: member.email });
    expect(there.userId).toBe(member.userId);
    const answer = await preview(member);
    expect(answer).toMatchObject({ membershipId: member.membershipId, role: 'mentor' });
    expect(JSON.stringify(answer)).not.toContain(there.membershipId);
    const stranger = await harness.make.member(second, 'mentor');
    expect((await director.get(`/v1/access/preview?userId=${stranger.userId}`)).status).toBe(404);
  });
});

describe('in the database', () => {
  it('the explanations are given to those alone who may ask', async () => {
    const { member } = await mentor();
    const raw = await RawSql.open(harness.env.DATABASE_URL!);
    await raw.enter(sessionSecret(await harness.signIn(member.email)));
    for (const [statement, values] of [
      ['SELECT * FROM app.members_and_grants(NULL, NULL, 10)', []],
      ['SELECT * FROM app.grant_levels($1)', [[directorMember.membershipId]]],
      ['SELECT * FROM app.member_details($1)', [directorMember.userId]],
      ['SELECT app.start_access_review(gen_random_uuid())', []],
    ] as [string, unknown[]][])
      expect([statement, (await raw.attempt(statement, values)).code]).toEqual([statement, '42501']);
    await raw.rollback();
    await raw.end();
  });
});
