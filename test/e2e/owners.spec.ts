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

type Seat = Member & { client: Client };

async function seat(org: string, role: string): Promise<Seat> {
  const member = await harness.make.member(org, role);
  const client = await harness.signIn(member.email);
  await client.get('/v1/auth/me');
  return { ...member, client };
}

/** A company with an owner, an administrator and somebody who looks. */
async function company(): Promise<{ org: string; owner: Seat; admin: Seat; viewer: Seat }> {
  const org = await harness.make.organization('workforce');
  return { org, owner: await seat(org, 'owner'), admin: await seat(org, 'admin'), viewer: await seat(org, 'viewer') };
}

/** Until so many transactions wait for another's lock. */
const waiting = (transactions: number) =>
  until(
    'they wait',
    async () =>
      (
        await harness.database.superuser(
          `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
        )
      ).length >= transactions,
  );
const seen = ({ status, body }: Answer) => [status, body.code];
const roles = async (org: string) =>
  Object.fromEntries(
    (
      await harness.database.superuser<{ id: string; role: string }>(
        'SELECT id, role FROM memberships WHERE org_id = $1',
        [org],
      )
    ).map(({ id, role }) => [id, role]),
  );

describe('handing the leading role on', () => {
  it('gives it to the other, takes the named one for it, ends the sessions of both, and is logged', async () => {
    const { org, owner, viewer } = await company();
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

  it('is for who leads, to an active member, with a role that there is, after a fresh sign-in', async () => {
    const { owner, admin, viewer } = await company();
    const elsewhere = await company();
    const ended = await seat(owner.orgId, 'viewer');
    await owner.client.delete(`/v1/memberships/${ended.membershipId}`);
    expect(seen(await admin.client.post(OWNER, { membershipId: viewer.membershipId, ownRole: 'viewer' }))).toEqual([
      403,
      'insufficient_privileges_to_grant',
    ]);
    expect(seen(await viewer.client.post(OWNER, { membershipId: viewer.membershipId, ownRole: 'viewer' }))).toEqual([
      403,
      'forbidden',
    ]);
    for (const membershipId of [owner.membershipId, elsewhere.viewer.membershipId, ended.membershipId, newId()]) {
      expect(seen(await owner.client.post(OWNER, { membershipId, ownRole: 'viewer' }))).toEqual([404, 'not_found']);
    }
    expect(seen(await owner.client.post(OWNER, { membershipId: viewer.membershipId, ownRole: 'emperor' }))).toEqual([
      400,
      'unknown_role',
    ]);
    harness.advance(16 * 60);
    expect(seen(await owner.client.post(OWNER, { membershipId: viewer.membershipId, ownRole: 'viewer' }))).toEqual([
      403,
      'step_up_required',
    ]);
    harness.advance(-16 * 60);
    expect(await roles(owner.orgId)).toMatchObject({ [owner.membershipId]: 'owner', [viewer.membershipId]: 'viewer' });
  });

  it('twice at once happens once', async () => {
    const { org, owner, admin, viewer } = await company();
    const holding = await RawSql.open(harness.env.MIGRATOR_DATABASE_URL!);
    await holding.client.query(
      `BEGIN; SELECT FROM memberships WHERE id IN ('${admin.membershipId}', '${viewer.membershipId}') FOR UPDATE`,
    );
    const answering = Promise.all(
      [admin, viewer].map(({ membershipId }) => owner.client.post(OWNER, { membershipId, ownRole: 'member' })),
    );
    await waiting(2);
    await holding.end();
    const answers = await answering;
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(Object.values(await roles(org)).filter((role) => role === 'owner')).toHaveLength(1);
  });
});

describe('the last who leads', () => {
  it.each(Object.entries(OWNER_ROLES))('of a %s organization is a %s, and stays', async (preset, leading) => {
    const org = await harness.make.organization(preset as Preset);
    const last = await seat(org, leading);
    const other = { gme: 'mentor', workforce: 'admin', enrollment: 'staff' }[preset as Preset];
    await harness.make.member(org, other);
    const refusals = [
      await last.client.delete(`/v1/memberships/${last.membershipId}`),
      await last.client.patch(`/v1/memberships/${last.membershipId}`, { role: other }),
      await last.client.put(`/v1/memberships/${last.membershipId}/permissions/membership:update`, { scope: 'none' }),
      await last.client.put(`/v1/roles/${leading}/permissions/membership:update`, { scope: 'none' }),
    ];
    expect(refusals.map(seen)).toEqual(refusals.map(() => [409, 'last_owner']));
    expect((await last.client.get('/v1/auth/me')).body).toMatchObject({ role: leading });
  });

  it('may go once there is another', async () => {
    const { org, owner } = await company();
    const second = await seat(org, 'owner');
    expect((await owner.client.patch(`/v1/memberships/${owner.membershipId}`, { role: 'admin' })).status).toBe(200);
    expect(seen(await second.client.delete(`/v1/memberships/${second.membershipId}`))).toEqual([409, 'last_owner']);
  });

  it("stays against raw SQL in a member's own session, one row at a time or all at once", async () => {
    const { org, owner } = await company();
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

  it('is left when two take each other away at once: the database lets the second see the first', async () => {
    const { org, owner } = await company();
    const second = await seat(org, 'owner');
    const [one, two] = [await RawSql.open(harness.env.DATABASE_URL!), await RawSql.open(harness.env.DATABASE_URL!)];
    await one.enter(sessionSecret(owner.client));
    await two.enter(sessionSecret(second.client));
    const end = ({ membershipId }: Member) =>
      `UPDATE memberships SET status = 'ended' WHERE org_id = '${org}' AND id = '${membershipId}'`;
    expect((await one.outcome(end(second))).code).toBe(null);
    const outcome = two.outcome(end(owner));
    await waiting(1);
    await one.client.query('COMMIT');
    expect((await outcome).code).toBe('VS409');
    await Promise.all([one.end(), two.end()]);
  });

  it('is left when two take each other away at once over HTTP', async () => {
    const { org, owner } = await company();
    const second = await seat(org, 'owner');
    const answers = await Promise.all([
      owner.client.delete(`/v1/memberships/${second.membershipId}`),
      second.client.delete(`/v1/memberships/${owner.membershipId}`),
    ]);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    const left = await harness.database.superuser(
      `SELECT 1 FROM memberships WHERE org_id = $1 AND role = 'owner' AND status = 'active'`,
      [org],
    );
    expect(left).toHaveLength(1);
  });

  it("is not demoted by an identity provider's groups: the sign-in is refused, and the log says why", async () => {
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
      const refused = await signInBySaml(provider, harness.client(), id, 'owner@workforce.example');
      expect(seen(refused)).toEqual([403, 'sso_failed']);
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
