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
const newAddress = () => `invited${(count += 1)}@test.example`;
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

interface Invited {
  id: string;
  email: string;
  token: string;
}

/** Invites and reads the token from the mail. */
async function invited({
  email = newAddress(),
  role = 'trainee',
  by = director,
  ...more
}: { email?: string; role?: string; by?: Client; personId?: string } = {}): Promise<Invited> {
  const { status, body, text } = await by.post('/v1/invites', { email, name: 'Synthetic Invitee', role, ...more });
  if (status !== 201) throw new Error(`the invite was refused: ${text}`);
  return { id: body.id as string, email, token: await inviteToken(harness, email) };
}

/** A token for a row as it stands, signed as the worker signs, whose digest the row is given. */
async function tokenFor(id: string, changes: Partial<InviteClaims> = {}): Promise<string> {
  const [row] = await sql<InviteClaims>(
    'SELECT id, org_id AS "orgId", email, role, expires_at AS "expiresAt" FROM invites WHERE id = $1',
    [id],
  );
  const token = signInvite(inviteKey(harness.env.JWT_SECRET!), { ...row!, ...changes });
  await sql('UPDATE invites SET token_hash = $2 WHERE id = $1', [id, sha256(token)]);
  return token;
}

/** What the entrance says to a token, in a transaction of one's own. */
function enterBy(raw: RawSql, token: string): Promise<Outcome> {
  const { orgId, id, email, role, expiresAt } = readInvite(inviteKey(harness.env.JWT_SECRET!), token)!;
  return raw.outcome(
    `SELECT state FROM app.accept_invite($1, $2, $3, $4, $5, $6, $7, $8, gen_random_uuid(), gen_random_uuid(),
       ${bareVisit('sha256($9)')})`,
    [orgId, id, token, email, role, expiresAt, Buffer.alloc(16), Buffer.alloc(32), newId()],
  );
}

const isInvalid = ({ status, body }: { status: number; body: any }) =>
  expect([status, body.code]).toEqual([404, 'invite_invalid']);

describe('somebody who is invited', () => {
  it('gets a mail, chooses a password, and is signed in with the role and the record of the invite', async () => {
    const personId = await harness.make.person(org);
    const { id, email, token } = await invited({ personId });
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
    const [seen] = (await director.get('/v1/invites')).body.items;
    expect(seen).toMatchObject({
      id,
      status: 'accepted',
      membershipId: me.membershipId,
      invitedBy: directorMember.membershipId,
      sentAt: expect.any(String),
    });
    expect(JSON.stringify(seen)).not.toMatch(/token|hash/i);
  });

  it('cannot choose a weak password, and may try again', async () => {
    const { token } = await invited();
    const { status, body } = await accept(token, 'short');
    expect([status, body.code]).toEqual([400, 'weak_password']);
    expect((await accept(token)).status).toBe(200);
  });

  it('becomes a member once, however often and however much at once the token comes', async () => {
    const { email, token } = await invited();
    const answers = await Promise.all(Array.from({ length: 8 }, () => accept(token)));
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
      200,
      ...Array.from({ length: 7 }, () => 404),
    ]);
    isInvalid(await accept(token));
    expect((await membershipsOf(email)).length).toBe(1);
    expect(await lastEvent('invite.acceptance_failed')).toMatchObject({
      outcome: 'failure',
      meta: { reason: 'used' },
      actor_type: 'anonymous',
    });
  });

  it('who comes twice at the same moment waits for themself, and then comes too late', async () => {
    const { token } = await invited();
    const [one, two] = [await RawSql.open(harness.env.DATABASE_URL!), await RawSql.open(harness.env.DATABASE_URL!)];
    await Promise.all([one.client.query('BEGIN'), two.client.query('BEGIN')]);
    expect((await enterBy(one, token)).rows).toEqual([{ state: 'accepted' }]);
    const late = enterBy(two, token);
    await until(
      'the second waits for the first',
      async () =>
        (await sql(`SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%accept_invite%'`))
          .length === 1,
    );
    await one.client.query('COMMIT');
    expect((await late).rows).toEqual([{ state: 'used' }]);
    await Promise.all([one.end(), two.end()]);
  });

  it('joins two organizations that invite at once by one new account: the second asks to sign in', async () => {
    const email = newAddress();
    const [here, there] = [await invited({ email }), await invited({ email, role: 'member', by: otherDirector })];
    const answers = await Promise.all([accept(here.token), accept(there.token)]);
    expect(
      answers.map(({ status, body }) => String(body.code ?? status)).toSorted((a, b) => a.localeCompare(b)),
    ).toEqual(['200', 'sign_in_to_accept']);
    expect((await sql('SELECT 1 FROM users WHERE email = $1', [email])).length).toBe(1);
  });
});

describe('somebody who has an account', () => {
  it('is told to sign in, by the token alone, and then becomes a member in the session they have', async () => {
    const guest = await harness.make.member(other, 'member');
    // more than the session's own organization gives them
    const { id, token } = await invited({ email: guest.email, role: 'program_director' });
    const refused = await accept(token);
    expect([refused.status, refused.body.code]).toEqual([409, 'sign_in_to_accept']);
    const client = await harness.signIn(guest.email);
    const { status, body } = await client.post('/v1/auth/invites/accept', { token });
    expect([status, body.organizationId]).toEqual([200, org]);
    expect((await membershipsOf(guest.email))[0]).toMatchObject({
      id: body.membershipId,
      role: 'program_director',
      status: 'active',
    });
    expect((await client.get('/v1/auth/me')).body).toMatchObject({ organization: { id: other }, role: 'member' });
    expect(await lastEvent('invite.accepted')).toMatchObject({ target_id: id, actor_id: guest.userId });
    isInvalid(await client.post('/v1/auth/invites/accept', { token }));
    await expect(harness.signIn(guest.email)).resolves.toBeDefined(); // the password is still their own
  });

  it('leaves no trace of the other organization in either log', async () => {
    const guest = await harness.make.member(other, 'member');
    const { token } = await invited({ email: guest.email, role: 'mentor' });
    const before = (await sql('SELECT 1 FROM audit_events WHERE org_id = $1', [org])).length;
    await accept(token);
    expect((await sql('SELECT 1 FROM audit_events WHERE org_id = $1', [org])).length).toBe(before);
    const client = await harness.signIn(guest.email);
    const { headers } = await client.post('/v1/auth/invites/accept', { token });
    const logs = await sql<{ org_id: string }>('SELECT org_id FROM audit_events WHERE request_id = $1', [
      headers.get('x-request-id'),
    ]);
    expect(logs.map(({ org_id: log }) => log)).toEqual([org]);
  });

  it('cannot take what was sent to another address, and their organization alone learns who tried', async () => {
    const thief = await harness.make.member(other, 'member');
    const { id, email, token } = await invited();
    const client = await harness.signIn(thief.email);
    isInvalid(await client.post('/v1/auth/invites/accept', { token }));
    expect([await membershipsOf(thief.email), await membershipsOf(email)]).toEqual([[], []]);
    expect(await lastEvent('invite.acceptance_failed')).toMatchObject({
      target_id: id,
      meta: { reason: 'not_addressee' },
      actor_type: 'anonymous',
      actor_id: null,
    });
    expect(await lastEvent('access.denied', other)).toMatchObject({
      actor_id: thief.userId,
      meta: { reason: 'invite_invalid' },
    });
    expect((await accept(token)).status).toBe(200);
  });

  it('and is a member already stays what they are', async () => {
    const member = await harness.make.member(org, 'trainee');
    const { token } = await invited({ email: member.email, role: 'program_director' });
    const client = await harness.signIn(member.email);
    const { status, body } = await client.post('/v1/auth/invites/accept', { token });
    expect([status, body.code]).toEqual([409, 'membership_exists']);
    expect((await membershipsOf(member.email))[0]).toMatchObject({ role: 'trainee' });
  });

  it('comes back to an ended membership with the invited role, and with nothing of what was held before', async () => {
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
    const { token } = await invited({ email: member.email, role: 'mentor' });
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

describe('an address', () => {
  it('gets the same answer with an account, without one, and as a member', async () => {
    const addresses = [
      newAddress(),
      (await harness.make.member(other, 'member')).email,
      (await harness.make.member(org, 'trainee')).email,
    ];
    const answers = await Promise.all(
      addresses.map((email) => director.post('/v1/invites', { email, name: 'Synthetic Invitee', role: 'trainee' })),
    );
    const bare = answers.map(
      ({ status, body: { id: _id, email: _email, createdAt: _created, expiresAt: _expires, ...rest } }) => ({
        status,
        rest,
      }),
    );
    expect(bare).toEqual([bare[0], bare[0], bare[0]]);
    await harness.settled();
    expect(await Promise.all(addresses.map(async (email) => (await mailsTo(harness, email)).length))).toEqual([
      1, 1, 1,
    ]);
  });

  it('tells by tokens that open nothing only that they open nothing', async () => {
    const [used, revoked, expired, resent, gone] = [
      await invited(),
      await invited(),
      await invited(),
      await invited(),
      await invited(),
    ];
    await accept(used.token);
    await director.delete(`/v1/invites/${revoked.id}`);
    await sql(`UPDATE invites SET expires_at = now() - interval '1 second' WHERE id = $1`, [expired.id]);
    const late = await tokenFor(expired.id);
    await director.post(`/v1/invites/${resent.id}/resend`);
    await sql('DELETE FROM invites WHERE id = $1', [gone.id]);
    const answers = await Promise.all(
      [used.token, revoked.token, late, resent.token, gone.token, `${used.token}x`, 'x'].map((token) => accept(token)),
    );
    const bare = answers.map(({ status, body: { requestId: _id, ...rest }, headers }) => ({
      status,
      rest,
      cookies: headers.getSetCookie(),
    }));
    expect(new Set(bare.map((answer) => JSON.stringify(answer)))).toEqual(
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

  it('may not be tried without end', async () => {
    const client = harness.client();
    let status = 0;
    for (let tries = 0; tries < 120 && status !== 429; tries += 1)
      ({ status } = await client.post('/v1/invites/accept', { token: newId(), password: 'short' }));
    expect(status).toBe(429);
  });
});
