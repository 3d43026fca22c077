import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Harness } from '../harness/app.js';
import type { Client } from '../harness/client.js';
import type { Member } from '../harness/factories.js';
import { mailsTo } from '../harness/mail.js';

let harness: Harness;
let org: string;
let leader: Member;
let other: Member;
let helper: Member;

beforeAll(async () => {
  harness = await Harness.start();
  org = await harness.make.organization('gme');
  [leader, other, helper] = [
    await harness.make.member(org, 'program_director'),
    await harness.make.member(org, 'program_director'),
    await harness.make.member(org, 'mentor'),
  ];
  await harness.database.superuser('UPDATE organizations SET require_sso = true WHERE id = $1', [org]);
});
afterAll(() => harness.stop());

const seen = ({ status, body }: { status: number; body: { code?: string } }) => [status, body.code];
const people = async (client: Client) => seen(await client.get('/v1/people'));

/** As the second factor does when it was shown. */
async function secondFactor({ userId }: Member): Promise<void> {
  await harness.database.superuser(
    'UPDATE sessions SET second_factor_at = now() WHERE user_id = $1 AND revoked_at IS NULL',
    [userId],
  );
  await harness.settled();
}

const alarms = () =>
  harness.database.superuser(
    `SELECT target_id, meta ->> 'membershipId' AS member FROM audit_events WHERE org_id = $1
       AND type = 'auth.break_glass_sign_in'`,
    [org],
  );

describe('where single sign-on is enforced', () => {
  it('whoever leads does not come in by a password alone, and nobody is alarmed', async () => {
    const client = await harness.signIn(leader.email);
    expect(await people(client)).toEqual([403, 'sso_required']);
    await harness.settled();
    expect(await alarms()).toEqual([]);
  });

  it('whoever leads comes in by a password and a second factor, loudly', async () => {
    const client = await harness.signIn(leader.email);
    await secondFactor(leader);
    expect(await people(client)).toEqual([200, undefined]);
    expect(await alarms()).toEqual(expect.arrayContaining([{ target_id: leader.userId, member: leader.membershipId }]));
    expect((await mailsTo(harness, other.email)).at(-1)?.text).toMatch(/signed in without single sign-on/);
    expect(await mailsTo(harness, leader.email)).toEqual([]);
    const before = (await alarms()).length;
    await secondFactor(leader);
    expect(await alarms()).toHaveLength(before);
    const { body } = await client.get('/v1/audit');
    expect(body.items.find(({ type }: { type: string }) => type === 'auth.break_glass_sign_in')).toMatchObject({
      severity: 'critical',
    });
  });

  it('takes no second factor of an earlier day; one shown then opens it, and the others are told', async () => {
    const client = await harness.signIn(leader.email);
    const mine = (await alarms()).length;
    const remember = (device: boolean) =>
      harness.database.superuser(
        `UPDATE sessions SET second_factor_at = now(), remembered_device = $2
           WHERE id = (SELECT id FROM sessions WHERE user_id = $1 ORDER BY created_at DESC LIMIT 1)`,
        [leader.userId, device],
      );
    await remember(true);
    await harness.settled();
    expect(await people(client)).toEqual([403, 'sso_required']);
    expect(await alarms()).toHaveLength(mine);
    await remember(false);
    await harness.settled();
    expect(await people(client)).toEqual([200, undefined]);
    expect(await alarms()).toHaveLength(mine + 1);
  });

  it('nobody else comes in by a second factor', async () => {
    const client = await harness.signIn(helper.email);
    await secondFactor(helper);
    expect(await people(client)).toEqual([403, 'sso_required']);
    expect((await alarms()).some(({ member }) => member === helper.membershipId)).toBe(false);
  });

  it('whoever leads no longer is out at the next request', async () => {
    const client = await harness.signIn(other.email);
    await secondFactor(other);
    expect(await people(client)).toEqual([200, undefined]);
    await harness.database.superuser(`UPDATE memberships SET role = 'mentor' WHERE id = $1`, [other.membershipId]);
    expect(await people(client)).toEqual([403, 'sso_required']);
  });
});
