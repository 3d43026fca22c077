import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Harness } from '../harness/app.js';
import type { Client } from '../harness/client.js';
import { Factories, type Member } from '../harness/factories.js';
import { enrollTotp } from '../harness/factors.js';
import { mailsTo } from '../harness/mail.js';
import { form, open } from '../harness/pages.js';

let harness: Harness;
let org: string;
let owner: Member;
let other: Member;
let mentor: Member;

beforeAll(async () => {
  harness = await Harness.start();
  org = await harness.make.organization('gme');
  [owner, other, mentor] = [
    await harness.make.member(org, 'program_director'),
    await harness.make.member(org, 'program_director'),
    await harness.make.member(org, 'mentor'),
  ];
  await harness.database.superuser('UPDATE organizations SET require_sso = true WHERE id = $1', [org]);
});
afterAll(() => harness.stop());

const outcome = ({ status, body }: { status: number; body: { code?: string } }) => [status, body.code];
const people = async (client: Client) => outcome(await client.get('/v1/people'));

/** Marks the sessions of a member as verified by a second factor. */
async function verifySecondFactor({ userId }: Member): Promise<void> {
  await harness.database.superuser(
    'UPDATE sessions SET second_factor_at = now() WHERE user_id = $1 AND revoked_at IS NULL',
    [userId],
  );
  await harness.settled();
}

const breakGlassEvents = () =>
  harness.database.superuser(
    `SELECT target_id, meta ->> 'membershipId' AS member FROM audit_events WHERE org_id = $1
       AND type = 'auth.break_glass_sign_in'`,
    [org],
  );

describe('while SSO is enforced', () => {
  it('an owner cannot sign in with only a password, and no alert is sent', async () => {
    const client = await harness.signIn(owner.email);
    expect(await people(client)).toEqual([403, 'sso_required']);
    await harness.settled();
    expect(await breakGlassEvents()).toEqual([]);
  });

  it('an owner can sign in with a password and a second factor, and the other owners are alerted', async () => {
    const client = await harness.signIn(owner.email);
    await verifySecondFactor(owner);
    expect(await people(client)).toEqual([200, undefined]);
    expect(await breakGlassEvents()).toEqual(
      expect.arrayContaining([{ target_id: owner.userId, member: owner.membershipId }]),
    );
    expect((await mailsTo(harness, other.email)).at(-1)?.text).toMatch(/signed in without single sign-on/);
    expect(await mailsTo(harness, owner.email)).toEqual([]);
    const before = (await breakGlassEvents()).length;
    await verifySecondFactor(owner);
    expect(await breakGlassEvents()).toHaveLength(before);
    const { body } = await client.get('/v1/audit');
    expect(body.items.find(({ type }: { type: string }) => type === 'auth.break_glass_sign_in')).toMatchObject({
      severity: 'critical',
    });
  });

  it('a remembered device does not replace the second factor of a break-glass sign-in', async () => {
    const client = await harness.signIn(owner.email);
    const eventsBefore = (await breakGlassEvents()).length;
    const remember = (device: boolean) =>
      harness.database.superuser(
        `UPDATE sessions SET second_factor_at = now(), remembered_device = $2
           WHERE id = (SELECT id FROM sessions WHERE user_id = $1 ORDER BY created_at DESC, id DESC LIMIT 1)`,
        [owner.userId, device],
      );
    await remember(true);
    await harness.settled();
    expect(await people(client)).toEqual([403, 'sso_required']);
    expect(await breakGlassEvents()).toHaveLength(eventsBefore);
    await remember(false);
    await harness.settled();
    expect(await people(client)).toEqual([200, undefined]);
    expect(await breakGlassEvents()).toHaveLength(eventsBefore + 1);
  });

  it('a member without the owner role cannot sign in with a second factor', async () => {
    const client = await harness.signIn(mentor.email);
    await verifySecondFactor(mentor);
    expect(await people(client)).toEqual([403, 'sso_required']);
    expect((await breakGlassEvents()).some(({ member }) => member === mentor.membershipId)).toBe(false);
  });

  it('a member who loses the owner role loses access at the next request', async () => {
    const client = await harness.signIn(other.email);
    await verifySecondFactor(other);
    expect(await people(client)).toEqual([200, undefined]);
    await harness.database.superuser(`UPDATE memberships SET role = 'mentor' WHERE id = $1`, [other.membershipId]);
    expect(await people(client)).toEqual([403, 'sso_required']);
  });
});

describe('the sign-in page of a domain with enforced SSO', () => {
  const page = (email: string, more = '') =>
    open(harness.client(), `/sign-in?email=${encodeURIComponent(email)}&returnTo=/account${more}`);

  const enforce = (on: boolean) =>
    harness.database.superuser('UPDATE organizations SET require_sso = $2 WHERE id = $1', [org, on]);

  beforeAll(async () => {
    await harness.database.superuser(
      `INSERT INTO sso_domains (org_id, id, domain, token, verified_at)
         VALUES ($1, gen_random_uuid(), 'enforced.example', repeat('x', 20), now())`,
      [org],
    );
  });

  it('offers no password at first, and a link to the local methods, for every address alike', async () => {
    const known = await harness.make.member(org, 'program_director', { email: 'owner@enforced.example' });
    for (const more of ['', '&anotherWay=yes']) {
      const own = await page(known.email, more);
      const unknown = await page('stranger@enforced.example', more);
      expect([own.status, own.text]).toEqual([200, unknown.text.replaceAll('stranger', 'owner')]);
      expect(own.text.includes('type="password"')).toBe(more !== '');
      expect(own.text).toContain('Sign in another way');
    }
    expect((await page(known.email, '&anotherWay=yes')).text).toContain('data-purpose="sign-in"');
  });

  it('leads an owner to a session by password and code, and other members to a page with the next step', async () => {
    const lead = await harness.make.member(org, 'program_director', { email: 'lead@enforced.example' });
    const member = await harness.make.member(org, 'mentor', { email: 'member@enforced.example' });
    await enforce(false);
    const { app } = await enrollTotp(await harness.signIn(lead.email));
    await enforce(true);
    await app.forgetStep(harness);
    const client = harness.client();
    const fields = { email: lead.email, password: Factories.PASSWORD, returnTo: '/account' };
    expect((await form(client, '/sign-in/password', fields)).headers.get('location')).toMatch(/^\/sign-in\/mfa/);
    expect((await form(client, '/sign-in/mfa', { totp: app.fresh() })).status).toBe(303);
    expect(await people(client)).toEqual([200, undefined]);
    const outsider = harness.client();
    expect((await form(outsider, '/sign-in/password', { ...fields, email: member.email })).status).toBe(303);
    const denied = await open(outsider, '/v1/people');
    expect([denied.status, denied.text.includes('continue with the identity provider')]).toEqual([403, true]);
  });
});
