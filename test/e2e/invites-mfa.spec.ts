import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Harness } from '../harness/app.js';
import type { Client } from '../harness/client.js';
import { enrollTotp } from '../harness/factors.js';
import { inviteToken } from '../harness/mail.js';

const PASSWORD = 'Brisk-Otter-41';

let harness: Harness;
let org: string;
let director: Client;

beforeAll(async () => {
  harness = await Harness.start();
  org = await harness.make.organization('gme', 'Synthetic Residency');
  director = await harness.signIn((await harness.make.member(org, 'program_director')).email);
});
afterAll(() => harness.stop());

const sql = <R extends Record<string, any>>(text: string, values: unknown[] = []) =>
  harness.database.superuser<R>(text, values);
const lastEvent = async (type: string) =>
  (
    await sql(
      `SELECT outcome, meta, target_id, actor_id FROM audit_events WHERE org_id = $1 AND type = $2
         ORDER BY occurred_at, id`,
      [org, type],
    )
  ).at(-1);

describe('a former member with a second factor who accepts an invite', () => {
  /** Creates a former member with an authenticator app and a new invite. */
  async function formerMember() {
    const member = await harness.make.member(org, 'trainee');
    const { app } = await enrollTotp(await harness.signIn(member.email));
    expect((await director.delete(`/v1/memberships/${member.membershipId}`)).status).toBe(200);
    const { status, body } = await director.post('/v1/invites', {
      email: member.email,
      name: 'Synthetic Invitee',
      role: 'trainee',
    });
    expect(status).toBe(201);
    return { ...member, app, id: body.id as string, token: await inviteToken(harness, member.email) };
  }

  it('becomes a member again but gets a session only after the MFA challenge', async () => {
    const { app, token, id, membershipId, userId } = await formerMember();
    const client = harness.client();
    const answer = await client.post('/v1/invites/accept', { token, password: PASSWORD });
    expect([answer.status, answer.body.code, answer.body.methods]).toEqual([
      401,
      'mfa_required',
      ['totp', 'recovery-code'],
    ]);
    expect(answer.headers.getSetCookie().map((cookie) => /^[^=]+/.exec(cookie)![0])).toEqual([
      'vouchsafe_test-pending',
    ]);
    expect(await sql('SELECT 1 FROM sessions WHERE user_id = $1 AND revoked_at IS NULL', [userId])).toEqual([]);
    expect((await client.get('/v1/auth/me')).status).toBe(401);
    expect(await sql('SELECT id, status FROM memberships WHERE user_id = $1', [userId])).toEqual([
      { id: membershipId, status: 'active' },
    ]);
    expect(await lastEvent('invite.accepted')).toMatchObject({
      target_id: id,
      outcome: 'success',
      actor_id: userId,
      meta: { membershipId, userId },
    });
    expect(await lastEvent('auth.mfa_challenged')).toMatchObject({ target_id: userId, outcome: 'denied' });
    const repeated = await client.post('/v1/invites/accept', { token, password: PASSWORD });
    expect([repeated.body.code, repeated.headers.getSetCookie()]).toEqual(['invite_already_accepted', []]);
    expect((await client.post('/v1/auth/login/mfa', { totp: app.fresh() })).status).toBe(200);
    expect((await client.get('/v1/auth/me')).body).toMatchObject({ membershipId, organization: { id: org } });
  });

  it('is redirected from the invite page to the MFA page and then to the account page', async () => {
    const { app, token } = await formerMember();
    const client = harness.client();
    const form = (path: string, fields: Record<string, string>) =>
      client.send('POST', path, {
        raw: new URLSearchParams(fields).toString(),
        headers: {
          accept: 'text/html',
          'content-type': 'application/x-www-form-urlencoded',
          origin: new URL(client.baseUrl).origin,
        },
      });
    const accepted = await form('/invites/accept', { token, password: PASSWORD });
    expect([accepted.status, accepted.headers.get('location')]).toEqual([303, '/sign-in/mfa']);
    expect(accepted.headers.getSetCookie().map((cookie) => /^[^=]+/.exec(cookie)![0])).toEqual([
      'vouchsafe_test-pending',
    ]);
    expect((await client.get('/sign-in/mfa', { headers: { accept: 'text/html' } })).status).toBe(200);
    const verified = await form('/sign-in/mfa', { totp: app.fresh() });
    expect([verified.status, verified.headers.get('location')]).toEqual([303, '/account']);
    expect((await client.get('/v1/auth/me')).body.organization.id).toBe(org);
  });
});
