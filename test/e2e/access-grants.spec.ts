import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AccessGrantsService } from '../../src/modules/access-grants/index.js';
import { Factories } from '../harness/factories.js';
import { PasswordsService } from '../../src/modules/auth/passwords/passwords.service.js';
import { RawSql, sessionSecret } from '../contract/raw-sql.js';
import { Harness } from '../harness/app.js';
import type { Client } from '../harness/client.js';
import type { Member } from '../harness/factories.js';

const REASON = 'Synthetic emergency of a test';

let harness: Harness;
let orgId: string;
let director: Client;
let other: Client;
let directorMember: Member;

beforeAll(async () => {
  harness = await Harness.start();
  orgId = await harness.make.organization('gme');
  directorMember = await harness.make.member(orgId, 'program_director');
  director = await harness.signIn(directorMember.email);
  other = await harness.signIn((await harness.make.member(orgId, 'program_director')).email);
});
afterAll(() => harness.stop());

async function mentor(): Promise<{ member: Member; client: Client; person: string }> {
  const member = await harness.make.member(orgId, 'mentor');
  return { member, client: await harness.signIn(member.email), person: await harness.make.person(orgId) };
}

const requestGrant = (client: Client, fields: object = {}) =>
  client.post('/v1/access/grants', {
    grants: [{ permission: 'person:read', scope: 'org' }],
    reason: REASON,
    minutes: 30,
    ...fields,
  });

describe('an access grant', () => {
  it('grants exactly the requested permissions, and only after a second person approves', async () => {
    const { client, person } = await mentor();
    const {
      body: { id },
    } = await requestGrant(client);
    expect((await client.get(`/v1/people/${person}`)).status).toBe(404);
    expect((await director.post(`/v1/access/grants/${id}/approve`)).body).toMatchObject({
      status: 'approved',
      expiresAt: expect.any(String),
    });
    expect((await client.get(`/v1/people/${person}`)).status).toBe(200);
    expect((await client.patch(`/v1/people/${person}`, { title: 'x' })).status).toBe(403);
  });

  it('is named in every audit event that depends on it, and in no other event', async () => {
    const { client, person } = await mentor();
    const {
      body: { id },
    } = await requestGrant(client);
    await client.get('/v1/audit');
    await director.post(`/v1/access/grants/${id}/approve`);
    const viewed = await client.get(`/v1/people/${person}`);
    const denied = await client.get('/v1/audit');
    await client.delete(`/v1/access/grants/${id}`);
    await client.get('/v1/audit');
    const events = (await director.get(`/v1/audit?accessGrantId=${id}`)).body.items as {
      type: string;
      requestId: string;
      accessGrantId: string;
    }[];
    expect(events.map(({ type }) => type)).toEqual(['access_grant.ended', 'access.denied', 'person.viewed']);
    expect(events.slice(1).map(({ requestId }) => requestId)).toEqual(
      [denied, viewed].map(({ headers }) => headers.get('x-request-id')),
    );
  });

  it('covers only the requested person and removes the access when it ends', async () => {
    const { client, person } = await mentor();
    const otherPerson = await harness.make.person(orgId);
    const {
      body: { id },
    } = await requestGrant(client, { personId: person, grants: [{ permission: 'person:read', scope: 'assigned' }] });
    await director.post(`/v1/access/grants/${id}/approve`);
    expect([
      (await client.get(`/v1/people/${person}`)).status,
      (await client.get(`/v1/people/${otherPerson}`)).status,
    ]).toEqual([200, 404]);
    await director.delete(`/v1/access/grants/${id}`);
    expect((await client.get(`/v1/people/${person}`)).status).toBe(404);
  });

  it('expires at the next request and records the expiry in the audit log', async () => {
    const { client, member, person } = await mentor();
    const {
      body: { id },
    } = await requestGrant(client);
    await director.post(`/v1/access/grants/${id}/approve`);
    await expire(member, id);
    expect((await client.get(`/v1/people/${person}`)).status).toBe(404);
    harness.advance(900);
    await harness.tick();
    await harness.settled();
    expect((await director.get('/v1/audit?type=access_grant.expired')).body.items).toMatchObject([{ target: { id } }]);
    expect((await director.get(`/v1/access/grants?membershipId=${member.membershipId}`)).body.items).toMatchObject([
      { id, status: 'ended' },
    ]);
  });

  it('does not override a denial for the member', async () => {
    const { client, member, person } = await mentor();
    await director.put(`/v1/memberships/${member.membershipId}/permissions/person:read`, { scope: 'none' });
    const {
      body: { id },
    } = await requestGrant(client);
    await director.post(`/v1/access/grants/${id}/approve`);
    expect((await client.get(`/v1/people/${person}`)).status).toBe(403);
  });

  it('overrides a denial for the role and wins over a narrower member override', async () => {
    const { client, member, person } = await mentor();
    await director.put('/v1/roles/mentor/permissions/person:unlock-contact', { scope: 'none' });
    await director.put(`/v1/memberships/${member.membershipId}/permissions/person:read`, { scope: 'own' });
    const {
      body: { id },
    } = await requestGrant(client, {
      grants: [
        { permission: 'person:read', scope: 'org' },
        { permission: 'person:unlock-contact', scope: 'org' },
      ],
    });
    await director.post(`/v1/access/grants/${id}/approve`);
    expect((await client.get(`/v1/people/${person}/contact`)).status).toBe(200);
    await director.delete('/v1/roles/mentor/permissions/person:unlock-contact');
  });
});

describe('the approval of an access grant', () => {
  it('rejects the recipient and the requester, in raw SQL too', async () => {
    const ownRequest = (await requestGrant(director)).body.id as string;
    expect((await director.post(`/v1/access/grants/${ownRequest}/approve`)).body.code).toBe(
      'access_grant_self_approval',
    );
    const { member } = await mentor();
    const requested = (await requestGrant(director, { membershipId: member.membershipId })).body.id as string;
    expect((await director.post(`/v1/access/grants/${requested}/approve`)).body.code).toBe(
      'access_grant_self_approval',
    );
    const raw = await RawSql.open(harness.env.DATABASE_URL!);
    await raw.enter(sessionSecret(director));
    expect(
      (await raw.attempt('SELECT app.decide_access_grant($1, true, gen_random_uuid()) AS state', [requested])).rows,
    ).toEqual([{ state: 'own' }]);
    expect(
      (
        await raw.attempt(
          `UPDATE access_grants SET state = 'approved', decided_by = requested_by,
             expires_at = now() + interval '1 day' WHERE id = $1`,
          [requested],
        )
      ).code,
    ).toBe('42501');
    expect(
      (
        await raw.attempt(
          `INSERT INTO access_grants (org_id, id, membership_id, scopes, reason, minutes, requested_by)
       SELECT org_id, gen_random_uuid(), id, '{"audit:read":"org"}', '${REASON}', 60, id FROM memberships
         WHERE id <> app.membership_id() LIMIT 1`,
        )
      ).code,
    ).toBe('42501');
    await raw.rollback();
    await raw.end();
    expect((await other.post(`/v1/access/grants/${requested}/approve`)).status).toBe(200);
  });

  it('requires the permission to decide and every requested permission', async () => {
    const company = await harness.make.organization('workforce');
    const [owner, viewer, member] = await Promise.all(
      ['owner', 'viewer', 'member'].map((role) => harness.make.member(company, role)),
    );
    const [asOwner, asViewer, asMember] = await Promise.all(
      [owner!, viewer!, member!].map(({ email }) => harness.signIn(email)),
    );
    await asOwner!.put(`/v1/memberships/${viewer!.membershipId}/permissions/access-grant:decide`, { scope: 'org' });
    const { id } = (await requestGrant(asMember!, { grants: [{ permission: 'audit:read', scope: 'org' }] })).body as {
      id: string;
    };
    expect((await asMember!.post(`/v1/access/grants/${id}/approve`)).status).toBe(403);
    expect((await asViewer!.post(`/v1/access/grants/${id}/approve`)).body.code).toBe(
      'insufficient_privileges_to_grant',
    );
    expect((await asMember!.get('/v1/audit')).status).toBe(403);
    expect((await asOwner!.post(`/v1/access/grants/${id}/approve`)).status).toBe(200);
    expect((await asMember!.get('/v1/audit')).status).toBe(200);
  });

  it('succeeds once, within one day, and for one active grant per member', async () => {
    const { client } = await mentor();
    const [first, second, third] = [
      (await requestGrant(client)).body.id,
      (await requestGrant(client)).body.id,
      (await requestGrant(client)).body.id,
    ];
    await harness.database.superuser(
      `UPDATE access_grants SET created_at = now() - interval '25 hours' WHERE id = $1`,
      [third],
    );
    const approve = async (by: Client, id: string) => (await by.post(`/v1/access/grants/${id}/approve`)).body.code;
    const both = await Promise.all([approve(director, first), approve(other, first)]);
    expect(both.filter((code) => code === 'access_grant_already_decided')).toHaveLength(1);
    expect(both).toContain(undefined);
    expect([await approve(director, first), await approve(director, second), await approve(director, third)]).toEqual([
      'access_grant_already_decided',
      'access_grant_already_active',
      'access_grant_request_expired',
    ]);
    expect((await director.post(`/v1/access/grants/${second}/decline`)).body.status).toBe('declined');
  });

  it('requires a recent sign-in', async () => {
    const { client } = await mentor();
    const {
      body: { id },
    } = await requestGrant(client);
    await harness.database.superuser(
      `UPDATE sessions SET signed_in_at = now() - interval '2 hours' WHERE user_id = $1`,
      [directorMember.userId],
    );
    expect((await director.post(`/v1/access/grants/${id}/approve`)).body.code).toBe('step_up_required');
    director = await harness.signIn(directorMember.email);
    expect((await director.post(`/v1/access/grants/${id}/approve`)).status).toBe(200);
  });
});

describe('support access', () => {
  it('is requested by an operator, listed for the organization, and inactive until its approval', async () => {
    const email = 'support@vendor.example';
    const person = await harness.make.person(orgId);
    const requested = await harness.operator.within(orgId, () =>
      harness.operator.app.get(AccessGrantsService).requestSupport({
        email,
        name: 'Synthetic Support',
        grants: [{ permission: 'person:read', scope: 'org' }],
        reason: REASON,
        minutes: 15,
      }),
    );
    await harness.operator.within(orgId, () =>
      harness.operator.app.get(PasswordsService).setPassword(requested.userId, Factories.PASSWORD, false),
    );
    const support = await harness.signIn(email);
    expect((await support.get('/v1/auth/me')).body).toMatchObject({ role: 'support', permissions: [] });
    expect((await support.get('/v1/people')).status).toBe(403);
    expect((await director.get('/v1/memberships?limit=100')).body.items).toContainEqual(
      expect.objectContaining({ id: requested.membershipId, role: 'support' }),
    );
    expect((await director.get('/v1/access/grants?status=requested')).body.items).toContainEqual(
      expect.objectContaining({ id: requested.id, requestedBy: null, reason: REASON }),
    );
    await director.post(`/v1/access/grants/${requested.id}/approve`);
    expect((await support.get(`/v1/people/${person}`)).status).toBe(200);
    expect((await director.get(`/v1/audit?accessGrantId=${requested.id}`)).body.items).toMatchObject([
      { type: 'person.viewed', actor: { email } },
    ]);
    await director.delete(`/v1/access/grants/${requested.id}`);
    expect((await support.get(`/v1/people/${person}`)).status).toBe(403);
  });
});

/** Expires a grant without firing triggers, so that all dependent rows stay as the passage of time leaves them. */
async function expire({ membershipId }: Member, id: string): Promise<void> {
  await harness.database.superuser(`
    DO $$ BEGIN
      SET LOCAL session_replication_role = replica;
      UPDATE access_grants SET expires_at = now() - interval '1 second' WHERE id = '${id}';
      UPDATE memberships SET grants_change_at = now() - interval '1 second' WHERE id = '${membershipId}';
    END $$`);
}
