import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Harness } from '../harness/app.js';
import type { Client } from '../harness/client.js';
import { Factories } from '../harness/factories.js';
import { inviteToken, mailedToken } from '../harness/mail.js';
import { form, hiddenField, open, redirect } from '../harness/pages.js';

const OWN = '/invites/accept/own';
const VERIFY = '/account/verify';
const PASSWORD = 'Brisk-Otter-41';

let harness: Harness;
let org: string;
let other: string;
let director: Client;
beforeAll(async () => {
  harness = await Harness.start();
  org = await harness.make.organization('gme', 'Synthetic Residency');
  other = await harness.make.organization('workforce', 'Synthetic Staffing');
  director = await harness.signIn((await harness.make.member(org, 'program_director')).email);
});
afterAll(() => harness.stop());

async function invite(email: string): Promise<string> {
  const { status } = await director.post('/v1/invites', { email, name: 'Synthetic Invitee', role: 'mentor' });
  expect(status).toBe(201);
  return inviteToken(harness, email);
}

/** Signs in on the pages and returns the page that opens afterwards. */
async function signInOn(client: Client, signInUrl: string, email: string) {
  const page = await open(client, `${signInUrl}&email=${encodeURIComponent(email)}`);
  const returnTo = hiddenField(page, 'returnTo')!;
  const answer = await form(client, '/sign-in/password', { email, password: Factories.PASSWORD, returnTo });
  expect(answer.status).toBe(303);
  return open(client, answer.headers.get('location')!);
}

const isMember = async (email: string, orgId: string) =>
  (
    await harness.database.superuser(
      `SELECT 1 FROM memberships m JOIN users u ON u.id = m.user_id
        WHERE u.email = $1 AND m.org_id = $2 AND m.status = 'active'`,
      [email, orgId],
    )
  ).length === 1;

describe('an invitee with an account', () => {
  it('signs in on the way and accepts, and no URL contains the token', async () => {
    const { email } = await harness.make.member(other, 'member');
    const token = await invite(email);
    const client = harness.client();
    const started = await form(client, OWN, { token, password: '' });
    expect(redirect(started)).toEqual([303, `/sign-in?returnTo=${encodeURIComponent(OWN)}`]);
    expect(started.headers.getSetCookie().join()).toMatch(/HttpOnly/);
    const page = await signInOn(client, started.headers.get('location')!, email);
    expect([page.status, hiddenField(page, 'token')]).toEqual([200, token]);
    expect(page.text).toContain(`You are signed in as ${email}.`);
    const accepted = await form(client, OWN, { token });
    expect([accepted.status, accepted.text.includes('You are now a member')]).toEqual([200, true]);
    expect(await isMember(email, org)).toBe(true);
    expect(hiddenField(await open(client, OWN), 'token')).toBeUndefined();
  });

  it('who sets a password instead is led to the sign-in, and the password does not change', async () => {
    const { email } = await harness.make.member(other, 'member');
    const token = await invite(email);
    const answer = await form(harness.client(), '/invites/accept', { token, password: PASSWORD });
    expect(answer.status).toBe(409);
    expect(answer.text).toContain(`action="${OWN}"`);
    expect([hiddenField(answer, 'token'), answer.headers.getSetCookie()]).toEqual([token, []]);
    expect((await harness.signIn(email)).cookieHeader).not.toBe('');
  });

  it('who sends the form twice sees the success twice', async () => {
    const { email } = await harness.make.member(other, 'member');
    const token = await invite(email);
    const client = await harness.signIn(email);
    const answers = await Promise.all([form(client, OWN, { token }), form(client, OWN, { token })]);
    expect(answers.map(({ text }) => text.includes('You are now a member'))).toEqual([true, true]);
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 409]);
  });

  it('in the session of another user sees that the invitation is not for that user', async () => {
    const token = await invite((await harness.make.member(other, 'member')).email);
    const stranger = await harness.signIn((await harness.make.member(other, 'member')).email);
    const answer = await form(stranger, OWN, { token });
    expect([answer.status, answer.text.includes('sent to another e-mail address')]).toEqual([404, true]);
  });
});

describe('an invitee without an account', () => {
  it('who sends the form twice sees the success, and only one request opens a session', async () => {
    const email = 'twice@test.example';
    const fields = { token: await invite(email), password: PASSWORD };
    const client = harness.client();
    const answers = await Promise.all([
      form(client, '/invites/accept', fields),
      form(client.sameBrowser, '/invites/accept', fields),
    ]);
    const [first, repeated] = answers.toSorted((a, b) => a.status - b.status);
    expect([first!.status, repeated!.status]).toEqual([303, 409]);
    expect(redirect(first!)).toEqual([303, '/account']);
    expect(repeated!.text).toContain('You are now a member of the organization.');
    expect(repeated!.headers.getSetCookie()).toEqual([]);
  });

  it('keeps the invitation from a stranger who has the used token and another password', async () => {
    const token = await invite('stolen@test.example');
    expect((await form(harness.client(), '/invites/accept', { token, password: PASSWORD })).status).toBe(303);
    const answer = await form(harness.client(), '/invites/accept', { token, password: 'Other-Otter-42' });
    expect([answer.status, answer.text.includes('already used or has expired'), answer.headers.getSetCookie()]).toEqual(
      [404, true, []],
    );
  });
});

describe('a link that resets a password', () => {
  it('succeeds twice and takes effect once when the same form is sent twice, for five minutes', async () => {
    const { email, userId } = await harness.make.member(other, 'member');
    await harness.client().post('/v1/auth/password/forgot', { email });
    const token = await mailedToken(harness, email);
    const reset = async (password: string) => {
      const { status, text } = await form(harness.client(), '/account/reset', { token, password });
      return [status, text.includes('Your password was changed')];
    };
    expect(await Promise.all([reset(PASSWORD), reset(PASSWORD)])).toEqual([
      [200, true],
      [200, true],
    ]);
    const resets = await harness.database.superuser(
      `SELECT 1 FROM audit_events WHERE type = 'auth.password_reset' AND target_id = $1`,
      [userId],
    );
    expect(resets).toHaveLength(1);
    expect(await reset('Other-Otter-42')).toEqual([404, false]);
    const session = await harness.signIn(email, PASSWORD);
    expect(await reset(PASSWORD)).toEqual([200, true]);
    expect((await session.get('/v1/auth/me')).status).toBe(200);
    await harness.database.superuser(
      `UPDATE app_private.account_mails SET consumed_at = consumed_at - interval '6 minutes' WHERE user_id = $1`,
      [userId],
    );
    expect(await reset(PASSWORD)).toEqual([404, false]);
  });
});

describe('a link that verifies an e-mail address', () => {
  it('works for a user who must sign in first', async () => {
    const { email, userId } = await harness.make.member(other, 'member');
    await (await harness.signIn(email)).post('/v1/auth/email/verify/request');
    const token = await mailedToken(harness, email);
    const client = harness.client();
    expect((await open(client, VERIFY)).status).toBe(200);
    const started = await form(client, VERIFY, { token });
    expect(redirect(started)).toEqual([303, `/sign-in?returnTo=${encodeURIComponent(VERIFY)}`]);
    const page = await signInOn(client, started.headers.get('location')!, email);
    expect([page.status, hiddenField(page, 'token')]).toEqual([200, token]);
    expect((await form(client, VERIFY, { token })).text).toContain('Your e-mail address is confirmed');
    const [user] = await harness.database.superuser<{ proven: boolean }>(
      'SELECT email_proven_at IS NOT NULL AS proven FROM users WHERE id = $1',
      [userId],
    );
    expect(user!.proven).toBe(true);
    await harness.database.superuser(
      `UPDATE app_private.account_mails SET consumed_at = consumed_at - interval '6 minutes' WHERE user_id = $1`,
      [userId],
    );
    expect((await form(client, VERIFY, { token })).status).toBe(404);
  });

  it('is kept for its own page only, and never from a form of another site', async () => {
    const client = harness.client();
    await form(client, VERIFY, { token: 'a-token-of-this-page' });
    expect(hiddenField(await open(client, VERIFY), 'token')).toBe('a-token-of-this-page');
    expect(hiddenField(await open(client, '/account/reset'), 'token')).toBeUndefined();
    for (const origin of ['https://evil.example', 'null']) {
      const victim = harness.client();
      const answer = await form(victim, VERIFY, { token: 'planted' }, { origin });
      expect(answer.headers.getSetCookie()).toEqual([]);
      expect(hiddenField(await open(victim, VERIFY), 'token')).toBeUndefined();
    }
  });
});

it('a token can be sent thirty times in five minutes, so that its password cannot be guessed', async () => {
  const codes: string[] = [];
  for (let tries = 0; tries < 31; tries += 1) {
    const body = { token: 'a-token-of-a-mail', newPassword: 'short' };
    codes.push((await harness.client().post('/v1/auth/password/reset', body)).body.code);
  }
  expect(codes).toEqual([...Array<string>(30).fill('weak_password'), 'too_many_requests']);
});
