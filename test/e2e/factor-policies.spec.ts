import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { resetFactors } from '../../src/cli/organizations.js';
import { Harness } from '../harness/app.js';
import type { Answer, Client } from '../harness/client.js';
import { enrollPasskey, enrollTotp } from '../harness/factors.js';
import { Factories, type Member } from '../harness/factories.js';
import { mailsTo } from '../harness/mail.js';

let harness: Harness;
let orgId: string;
let director: Client;
let directorMember: Member;

beforeAll(async () => {
  harness = await Harness.start();
  orgId = await harness.make.organization('gme');
  directorMember = await harness.make.member(orgId, 'program_director');
  director = await harness.signIn(directorMember.email);
});
afterAll(() => harness.stop());

const seen = ({ status, body }: Answer) => `${status} ${body?.code ?? 'ok'}`;
const login = (email: string, more: object = {}, client = harness.client()) =>
  client.post('/v1/auth/login', { email, password: Factories.PASSWORD, ...more });
const set = (org: string, column: string, value: unknown) =>
  harness.database.superuser(`UPDATE organizations SET ${column} = $2 WHERE id = $1`, [org, value]);

describe('the word of an identity provider', () => {
  it("adds no factor, which would open the user's other organizations, until the user signs in locally", async () => {
    const member = await harness.make.member(await harness.make.organization('gme'), 'trainee');
    const client = await harness.signIn(member.email);
    await harness.database.superuser(`UPDATE sessions SET method = 'saml' WHERE membership_id = $1`, [
      member.membershipId,
    ]);
    expect(seen(await client.post('/v1/auth/totp/enroll'))).toBe('403 step_up_required');
    expect(seen(await client.post('/v1/auth/step-up', { password: Factories.PASSWORD }))).toBe('204 ok');
    expect(seen(await client.post('/v1/auth/totp/enroll'))).toBe('201 ok');
  });
});

describe('an organization that asks for a second factor', () => {
  it('lets a member without one enrol, and nothing else; with one the session goes on at once', async () => {
    const org = await harness.make.organization('gme');
    const { email } = await harness.make.member(org, 'program_director');
    const client = await harness.signIn(email);
    await set(org, 'require_mfa', true);
    for (const path of ['/v1/people', '/v1/auth/sessions', '/v1/organizations/current', '/v1/auth/devices'])
      expect([path, seen(await client.get(path))]).toEqual([path, '403 mfa_enrollment_required']);
    expect(seen(await client.post('/v1/auth/recovery-codes'))).toBe('403 mfa_enrollment_required');
    for (const path of ['/v1/auth/me', '/v1/auth/factors', '/v1/auth/passkeys', '/v1/auth/passkeys/options'])
      expect([path, (await client.get(path)).status]).toEqual([path, 200]);
    const before = client.cookieHeader;
    const { app } = await enrollTotp(client);
    expect([
      (await client.get('/v1/people')).status,
      (await harness.client().get('/v1/auth/me', { headers: { cookie: before } })).status,
    ]).toEqual([200, 401]);
    const again = harness.client();
    expect(seen(await login(email, { totp: app.fresh() }, again))).toBe('200 ok');
    expect((await again.get('/v1/people')).status).toBe(200);
  });

  it('takes a passkey for it, at enrolment and at sign-in', async () => {
    const org = await harness.make.organization('gme');
    await set(org, 'require_mfa', true);
    const { email } = await harness.make.member(org, 'mentor');
    const client = await harness.signIn(email);
    expect(seen(await client.get('/v1/people'))).toBe('403 mfa_enrollment_required');
    const { authenticator } = await enrollPasskey(harness, client);
    expect((await client.get('/v1/people')).status).toBe(200);
    const other = harness.client();
    const { body: options } = await other.get('/v1/auth/passkeys/sign-in/options');
    await other.post('/v1/auth/passkeys/sign-in', { credential: authenticator.get(options) });
    expect((await other.get('/v1/people')).status).toBe(200);
  });

  it('does not let enrolling stand in for a password that must be changed', async () => {
    const { email, userId } = await harness.make.member(orgId, 'trainee');
    const client = await harness.signIn(email);
    await harness.database.superuser('UPDATE users SET must_change_password = true WHERE id = $1', [userId]);
    expect(seen(await client.post('/v1/auth/totp/enroll'))).toBe('403 password_change_required');
  });
});

describe('a reset by an administrator', () => {
  it('takes all factors, ends the sessions, is in the log, and is told by mail', async () => {
    const { email, membershipId } = await harness.make.member(orgId, 'trainee');
    const client = await harness.signIn(email);
    await enrollPasskey(harness, client);
    await enrollTotp(client);
    expect((await director.delete(`/v1/memberships/${membershipId}/factors`)).status).toBe(204);
    expect((await client.get('/v1/auth/me')).status).toBe(401);
    const again = await harness.signIn(email);
    expect((await again.get('/v1/auth/factors')).body).toEqual({
      totpConfirmedAt: null,
      passkeys: 0,
      recoveryCodesLeft: 0,
    });
    await harness.settled();
    const [mail] = await mailsTo(harness, email);
    expect(mail!.text).toMatch(/has removed the second factors of your account/);
    const logged = await harness.database.superuser<{ type: string; actor_id: string }>(
      `SELECT type, actor_id FROM audit_events WHERE org_id = $1 AND target_id = $2 AND type LIKE 'auth.factors%'
         ORDER BY id`,
      [orgId, membershipId],
    );
    expect(logged.map(({ type }) => type)).toEqual(['auth.factors_reset', 'auth.factors_reset_mailed']);
    expect(logged[0]!.actor_id).toBe(directorMember.userId);
  });

  it('is for who may, after a fresh sign-in, never of oneself nor of who holds more', async () => {
    const { membershipId } = await harness.make.member(orgId, 'trainee');
    const [mentor, deputy] = [
      await harness.make.member(orgId, 'mentor'),
      await harness.make.member(orgId, 'program_director'),
    ];
    expect(seen(await (await harness.signIn(mentor.email)).delete(`/v1/memberships/${membershipId}/factors`))).toBe(
      '403 forbidden',
    );
    await harness.database.superuser(
      `INSERT INTO member_overrides (org_id, membership_id, permission, scope)
         VALUES ($1, $2, 'membership:reset-factors', 'org')`,
      [orgId, mentor.membershipId],
    );
    const helper = await harness.signIn(mentor.email);
    expect(seen(await helper.delete(`/v1/memberships/${deputy.membershipId}/factors`))).toBe(
      '403 insufficient_privileges_to_grant',
    );
    expect(seen(await director.delete(`/v1/memberships/${directorMember.membershipId}/factors`))).toBe(
      '403 insufficient_privileges_to_grant',
    );
    const stranger = await harness.make.member(await harness.make.organization('gme'), 'trainee');
    expect(seen(await director.delete(`/v1/memberships/${stranger.membershipId}/factors`))).toBe('404 not_found');
  });

  it('of a member of other organizations is for operators, whose command does it', async () => {
    const other = await harness.make.organization('gme');
    const { email, membershipId } = await harness.make.member(orgId, 'trainee');
    await harness.make.member(other, 'mentor', { email });
    const client = await harness.signIn(email);
    await enrollTotp(client);
    expect(seen(await director.delete(`/v1/memberships/${membershipId}/factors`))).toBe('409 factor_reset_not_allowed');
    expect(await resetFactors(harness.operator, { org: orgId, email })).toBe(membershipId);
    expect((await client.get('/v1/auth/me')).status).toBe(401);
    await harness.signIn(email);
  });
});

describe('a remembered device', () => {
  async function user(days: number) {
    const org = await harness.make.organization('gme');
    await set(org, 'remember_device_days', days);
    const member = await harness.make.member(org, 'mentor');
    const client = await harness.signIn(member.email);
    const { app } = await enrollTotp(client);
    const browser = harness.client();
    const remembered = await login(member.email, { totp: app.fresh(), rememberDevice: true }, browser);
    expect(remembered.status).toBe(200);
    return { ...member, app, browser, remembered, client };
  }
  /** Signs out, so that only what remembers the device is left of the cookies. */
  const leave = async (browser: Client) => expect((await browser.post('/v1/auth/logout')).status).toBe(204);

  it('is remembered only where the organization allows it', async () => {
    const { email, browser, remembered, client } = await user(0);
    expect(remembered.headers.getSetCookie().join()).not.toContain('-remembered');
    expect((await client.get('/v1/auth/devices')).body.items).toEqual([]);
    await leave(browser);
    expect(seen(await login(email, {}, browser))).toBe('401 mfa_required');
  });

  it('leaves the second factor out, never the password nor a step-up', async () => {
    const { email, browser, remembered, userId } = await user(7);
    expect(remembered.headers.getSetCookie().find((cookie) => cookie.includes('-remembered'))).toMatch(
      /^vouchsafe_test-remembered=[\w-]{43}; Max-Age=60\d{4}; Path=\/; HttpOnly; SameSite=Lax$/,
    );
    await leave(browser);
    expect(seen(await browser.post('/v1/auth/login', { email, password: 'Wrong-Password-1' }))).toBe(
      '401 invalid_credentials',
    );
    expect(seen(await login(email, {}, browser))).toBe('200 ok');
    expect((await browser.get('/v1/people')).status).toBe(200);
    expect(seen(await browser.post('/v1/auth/totp/enroll'))).toBe('403 step_up_required');
    const other = await harness.make.member(orgId, 'mentor');
    await enrollTotp(await harness.signIn(other.email));
    expect(seen(await login(other.email, {}, browser))).toBe('401 mfa_required');
    const [session] = await harness.database.superuser(
      'SELECT remembered_device FROM sessions WHERE user_id = $1 ORDER BY created_at DESC LIMIT 1',
      [userId],
    );
    expect(session).toEqual({ remembered_device: true });
  });

  it('counts for an organization that asks for a factor while it allows remembering, live sessions too', async () => {
    const { email, browser, orgId: org, app } = await user(7);
    await set(org, 'require_mfa', true);
    await leave(browser);
    await login(email, {}, browser);
    expect((await browser.get('/v1/people')).status).toBe(200);
    await set(org, 'remember_device_days', 0);
    expect(seen(await browser.get('/v1/people'))).toBe('403 step_up_required');
    await app.forgetStep(harness);
    expect((await browser.post('/v1/auth/step-up', { totp: app.fresh() })).status).toBe(204);
    expect((await browser.get('/v1/people')).status).toBe(200);
    await leave(browser);
    expect(seen(await login(email, {}, browser))).toBe('401 mfa_required');
  });

  it('is forgotten by its user, with another password, with a reset, and when its time is over', async () => {
    const [mine, changed, reset, late] = [await user(7), await user(7), await user(7), await user(7)];
    const { body } = await mine.client.get('/v1/auth/devices');
    expect(body.items).toEqual([
      {
        id: expect.any(String),
        ip: expect.any(String),
        userAgent: 'node',
        createdAt: expect.any(String),
        expiresAt: expect.any(String),
      },
    ]);
    expect((await changed.client.delete(`/v1/auth/devices/${body.items[0].id}`)).status).toBe(404);
    expect((await mine.client.delete(`/v1/auth/devices/${body.items[0].id}`)).status).toBe(204);
    await changed.client.post('/v1/auth/password/change', {
      currentPassword: Factories.PASSWORD,
      newPassword: 'Synthetic-Test-2',
    });
    await resetFactors(harness.operator, { org: reset.orgId, email: reset.email });
    await harness.database.superuser(
      `UPDATE app_private.remembered_devices SET created_at = created_at - interval '7 days',
         expires_at = expires_at - interval '7 days' WHERE user_id = $1`,
      [late.userId],
    );
    for (const { browser, email } of [mine, late])
      expect(seen(await login(email, {}, browser))).toBe('401 mfa_required');
    expect(
      seen(await changed.browser.post('/v1/auth/login', { email: changed.email, password: 'Synthetic-Test-2' })),
    ).toBe('401 mfa_required');
    expect(
      await harness.database.superuser('SELECT 1 FROM app_private.remembered_devices WHERE user_id = $1', [
        reset.userId,
      ]),
    ).toEqual([]);
  });
});

it('what has lapsed of sign-ins is swept away by schedule, and what has not stays', async () => {
  const { email, userId } = await harness.make.member(orgId, 'trainee');
  const client = await harness.signIn(email);
  await enrollTotp(client);
  await login(email);
  await login(email);
  await harness.database.superuser(
    `UPDATE app_private.pending_sign_ins SET expires_at = now() - interval '1 second'
       WHERE secret_hash = (SELECT secret_hash FROM app_private.pending_sign_ins WHERE user_id = $1 LIMIT 1)`,
    [userId],
  );
  harness.advance(3_600);
  await harness.tick();
  await harness.settled();
  expect(
    await harness.database.superuser('SELECT 1 FROM app_private.pending_sign_ins WHERE user_id = $1', [userId]),
  ).toHaveLength(1);
  expect(
    await harness.database.superuser('SELECT 1 FROM app_private.totp_factors WHERE user_id = $1', [userId]),
  ).toHaveLength(1);
});
