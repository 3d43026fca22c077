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

const outcome = ({ status, body }: Answer) => `${status} ${body?.code ?? 'ok'}`;
const login = (email: string, more: object = {}, client = harness.client()) =>
  client.post('/v1/auth/login', { email, password: Factories.PASSWORD, ...more });
const set = (org: string, column: string, value: unknown) =>
  harness.database.superuser(`UPDATE organizations SET ${column} = $2 WHERE id = $1`, [org, value]);

describe('a sign-in by an identity provider', () => {
  it('adds no factor, which is valid in other organizations, until the user signs in locally', async () => {
    const member = await harness.make.member(await harness.make.organization('gme'), 'trainee');
    const client = await harness.signIn(member.email);
    await harness.database.superuser(`UPDATE sessions SET method = 'saml' WHERE membership_id = $1`, [
      member.membershipId,
    ]);
    expect(outcome(await client.post('/v1/auth/totp/enroll'))).toBe('403 step_up_required');
    expect(outcome(await client.post('/v1/auth/step-up', { password: Factories.PASSWORD }))).toBe('204 ok');
    expect(outcome(await client.post('/v1/auth/totp/enroll'))).toBe('201 ok');
  });
});

describe('an organization that requires MFA', () => {
  it('allows a member without a factor only to enroll, and then continues the session', async () => {
    const org = await harness.make.organization('gme');
    const { email } = await harness.make.member(org, 'program_director');
    const client = await harness.signIn(email);
    await set(org, 'require_mfa', true);
    for (const path of ['/v1/people', '/v1/auth/sessions', '/v1/organizations/current', '/v1/auth/devices'])
      expect([path, outcome(await client.get(path))]).toEqual([path, '403 mfa_enrollment_required']);
    expect(outcome(await client.post('/v1/auth/recovery-codes'))).toBe('403 mfa_enrollment_required');
    for (const path of ['/v1/auth/me', '/v1/auth/factors', '/v1/auth/passkeys', '/v1/auth/passkeys/options'])
      expect([path, (await client.get(path)).status]).toEqual([path, 200]);
    const before = client.cookieHeader;
    const { app } = await enrollTotp(client);
    expect([
      (await client.get('/v1/people')).status,
      (await harness.client().get('/v1/auth/me', { headers: { cookie: before } })).status,
    ]).toEqual([200, 401]);
    const again = harness.client();
    expect(outcome(await login(email, { totp: app.fresh() }, again))).toBe('200 ok');
    expect((await again.get('/v1/people')).status).toBe(200);
  });

  it('accepts a passkey as MFA, at enrollment and at sign-in', async () => {
    const org = await harness.make.organization('gme');
    await set(org, 'require_mfa', true);
    const { email } = await harness.make.member(org, 'mentor');
    const client = await harness.signIn(email);
    expect(outcome(await client.get('/v1/people'))).toBe('403 mfa_enrollment_required');
    const { authenticator } = await enrollPasskey(harness, client);
    expect((await client.get('/v1/people')).status).toBe(200);
    const other = harness.client();
    const { body: options } = await other.get('/v1/auth/passkeys/sign-in/options');
    await other.post('/v1/auth/passkeys/sign-in', { credential: authenticator.get(options) });
    expect((await other.get('/v1/people')).status).toBe(200);
  });

  it('requires a pending password change before enrollment', async () => {
    const { email, userId } = await harness.make.member(orgId, 'trainee');
    const client = await harness.signIn(email);
    await harness.database.superuser('UPDATE users SET must_change_password = true WHERE id = $1', [userId]);
    expect(outcome(await client.post('/v1/auth/totp/enroll'))).toBe('403 password_change_required');
  });
});

describe('a reset by an administrator', () => {
  it('removes all factors, ends the sessions, and is recorded and mailed', async () => {
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
    expect(mail!.text).toMatch(/removed the second factors of your account/);
    const events = await harness.database.superuser<{ type: string; actor_id: string }>(
      `SELECT type, actor_id FROM audit_events WHERE org_id = $1 AND target_id = $2 AND type LIKE 'auth.factors%'
         ORDER BY id`,
      [orgId, membershipId],
    );
    expect(events.map(({ type }) => type)).toEqual(['auth.factors_reset', 'auth.factors_reset_mailed']);
    expect(events[0]!.actor_id).toBe(directorMember.userId);
  });

  it('requires permission and is rejected for oneself and for members with more permissions', async () => {
    const { membershipId } = await harness.make.member(orgId, 'trainee');
    const [mentor, deputy] = [
      await harness.make.member(orgId, 'mentor'),
      await harness.make.member(orgId, 'program_director'),
    ];
    expect(outcome(await (await harness.signIn(mentor.email)).delete(`/v1/memberships/${membershipId}/factors`))).toBe(
      '403 forbidden',
    );
    await harness.database.superuser(
      `INSERT INTO member_overrides (org_id, membership_id, permission, scope)
         VALUES ($1, $2, 'membership:reset-factors', 'org')`,
      [orgId, mentor.membershipId],
    );
    const helper = await harness.signIn(mentor.email);
    expect(outcome(await helper.delete(`/v1/memberships/${deputy.membershipId}/factors`))).toBe(
      '403 insufficient_privileges_to_grant',
    );
    expect(outcome(await director.delete(`/v1/memberships/${directorMember.membershipId}/factors`))).toBe(
      '403 insufficient_privileges_to_grant',
    );
    const foreignMember = await harness.make.member(await harness.make.organization('gme'), 'trainee');
    expect(outcome(await director.delete(`/v1/memberships/${foreignMember.membershipId}/factors`))).toBe(
      '404 not_found',
    );
  });

  it('is rejected for a member of several organizations, which only an operator can reset', async () => {
    const other = await harness.make.organization('gme');
    const { email, membershipId } = await harness.make.member(orgId, 'trainee');
    await harness.make.member(other, 'mentor', { email });
    const client = await harness.signIn(email);
    await enrollTotp(client);
    expect(outcome(await director.delete(`/v1/memberships/${membershipId}/factors`))).toBe(
      '409 factor_reset_not_allowed',
    );
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
  /** Signs out, so that only the cookie of the remembered device remains. */
  const signOut = async (browser: Client) => expect((await browser.post('/v1/auth/logout')).status).toBe(200);

  it('is remembered only where the organization allows it', async () => {
    const { email, browser, remembered, client } = await user(0);
    expect(remembered.headers.getSetCookie().join()).not.toContain('-remembered');
    expect((await client.get('/v1/auth/devices')).body.items).toEqual([]);
    await signOut(browser);
    expect(outcome(await login(email, {}, browser))).toBe('401 mfa_required');
  });

  it('replaces the second factor but neither the password nor a step-up', async () => {
    const { email, browser, remembered, userId } = await user(7);
    expect(remembered.headers.getSetCookie().find((cookie) => cookie.includes('-remembered'))).toMatch(
      /^vouchsafe_test-remembered=[\w-]{43}; Max-Age=60\d{4}; Path=\/; HttpOnly; SameSite=Lax$/,
    );
    await signOut(browser);
    expect(outcome(await browser.post('/v1/auth/login', { email, password: 'Wrong-Password-1' }))).toBe(
      '401 invalid_credentials',
    );
    expect(outcome(await login(email, {}, browser))).toBe('200 ok');
    expect((await browser.get('/v1/people')).status).toBe(200);
    expect(outcome(await browser.post('/v1/auth/totp/enroll'))).toBe('403 step_up_required');
    const other = await harness.make.member(orgId, 'mentor');
    await enrollTotp(await harness.signIn(other.email));
    expect(outcome(await login(other.email, {}, browser))).toBe('401 mfa_required');
    const [session] = await harness.database.superuser(
      'SELECT remembered_device FROM sessions WHERE user_id = $1 ORDER BY created_at DESC, id DESC LIMIT 1',
      [userId],
    );
    expect(session).toEqual({ remembered_device: true });
  });

  it('satisfies required MFA only while the organization allows it, even in open sessions', async () => {
    const { email, browser, orgId: org, app } = await user(7);
    await set(org, 'require_mfa', true);
    await signOut(browser);
    await login(email, {}, browser);
    expect((await browser.get('/v1/people')).status).toBe(200);
    await set(org, 'remember_device_days', 0);
    expect(outcome(await browser.get('/v1/people'))).toBe('403 step_up_required');
    await app.forgetStep(harness);
    expect((await browser.post('/v1/auth/step-up', { totp: app.fresh() })).status).toBe(204);
    expect((await browser.get('/v1/people')).status).toBe(200);
    await signOut(browser);
    expect(outcome(await login(email, {}, browser))).toBe('401 mfa_required');
  });

  it('is forgotten by its user, a password change, a factor reset, and expiry', async () => {
    const [removed, changed, reset, expired] = [await user(7), await user(7), await user(7), await user(7)];
    const { body } = await removed.client.get('/v1/auth/devices');
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
    expect((await removed.client.delete(`/v1/auth/devices/${body.items[0].id}`)).status).toBe(204);
    await changed.client.post('/v1/auth/password/change', {
      currentPassword: Factories.PASSWORD,
      newPassword: 'Synthetic-Test-2',
    });
    await resetFactors(harness.operator, { org: reset.orgId, email: reset.email });
    await harness.database.superuser(
      `UPDATE app_private.remembered_devices SET created_at = created_at - interval '7 days',
         expires_at = expires_at - interval '7 days' WHERE user_id = $1`,
      [expired.userId],
    );
    for (const { browser, email } of [removed, expired])
      expect(outcome(await login(email, {}, browser))).toBe('401 mfa_required');
    expect(
      outcome(await changed.browser.post('/v1/auth/login', { email: changed.email, password: 'Synthetic-Test-2' })),
    ).toBe('401 mfa_required');
    expect(
      await harness.database.superuser('SELECT 1 FROM app_private.remembered_devices WHERE user_id = $1', [
        reset.userId,
      ]),
    ).toEqual([]);
  });
});

it('removes expired pending sign-ins on schedule and keeps the others', async () => {
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
