import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SsoSetupService } from '../../src/modules/auth/sso/sso-setup.service.js';
import { OWNER_ROLES, type Preset } from '../../src/platform/feature/roles.js';
import { newId } from '../../src/platform/clock/id.js';
import { RawSql, sessionSecret } from '../contract/raw-sql.js';
import { Harness } from '../harness/app.js';
import type { Answer, Client } from '../harness/client.js';
import type { Member } from '../harness/factories.js';
import { IdentityProvider, signInBySaml } from '../harness/identity-provider.js';
import { until } from '../harness/until.js';

const OWNER = '/v1/organizations/current/owner';

let harness: Harness;

beforeAll(async () => {
  harness = await Harness.start({ takeJobs: false });
});
afterAll(() => harness.stop());

type SignedInMember = Member & { client: Client };

async function signedInMember(org: string, role: string): Promise<SignedInMember> {
  const member = await harness.make.member(org, role);
  const client = await harness.signIn(member.email);
  await client.get('/v1/auth/me');
  return { ...member, client };
}

/** Creates an organization with an owner, an administrator, and a viewer. */
async function createCompany(): Promise<{
  org: string;
  owner: SignedInMember;
  admin: SignedInMember;
  viewer: SignedInMember;
}> {
  const org = await harness.make.organization('workforce');
  return {
    org,
    owner: await signedInMember(org, 'owner'),
    admin: await signedInMember(org, 'admin'),
    viewer: await signedInMember(org, 'viewer'),
  };
}

/** Waits until this number of transactions waits for a lock. */
const untilWaiting = (transactions: number) =>
  until(
    'transactions wait for a lock',
    async () =>
      (
        await harness.database.superuser(
          `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
        )
      ).length >= transactions,
  );
const statusAndCode = ({ status, body }: Answer) => [status, body.code];
const roles = async (org: string) =>
  Object.fromEntries(
    (
      await harness.database.superuser<{ id: string; role: string }>(
        'SELECT id, role FROM memberships WHERE org_id = $1',
        [org],
      )
    ).map(({ id, role }) => [id, role]),
  );

describe('transfer of the owner role', () => {
  it('changes both roles, ends the sessions of both members, and is recorded', async () => {
    const { org, owner, viewer } = await createCompany();
    const { status, body, headers } = await owner.client.post(OWNER, {
      membershipId: viewer.membershipId,
      ownRole: 'member',
    });
    expect([status, body.id, body.role]).toEqual([200, viewer.membershipId, 'owner']);
    expect(await roles(org)).toMatchObject({ [viewer.membershipId]: 'owner', [owner.membershipId]: 'member' });
    expect([(await owner.client.get('/v1/auth/me')).status, (await viewer.client.get('/v1/auth/me')).status]).toEqual([
      401, 401,
    ]);
    expect((await (await harness.signIn(viewer.email)).get('/v1/auth/me')).body.role).toBe('owner');
    const events = await harness.database.superuser(
      'SELECT type, target_id, meta FROM audit_events WHERE org_id = $1 AND request_id = $2 ORDER BY type, target_id',
      [org, headers.get('x-request-id')],
    );
    expect(events).toEqual(
      expect.arrayContaining([
        { type: 'membership.role_changed', target_id: viewer.membershipId, meta: { from: 'viewer', to: 'owner' } },
        { type: 'membership.role_changed', target_id: owner.membershipId, meta: { from: 'owner', to: 'member' } },
        {
          type: 'organization.owner_transferred',
          target_id: viewer.membershipId,
          meta: { membershipId: owner.membershipId },
        },
      ]),
    );
  });

  it('requires the owner role, an active member, a known role, and a recent sign-in', async () => {
    const { owner, admin, viewer } = await createCompany();
    const elsewhere = await createCompany();
    const ended = await signedInMember(owner.orgId, 'viewer');
    await owner.client.delete(`/v1/memberships/${ended.membershipId}`);
    expect(
      statusAndCode(await admin.client.post(OWNER, { membershipId: viewer.membershipId, ownRole: 'viewer' })),
    ).toEqual([403, 'insufficient_privileges_to_grant']);
    expect(
      statusAndCode(await viewer.client.post(OWNER, { membershipId: viewer.membershipId, ownRole: 'viewer' })),
    ).toEqual([403, 'forbidden']);
    for (const membershipId of [owner.membershipId, elsewhere.viewer.membershipId, ended.membershipId, newId()]) {
      expect(statusAndCode(await owner.client.post(OWNER, { membershipId, ownRole: 'viewer' }))).toEqual([
        404,
        'not_found',
      ]);
    }
    expect(
      statusAndCode(await owner.client.post(OWNER, { membershipId: viewer.membershipId, ownRole: 'emperor' })),
    ).toEqual([400, 'unknown_role']);
    harness.advance(16 * 60);
    expect(
      statusAndCode(await owner.client.post(OWNER, { membershipId: viewer.membershipId, ownRole: 'viewer' })),
    ).toEqual([403, 'step_up_required']);
    harness.advance(-16 * 60);
    expect(await roles(owner.orgId)).toMatchObject({ [owner.membershipId]: 'owner', [viewer.membershipId]: 'viewer' });
  });

  it('happens once when two requests arrive at once', async () => {
    const { org, owner, admin, viewer } = await createCompany();
    const holding = await RawSql.open(harness.env.MIGRATOR_DATABASE_URL!);
    await holding.client.query(
      `BEGIN; SELECT FROM memberships WHERE id IN ('${admin.membershipId}', '${viewer.membershipId}') FOR UPDATE`,
    );
    const answering = Promise.all(
      [admin, viewer].map(({ membershipId }) => owner.client.post(OWNER, { membershipId, ownRole: 'member' })),
    );
    await untilWaiting(2);
    await holding.end();
    const answers = await answering;
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(Object.values(await roles(org)).filter((role) => role === 'owner')).toHaveLength(1);
  });
});

describe('the last owner', () => {
  it.each(Object.entries(OWNER_ROLES))('of a %s organization has the role %s and stays', async (preset, ownerRole) => {
    const org = await harness.make.organization(preset as Preset);
    const last = await signedInMember(org, ownerRole);
    const other = { gme: 'mentor', workforce: 'admin', enrollment: 'staff' }[preset as Preset];
    await harness.make.member(org, other);
    const responses = [
      await last.client.delete(`/v1/memberships/${last.membershipId}`),
      await last.client.patch(`/v1/memberships/${last.membershipId}`, { role: other }),
      await last.client.put(`/v1/memberships/${last.membershipId}/permissions/membership:update`, { scope: 'none' }),
      await last.client.put(`/v1/roles/${ownerRole}/permissions/membership:update`, { scope: 'none' }),
    ];
    expect(responses.map(statusAndCode)).toEqual(responses.map(() => [409, 'last_owner']));
    expect((await last.client.get('/v1/auth/me')).body).toMatchObject({ role: ownerRole });
  });

  it('can leave when there is another owner', async () => {
    const { org, owner } = await createCompany();
    const second = await signedInMember(org, 'owner');
    expect((await owner.client.patch(`/v1/memberships/${owner.membershipId}`, { role: 'admin' })).status).toBe(200);
    expect(statusAndCode(await second.client.delete(`/v1/memberships/${second.membershipId}`))).toEqual([
      409,
      'last_owner',
    ]);
  });

  it("stays against raw SQL in the member's own session, one row at a time or all at once", async () => {
    const { org, owner } = await createCompany();
    const raw = await RawSql.open(harness.env.DATABASE_URL!);
    await raw.enter(sessionSecret(owner.client));
    for (const statement of [
      `UPDATE memberships SET status = 'ended' WHERE id = '${owner.membershipId}'`,
      `UPDATE memberships SET role = 'admin' WHERE id = '${owner.membershipId}'`,
      `UPDATE memberships SET status = 'ended'`,
      `INSERT INTO member_overrides VALUES ('${org}', '${owner.membershipId}', 'membership:update', 'none')`,
      `INSERT INTO role_overrides VALUES ('${org}', 'owner', 'membership:update', 'none')`,
    ]) {
      const { code, message } = await raw.attempt(statement);
      expect([statement, code, message]).toEqual([statement, 'VS409', 'last_owner']);
    }
    await raw.rollback();
    await raw.end();
    expect(await roles(org)).toMatchObject({ [owner.membershipId]: 'owner' });
  });

  it('remains when two owners remove each other at once, because the second transaction sees the first', async () => {
    const { org, owner } = await createCompany();
    const second = await signedInMember(org, 'owner');
    const [one, two] = [await RawSql.open(harness.env.DATABASE_URL!), await RawSql.open(harness.env.DATABASE_URL!)];
    await one.enter(sessionSecret(owner.client));
    await two.enter(sessionSecret(second.client));
    const end = ({ membershipId }: Member) =>
      `UPDATE memberships SET status = 'ended' WHERE org_id = '${org}' AND id = '${membershipId}'`;
    expect((await one.outcome(end(second))).code).toBe(null);
    const outcome = two.outcome(end(owner));
    await untilWaiting(1);
    await one.client.query('COMMIT');
    expect((await outcome).code).toBe('VS409');
    await Promise.all([one.end(), two.end()]);
  });

  it('remains when two owners remove each other at once over HTTP', async () => {
    const { org, owner } = await createCompany();
    const second = await signedInMember(org, 'owner');
    const answers = await Promise.all([
      owner.client.delete(`/v1/memberships/${second.membershipId}`),
      second.client.delete(`/v1/memberships/${owner.membershipId}`),
    ]);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    const remaining = await harness.database.superuser(
      `SELECT 1 FROM memberships WHERE org_id = $1 AND role = 'owner' AND status = 'active'`,
      [org],
    );
    expect(remaining).toHaveLength(1);
  });

  it('is not demoted by identity provider groups: the sign-in fails, and the audit log has the reason', async () => {
    const provider = await IdentityProvider.start();
    try {
      const org = await harness.make.organization('workforce');
      const setup = () => harness.operator.app.get(SsoSetupService);
      const { id } = await harness.operator.within(org, async () =>
        setup().create({
          name: 'Test',
          metadata: await provider.metadata(),
          groupRoles: [{ group: 'workforce:owner', role: 'owner' }],
        }),
      );
      const live = harness.client();
      expect((await signInBySaml(provider, live, id, 'owner@workforce.example')).status).toBe(303);
      await harness.operator.within(org, () =>
        setup().update(id, { groupRoles: [{ group: 'workforce:owner', role: 'viewer' }] }),
      );
      const rejected = await signInBySaml(provider, harness.client(), id, 'owner@workforce.example');
      expect(statusAndCode(rejected)).toEqual([403, 'sso_failed']);
      const [event] = await harness.database.superuser<{ meta: object }>(
        `SELECT meta FROM audit_events WHERE org_id = $1 AND type = 'auth.sign_in_failed'`,
        [org],
      );
      expect(event!.meta).toEqual({ method: 'saml', reason: 'last_owner' });
      expect((await live.get('/v1/auth/me')).body.role).toBe('owner');
      await harness.make.member(org, 'owner');
      const demoted = harness.client();
      expect((await signInBySaml(provider, demoted, id, 'owner@workforce.example')).status).toBe(303);
      expect((await demoted.get('/v1/auth/me')).body.role).toBe('viewer');
    } finally {
      await provider.stop();
    }
  });
});
