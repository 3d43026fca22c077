import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { inviteKey, readInvite, signInvite, type InviteClaims } from '../../src/modules/invites/invite-token.js';
import { newId } from '../../src/platform/clock/id.js';
import { sha256 } from '../../src/platform/crypto/index.js';
import { RawSql, bareVisit, type Outcome } from '../contract/raw-sql.js';
import { Harness } from '../harness/app.js';
import type { Client } from '../harness/client.js';
import { Factories, type Member } from '../harness/factories.js';
import { inviteToken, mailsTo } from '../harness/mail.js';
import { until } from '../harness/until.js';

const PASSWORD = 'Brisk-Otter-41';

let harness: Harness;
let org: string;
let other: string;
let director: Client;
let directorMember: Member;
let otherDirector: Client;
let count = 0;

beforeAll(async () => {
  harness = await Harness.start();
  org = await harness.make.organization('gme', 'Synthetic Residency');
  other = await harness.make.organization('workforce', 'Synthetic Staffing');
  directorMember = await harness.make.member(org, 'program_director');
  director = await harness.signIn(directorMember.email);
  otherDirector = await harness.signIn((await harness.make.member(other, 'owner')).email);
});
afterAll(() => harness.stop());

const sql = <R extends Record<string, any>>(text: string, values: unknown[] = []) =>
  harness.database.superuser<R>(text, values);
const newEmail = () => `invited${(count += 1)}@test.example`;
const accept = (token: string, password = PASSWORD, client = harness.client()) =>
  client.post('/v1/invites/accept', { token, password });
const eventsOf = async (type: string, orgId = org) =>
  sql<{ outcome: string; meta: any; target_id: string; actor_type: string; actor_id: string }>(
    `SELECT outcome, meta, target_id, actor_type, actor_id FROM audit_events WHERE org_id = $1 AND type = $2
       ORDER BY occurred_at, id`,
    [orgId, type],
  );
const lastEvent = async (type: string, orgId = org) => (await eventsOf(type, orgId)).at(-1);
const membershipsOf = (email: string, orgId = org) =>
  sql<{ id: string; role: string; status: string; person_id: string | null; name: string; grants: object }>(
    'SELECT m.* FROM memberships m JOIN users u ON u.id = m.user_id WHERE u.email = $1 AND m.org_id = $2',
    [email, orgId],
  );

interface SentInvite {
  id: string;
  email: string;
  token: string;
}

/** Sends an invite and reads its token from the mail. */
async function sendInvite({
  email = newEmail(),
  role = 'trainee',
  by = director,
  ...more
}: { email?: string; role?: string; by?: Client; personId?: string } = {}): Promise<SentInvite> {
  const { status, body, text } = await by.post('/v1/invites', { email, name: 'Synthetic Invitee', role, ...more });
  if (status !== 201) throw new Error(`the invite was rejected: ${text}`);
  return { id: body.id as string, email, token: await inviteToken(harness, email) };
}

/** Signs a token for the current row, as the worker does, and stores its digest in the row. */
async function tokenFor(id: string, changes: Partial<InviteClaims> = {}): Promise<string> {
  const [row] = await sql<InviteClaims>(
    'SELECT id, org_id AS "orgId", email, role, expires_at AS "expiresAt" FROM invites WHERE id = $1',
    [id],
  );
  const token = signInvite(inviteKey(harness.env.JWT_SECRET!), { ...row!, ...changes });
  await sql('UPDATE invites SET token_hash = $2 WHERE id = $1', [id, sha256(token)]);
  return token;
}

/** Accepts an invite in a raw transaction and returns the state. */
function acceptRaw(raw: RawSql, token: string): Promise<Outcome> {
  const { orgId, id, email, role, expiresAt } = readInvite(inviteKey(harness.env.JWT_SECRET!), token)!;
  return raw.outcome(
    `SELECT state FROM app.accept_invite($1, $2, $3, $4, $5, $6, $7, $8, gen_random_uuid(), gen_random_uuid(),
       ${bareVisit('sha256($9)')})`,
    [orgId, id, token, email, role, expiresAt, randomBytes(16), Buffer.alloc(32), newId()],
  );
}

const expectInvalid = ({ status, body }: { status: number; body: any }) =>
  expect([status, body.code]).toEqual([404, 'invite_invalid']);

describe('an invitee without an account', () => {
  it('receives a mail, sets a password, and is signed in with the invited role and person', async () => {
    const personId = await harness.make.person(org);
    const { id, email, token } = await sendInvite({ personId });
    const [mail] = await mailsTo(harness, email);
    expect(mail!.subject).toBe('Invitation to Synthetic Residency');
    expect(mail!.text).toContain(`http://127.0.0.1:3000/invites/accept#token=${token}`);
    const client = harness.client();
    const answer = await accept(token, PASSWORD, client);
    expect([answer.status, answer.body.organizationId]).toEqual([200, org]);
    const me = (await client.get('/v1/auth/me')).body;
    expect([me.user.email, me.organization.id, me.role]).toEqual([email, org, 'trainee']);
    const [membership] = await membershipsOf(email);
    expect(membership).toMatchObject({
      id: me.membershipId,
      person_id: personId,
      name: 'Synthetic Invitee',
      status: 'active',
    });
    await harness.signIn(email, PASSWORD);
    expect(await lastEvent('invite.accepted')).toMatchObject({
      outcome: 'success',
      target_id: id,
      actor_id: me.user.id,
      meta: { role: 'trainee', membershipId: me.membershipId, userId: me.user.id },
    });
    const [listed] = (await director.get('/v1/invites')).body.items;
    expect(listed).toMatchObject({
      id,
      status: 'accepted',
      membershipId: me.membershipId,
      invitedBy: directorMember.membershipId,
      sentAt: expect.any(String),
    });
    expect(JSON.stringify(listed)).not.toMatch(/token|hash/i);
  });

  it('cannot set a weak password and can try again', async () => {
    const { token } = await sendInvite();
    const { status, body } = await accept(token, 'short');
    expect([status, body.code]).toEqual([400, 'weak_password']);
    expect((await accept(token)).status).toBe(200);
  });

  it('becomes a member once and gets one session despite repeated and concurrent requests', async () => {
    const { id, email, token } = await sendInvite();
    const answers = await Promise.all(Array.from({ length: 8 }, () => accept(token)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ body }) => body.code === 'invite_already_accepted')).toHaveLength(7);
    expect(answers.flatMap(({ headers }) => headers.getSetCookie()).length).toBeLessThanOrEqual(2);
    expectInvalid(await accept(token, 'Other-Otter-42'));
    await sql(`UPDATE invites SET accepted_at = accepted_at - interval '6 minutes' WHERE id = $1`, [id]);
    expectInvalid(await accept(token));
    expect((await membershipsOf(email)).length).toBe(1);
    expect(await lastEvent('invite.acceptance_failed')).toMatchObject({
      outcome: 'failure',
      meta: { reason: 'used' },
      actor_type: 'anonymous',
    });
  });

  it('waits on a concurrent acceptance of the same token and then gets the state `used`', async () => {
    const { token } = await sendInvite();
    const [one, two] = [await RawSql.open(harness.env.DATABASE_URL!), await RawSql.open(harness.env.DATABASE_URL!)];
    await Promise.all([one.client.query('BEGIN'), two.client.query('BEGIN')]);
    expect((await acceptRaw(one, token)).rows).toEqual([{ state: 'accepted' }]);
    const blocked = acceptRaw(two, token);
    await until(
      'the second acceptance waits for the first',
      async () =>
        (await sql(`SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%accept_invite%'`))
          .length === 1,
    );
    await one.client.query('COMMIT');
    expect((await blocked).rows).toEqual([{ state: 'used' }]);
    await Promise.all([one.end(), two.end()]);
  });

  it('gets one account from two concurrent invites; the second invite requires a sign-in', async () => {
    const email = newEmail();
    const [here, there] = [await sendInvite({ email }), await sendInvite({ email, role: 'member', by: otherDirector })];
    const answers = await Promise.all([accept(here.token), accept(there.token)]);
    expect(
      answers.map(({ status, body }) => String(body.code ?? status)).toSorted((a, b) => a.localeCompare(b)),
    ).toEqual(['200', 'sign_in_to_accept']);
    expect((await sql('SELECT 1 FROM users WHERE email = $1', [email])).length).toBe(1);
  });
});

describe('an invitee with an account', () => {
  it('must sign in and then becomes a member in the existing session', async () => {
    const invitee = await harness.make.member(other, 'member');
    // The invited role holds more than the role in the organization of the session.
    const { id, token } = await sendInvite({ email: invitee.email, role: 'program_director' });
    const rejected = await accept(token);
    expect([rejected.status, rejected.body.code]).toEqual([409, 'sign_in_to_accept']);
    const client = await harness.signIn(invitee.email);
    const { status, body } = await client.post('/v1/auth/invites/accept', { token });
    expect([status, body.organizationId]).toEqual([200, org]);
    expect((await membershipsOf(invitee.email))[0]).toMatchObject({
      id: body.membershipId,
      role: 'program_director',
      status: 'active',
    });
    expect((await client.get('/v1/auth/me')).body).toMatchObject({ organization: { id: other }, role: 'member' });
    expect(await lastEvent('invite.accepted')).toMatchObject({ target_id: id, actor_id: invitee.userId });
    expect((await client.post('/v1/auth/invites/accept', { token })).body.code).toBe('invite_already_accepted');
    const stranger = await harness.signIn((await harness.make.member(other, 'member')).email);
    expectInvalid(await stranger.post('/v1/auth/invites/accept', { token }));
    await expect(harness.signIn(invitee.email)).resolves.toBeDefined(); // The invite did not change the password.
  });

  it('leaves no event about one organization in the audit log of the other', async () => {
    const invitee = await harness.make.member(other, 'member');
    const { token } = await sendInvite({ email: invitee.email, role: 'mentor' });
    const before = (await sql('SELECT 1 FROM audit_events WHERE org_id = $1', [org])).length;
    await accept(token);
    expect((await sql('SELECT 1 FROM audit_events WHERE org_id = $1', [org])).length).toBe(before);
    const client = await harness.signIn(invitee.email);
    const { headers } = await client.post('/v1/auth/invites/accept', { token });
    const logs = await sql<{ org_id: string }>('SELECT org_id FROM audit_events WHERE request_id = $1', [
      headers.get('x-request-id'),
    ]);
    expect(logs.map(({ org_id: log }) => log)).toEqual([org]);
  });

  it('cannot accept an invite to another e-mail address and is named only in their own audit log', async () => {
    const interceptor = await harness.make.member(other, 'member');
    const { id, email, token } = await sendInvite();
    const client = await harness.signIn(interceptor.email);
    expectInvalid(await client.post('/v1/auth/invites/accept', { token }));
    expect([await membershipsOf(interceptor.email), await membershipsOf(email)]).toEqual([[], []]);
    expect(await lastEvent('invite.acceptance_failed')).toMatchObject({
      target_id: id,
      meta: { reason: 'not_addressee' },
      actor_type: 'anonymous',
      actor_id: null,
    });
    expect(await lastEvent('access.denied', other)).toMatchObject({
      actor_id: interceptor.userId,
      meta: { reason: 'invite_invalid' },
    });
    expect((await accept(token)).status).toBe(200);
  });

  it('keeps the existing role of a current member', async () => {
    const member = await harness.make.member(org, 'trainee');
    const { token } = await sendInvite({ email: member.email, role: 'program_director' });
    const client = await harness.signIn(member.email);
    const { status, body } = await client.post('/v1/auth/invites/accept', { token });
    expect([status, body.code]).toEqual([409, 'membership_exists']);
    expect((await membershipsOf(member.email))[0]).toMatchObject({ role: 'trainee' });
  });

  it('renews an ended membership with the invited role and without its earlier permissions', async () => {
    const person = await harness.make.person(org);
    const member = await harness.make.member(org, 'mentor');
    await harness.make.assignment(org, member.membershipId, person);
    await director.put(`/v1/memberships/${member.membershipId}/permissions/audit:read`, { scope: 'org' });
    await sql(
      `INSERT INTO access_grants (org_id, id, membership_id, scopes, reason, minutes, state, decided_by, expires_at)
      VALUES ($1, $2, $3, '{"export:create": "org"}', 'Synthetic reason', 60, 'approved', $4,
        now() + interval '1 hour')`,
      [org, newId(), member.membershipId, directorMember.membershipId],
    );
    await director.delete(`/v1/memberships/${member.membershipId}`);
    const { token } = await sendInvite({ email: member.email, role: 'mentor' });
    const client = harness.client();
    expect((await accept(token, PASSWORD, client)).status).toBe(200);
    const [membership] = await membershipsOf(member.email);
    expect(membership).toMatchObject({ id: member.membershipId, status: 'active', role: 'mentor' });
    for (const permission of ['audit:read', 'export:create'])
      expect(Object.keys(membership!.grants)).not.toContain(permission);
    expect((await client.get(`/v1/people/${person}`)).status).toBe(404);
    expect(
      (await harness.client().post('/v1/auth/login', { email: member.email, password: Factories.PASSWORD })).status,
    ).toBe(401);
  });
});

describe('the invite API', () => {
  it('answers equally for an e-mail address with an account, without one, and of a member', async () => {
    const emails = [
      newEmail(),
      (await harness.make.member(other, 'member')).email,
      (await harness.make.member(org, 'trainee')).email,
    ];
    const answers = await Promise.all(
      emails.map((email) => director.post('/v1/invites', { email, name: 'Synthetic Invitee', role: 'trainee' })),
    );
    const comparable = answers.map(
      ({ status, body: { id: _id, email: _email, createdAt: _created, expiresAt: _expires, ...rest } }) => ({
        status,
        rest,
      }),
    );
    expect(comparable).toEqual([comparable[0], comparable[0], comparable[0]]);
    await harness.settled();
    expect(await Promise.all(emails.map(async (email) => (await mailsTo(harness, email)).length))).toEqual([1, 1, 1]);
  });

  it('returns the same response for every kind of invalid token', async () => {
    const [used, revoked, expired, resent, deleted] = [
      await sendInvite(),
      await sendInvite(),
      await sendInvite(),
      await sendInvite(),
      await sendInvite(),
    ];
    await accept(used.token);
    await director.delete(`/v1/invites/${revoked.id}`);
    await sql(`UPDATE invites SET expires_at = now() - interval '1 second' WHERE id = $1`, [expired.id]);
    const expiredToken = await tokenFor(expired.id);
    await director.post(`/v1/invites/${resent.id}/resend`);
    await sql('DELETE FROM invites WHERE id = $1', [deleted.id]);
    const answers = await Promise.all(
      [used.token, revoked.token, expiredToken, resent.token, deleted.token, `${used.token}x`, 'x'].map((token) =>
        accept(token, 'Other-Otter-42'),
      ),
    );
    const comparable = answers.map(({ status, body: { requestId: _id, ...rest }, headers }) => ({
      status,
      rest,
      cookies: headers.getSetCookie(),
    }));
    expect(new Set(comparable.map((answer) => JSON.stringify(answer)))).toEqual(
      new Set([
        JSON.stringify({
          status: 404,
          rest: {
            type: 'urn:vouchsafe:problem:invite_invalid',
            title: 'The invite is invalid or has expired',
            status: 404,
            code: 'invite_invalid',
          },
          cookies: [],
        }),
      ]),
    );
    await harness.settled();
  });

  it('limits the rate of acceptance attempts', async () => {
    const client = harness.client();
    let status = 0;
    for (let attempts = 0; attempts < 120 && status !== 429; attempts += 1)
      ({ status } = await client.post('/v1/invites/accept', { token: newId(), password: 'short' }));
    expect(status).toBe(429);
  });
});
