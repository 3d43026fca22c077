import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { inviteKey, signInvite, type InviteClaims } from '../../src/modules/invites/invite-token.js';
import { sha256 } from '../../src/platform/crypto/index.js';
import { Harness } from '../harness/app.js';
import type { Client } from '../harness/client.js';
import { type Member } from '../harness/factories.js';
import { inviteToken, mailsTo } from '../harness/mail.js';

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

const expectInvalid = ({ status, body }: { status: number; body: any }) =>
  expect([status, body.code]).toEqual([404, 'invite_invalid']);

describe('a token', () => {
  it('with any altered character is rejected without a database query', async () => {
    const { token } = await sendInvite();
    const before = (await eventsOf('invite.acceptance_failed')).length;
    for (const at of [
      0,
      5,
      Math.floor(token.length / 2),
      token.indexOf('.') - 1,
      token.indexOf('.') + 1,
      token.length - 1,
    ]) {
      expectInvalid(await accept(token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1)));
    }
    expectInvalid(await accept(`${token}.x`));
    expectInvalid(await accept('x'));
    expect((await eventsOf('invite.acceptance_failed')).length).toBe(before);
    expect((await accept(token)).status).toBe(200);
  });

  it('signed with a stolen key is rejected because its digest is not stored', async () => {
    const { id, email } = await sendInvite();
    const [row] = await sql<InviteClaims>(
      'SELECT id, org_id AS "orgId", email, role, expires_at AS "expiresAt" FROM invites WHERE id = $1',
      [id],
    );
    expectInvalid(await accept(signInvite(inviteKey(harness.env.JWT_SECRET!), row!)));
    expect(await membershipsOf(email)).toEqual([]);
  });

  it.each(['email', 'role'])(
    'is bound to the %s of the sent invite and is invalid after a change of the row',
    async (column) => {
      const { id, email, token } = await sendInvite();
      await sql(`UPDATE invites SET ${column} = $2 WHERE id = $1`, [
        id,
        column === 'role' ? 'program_director' : 'thief@test.example',
      ]);
      expectInvalid(await accept(token));
      expect([await membershipsOf(email), await membershipsOf('thief@test.example')]).toEqual([[], []]);
    },
  );

  it('expires with its invite, and a token with a later expiry is invalid', async () => {
    const { id, email } = await sendInvite();
    await sql(`UPDATE invites SET expires_at = now() - interval '1 second' WHERE id = $1`, [id]);
    expectInvalid(await accept(await tokenFor(id)));
    expect(await lastEvent('invite.acceptance_failed')).toMatchObject({ target_id: id, meta: { reason: 'expired' } });
    expectInvalid(await accept(await tokenFor(id, { expiresAt: new Date(Date.now() + 86_400_000) })));
    expect(await membershipsOf(email)).toEqual([]);
    expect((await director.get('/v1/invites')).body.items[0]).toMatchObject({ id, status: 'expired' });
  });

  it('is valid for seven days', async () => {
    const { body } = await director.post('/v1/invites', {
      email: newEmail(),
      name: 'Synthetic Invitee',
      role: 'trainee',
    });
    expect(Date.parse(body.expiresAt) - Date.parse(body.createdAt)).toBe(7 * 86_400_000);
  });

  it('is invalid after the invite is resent, even before the new mail leaves', async () => {
    const { id, email, token } = await sendInvite();
    const { status, body } = await director.post(`/v1/invites/${id}/resend`);
    expect([status, body.status]).toEqual([200, 'pending']);
    expectInvalid(await accept(token));
    const again = await inviteToken(harness, email);
    expect([again === token, (await mailsTo(harness, email)).length]).toEqual([false, 2]);
    // Simulates that the new mail has not left yet.
    await sql('UPDATE invites SET token_hash = $2 WHERE id = $1', [id, sha256(token)]);
    expectInvalid(await accept(token));
    await sql('UPDATE invites SET token_hash = $2 WHERE id = $1', [id, sha256(again)]);
    expect((await accept(again)).status).toBe(200);
    expect(await lastEvent('invite.resent')).toMatchObject({ target_id: id, meta: { role: 'trainee' } });
  });

  it('is invalid after the invite is revoked, which succeeds once', async () => {
    const { id, token } = await sendInvite();
    expect((await director.delete(`/v1/invites/${id}`)).body).toMatchObject({ id, status: 'revoked' });
    expectInvalid(await accept(token));
    expect(await lastEvent('invite.acceptance_failed')).toMatchObject({ target_id: id, meta: { reason: 'revoked' } });
    for (const { status, body } of [
      await director.delete(`/v1/invites/${id}`),
      await director.post(`/v1/invites/${id}/resend`),
    ]) {
      expect([status, body.code]).toEqual([409, 'invite_not_pending']);
    }
  });

  it('is invalid while the organization is suspended', async () => {
    const { token } = await sendInvite();
    await sql(`UPDATE organizations SET status = 'suspended' WHERE id = $1`, [org]);
    expectInvalid(await accept(token));
    await sql(`UPDATE organizations SET status = 'active' WHERE id = $1`, [org]);
    expect((await accept(token)).status).toBe(200);
  });

  it('is invalid after the role is deleted', async () => {
    await director.post('/v1/roles', { key: 'guest_reader', name: 'Guest', copyOf: 'trainee' });
    const { id, token } = await sendInvite({ role: 'guest_reader' });
    await director.delete('/v1/roles/guest_reader');
    expectInvalid(await accept(token));
    expect(await lastEvent('invite.acceptance_failed')).toMatchObject({ target_id: id, meta: { reason: 'role_gone' } });
  });

  it('is invalid while the organization enforces SSO, and new invites are disabled', async () => {
    const { token } = await sendInvite();
    await sql('UPDATE organizations SET require_sso = true WHERE id = $1', [org]);
    expectInvalid(await accept(token));
    await sql('UPDATE organizations SET require_sso = true WHERE id = $1', [other]);
    // The inviting owner must have signed in by SSO.
    await sql(`UPDATE sessions SET method = 'saml' WHERE org_id = $1`, [other]);
    expect(
      (await otherDirector.post('/v1/invites', { email: newEmail(), name: 'Synthetic Invitee', role: 'member' })).body
        .code,
    ).toBe('invites_disabled');
    await sql('UPDATE organizations SET require_sso = false');
    await sql(`UPDATE organizations SET allowed_sign_in = '{saml}' WHERE id = $1`, [org]);
    expectInvalid(await accept(token));
    await sql(`UPDATE organizations SET allowed_sign_in = '{password,saml}' WHERE id = $1`, [org]);
    expect((await accept(token)).status).toBe(200);
  });
});

describe('the inviter', () => {
  it('cannot invite to an unknown role or to a role beyond their own permissions', async () => {
    const admin = await harness.make.member(other, 'admin');
    const client = await harness.signIn(admin.email);
    await sql(
      `INSERT INTO member_overrides (org_id, membership_id, permission, scope) VALUES ($1, $2, 'audit:read', 'none')`,
      [other, admin.membershipId],
    );
    const invite = (role: string) => client.post('/v1/invites', { email: newEmail(), name: 'Synthetic Invitee', role });
    for (const [role, expected] of [
      ['trainee', [400, 'unknown_role']],
      ['no_such_role', [400, 'unknown_role']],
      ['owner', [403, 'insufficient_privileges_to_grant']],
      ['member', [201, undefined]],
    ] as const) {
      const { status, body } = await invite(role);
      expect([role, status, body.code]).toEqual([role, ...expected]);
    }
  });

  it('must still be able to grant the role; otherwise the invite is invalid until it is resent', async () => {
    const second = await harness.make.member(org, 'program_director');
    const by = await harness.signIn(second.email);
    const { id, email, token } = await sendInvite({ by, role: 'program_director' });
    const narrowed = await sendInvite({ by });
    await sql(
      `INSERT INTO member_overrides (org_id, membership_id, permission, scope)
         VALUES ($1, $2, 'person:read', 'assigned')`,
      [org, second.membershipId],
    );
    expectInvalid(await accept(token));
    expect(await lastEvent('invite.acceptance_failed')).toMatchObject({
      target_id: id,
      meta: { reason: 'inviter_unable' },
    });
    await director.patch(`/v1/memberships/${second.membershipId}`, { role: 'mentor' });
    expectInvalid(await accept(narrowed.token));
    await director.delete(`/v1/memberships/${second.membershipId}`);
    expectInvalid(await accept(narrowed.token));
    const leaver = await harness.make.member(org, 'program_director');
    const left = await sendInvite({ by: await harness.signIn(leaver.email) });
    await director.delete(`/v1/memberships/${leaver.membershipId}`);
    expectInvalid(await accept(left.token));
    expect((await director.post(`/v1/invites/${id}/resend`)).body.invitedBy).toBe(directorMember.membershipId);
    expect((await accept(await inviteToken(harness, email))).status).toBe(200);
  });

  it('is limited in the rate of resent mails', async () => {
    const { id } = await sendInvite();
    let status = 0;
    for (let attempts = 0; attempts < 12 && status !== 429; attempts += 1)
      ({ status } = await director.post(`/v1/invites/${id}/resend`));
    expect(status).toBe(429);
    await harness.settled();
  });

  it('of another organization cannot see, resend, or revoke invites or name people of this one', async () => {
    const { id } = await sendInvite();
    const personId = await harness.make.person(org);
    expect(
      (await otherDirector.get('/v1/invites?limit=200')).body.items.map((item: SentInvite) => item.id),
    ).not.toContain(id);
    for (const answer of [
      await otherDirector.post(`/v1/invites/${id}/resend`),
      await otherDirector.delete(`/v1/invites/${id}`),
      await otherDirector.post('/v1/invites', {
        email: newEmail(),
        name: 'Synthetic Invitee',
        role: 'member',
        personId,
      }),
    ])
      expect([answer.status, answer.body.code]).toEqual([404, 'not_found']);
  });

  it('cannot invite an invalid e-mail address', async () => {
    for (const email of [
      'a@b.example, c@d.example',
      'A <a@b.example>',
      '"a\nb"@c.example',
      'a@b.example\r\nBcc: c@d.example',
      'no-domain',
    ]) {
      expect((await director.post('/v1/invites', { email, name: 'Synthetic Invitee', role: 'trainee' })).status).toBe(
        400,
      );
    }
  });
});
