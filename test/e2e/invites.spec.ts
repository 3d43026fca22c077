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

const isInvalid = ({ status, body }: { status: number; body: any }) =>
  expect([status, body.code]).toEqual([404, 'invite_invalid']);

describe('a token', () => {
  it('altered at any place is refused before the database is asked', async () => {
    const { token } = await invited();
    const before = (await eventsOf('invite.acceptance_failed')).length;
    for (const at of [
      0,
      5,
      Math.floor(token.length / 2),
      token.indexOf('.') - 1,
      token.indexOf('.') + 1,
      token.length - 1,
    ]) {
      isInvalid(await accept(token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1)));
    }
    isInvalid(await accept(`${token}.x`));
    isInvalid(await accept('x'));
    expect((await eventsOf('invite.acceptance_failed')).length).toBe(before);
    expect((await accept(token)).status).toBe(200);
  });

  it('signed by a stolen key opens nothing, because it was never sent', async () => {
    const { id, email } = await invited();
    const [row] = await sql<InviteClaims>(
      'SELECT id, org_id AS "orgId", email, role, expires_at AS "expiresAt" FROM invites WHERE id = $1',
      [id],
    );
    isInvalid(await accept(signInvite(inviteKey(harness.env.JWT_SECRET!), row!)));
    expect(await membershipsOf(email)).toEqual([]);
  });

  it.each(['email', 'role'])(
    'is bound to the %s it was sent for: a row changed afterwards leaves it worthless',
    async (column) => {
      const { id, email, token } = await invited();
      await sql(`UPDATE invites SET ${column} = $2 WHERE id = $1`, [
        id,
        column === 'role' ? 'program_director' : 'thief@test.example',
      ]);
      isInvalid(await accept(token));
      expect([await membershipsOf(email), await membershipsOf('thief@test.example')]).toEqual([[], []]);
    },
  );

  it('ends with its week, and one for longer than the row says is none', async () => {
    const { id, email } = await invited();
    await sql(`UPDATE invites SET expires_at = now() - interval '1 second' WHERE id = $1`, [id]);
    isInvalid(await accept(await tokenFor(id)));
    expect(await lastEvent('invite.acceptance_failed')).toMatchObject({ target_id: id, meta: { reason: 'expired' } });
    isInvalid(await accept(await tokenFor(id, { expiresAt: new Date(Date.now() + 86_400_000) })));
    expect(await membershipsOf(email)).toEqual([]);
    expect((await director.get('/v1/invites')).body.items[0]).toMatchObject({ id, status: 'expired' });
  });

  it('lasts seven days', async () => {
    const { body } = await director.post('/v1/invites', {
      email: newAddress(),
      name: 'Synthetic Invitee',
      role: 'trainee',
    });
    expect(Date.parse(body.expiresAt) - Date.parse(body.createdAt)).toBe(7 * 86_400_000);
  });

  it('is dead once the invite is sent again, before the new mail leaves too', async () => {
    const { id, email, token } = await invited();
    const { status, body } = await director.post(`/v1/invites/${id}/resend`);
    expect([status, body.status]).toEqual([200, 'pending']);
    isInvalid(await accept(token));
    const again = await inviteToken(harness, email);
    expect([again === token, (await mailsTo(harness, email)).length]).toEqual([false, 2]);
    // as if the mail had not left yet
    await sql('UPDATE invites SET token_hash = $2 WHERE id = $1', [id, sha256(token)]);
    isInvalid(await accept(token));
    await sql('UPDATE invites SET token_hash = $2 WHERE id = $1', [id, sha256(again)]);
    expect((await accept(again)).status).toBe(200);
    expect(await lastEvent('invite.resent')).toMatchObject({ target_id: id, meta: { role: 'trainee' } });
  });

  it('is dead once the invite is revoked, which happens once', async () => {
    const { id, token } = await invited();
    expect((await director.delete(`/v1/invites/${id}`)).body).toMatchObject({ id, status: 'revoked' });
    isInvalid(await accept(token));
    expect(await lastEvent('invite.acceptance_failed')).toMatchObject({ target_id: id, meta: { reason: 'revoked' } });
    for (const { status, body } of [
      await director.delete(`/v1/invites/${id}`),
      await director.post(`/v1/invites/${id}/resend`),
    ]) {
      expect([status, body.code]).toEqual([409, 'invite_not_pending']);
    }
  });

  it('is void while the organization is suspended', async () => {
    const { token } = await invited();
    await sql(`UPDATE organizations SET status = 'suspended' WHERE id = $1`, [org]);
    isInvalid(await accept(token));
    await sql(`UPDATE organizations SET status = 'active' WHERE id = $1`, [org]);
    expect((await accept(token)).status).toBe(200);
  });

  it('is void once the role is gone', async () => {
    await director.post('/v1/roles', { key: 'guest_reader', name: 'Guest', copyOf: 'trainee' });
    const { id, token } = await invited({ role: 'guest_reader' });
    await director.delete('/v1/roles/guest_reader');
    isInvalid(await accept(token));
    expect(await lastEvent('invite.acceptance_failed')).toMatchObject({ target_id: id, meta: { reason: 'role_gone' } });
  });

  it('is void, and none is sent, where the organization enforces single sign-on', async () => {
    const { token } = await invited();
    await sql('UPDATE organizations SET require_sso = true WHERE id = $1', [org]);
    isInvalid(await accept(token));
    await sql('UPDATE organizations SET require_sso = true WHERE id = $1', [other]);
    // as whoever invites there has signed in
    await sql(`UPDATE sessions SET method = 'saml' WHERE org_id = $1`, [other]);
    expect(
      (await otherDirector.post('/v1/invites', { email: newAddress(), name: 'Synthetic Invitee', role: 'member' })).body
        .code,
    ).toBe('invites_disabled');
    await sql('UPDATE organizations SET require_sso = false');
    await sql(`UPDATE organizations SET allowed_sign_in = '{saml}' WHERE id = $1`, [org]);
    isInvalid(await accept(token));
    await sql(`UPDATE organizations SET allowed_sign_in = '{password,saml}' WHERE id = $1`, [org]);
    expect((await accept(token)).status).toBe(200);
  });
});

describe('the inviter', () => {
  it('gives no role that does not exist, nor one beyond their own', async () => {
    const admin = await harness.make.member(other, 'admin');
    const client = await harness.signIn(admin.email);
    await sql(
      `INSERT INTO member_overrides (org_id, membership_id, permission, scope) VALUES ($1, $2, 'audit:read', 'none')`,
      [other, admin.membershipId],
    );
    const invite = (role: string) =>
      client.post('/v1/invites', { email: newAddress(), name: 'Synthetic Invitee', role });
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

  it('who could no longer give the role, or has left, makes the invite void until another sends it', async () => {
    const second = await harness.make.member(org, 'program_director');
    const by = await harness.signIn(second.email);
    const { id, email, token } = await invited({ by, role: 'program_director' });
    const narrowed = await invited({ by });
    await sql(
      `INSERT INTO member_overrides (org_id, membership_id, permission, scope)
         VALUES ($1, $2, 'person:read', 'assigned')`,
      [org, second.membershipId],
    );
    isInvalid(await accept(token));
    expect(await lastEvent('invite.acceptance_failed')).toMatchObject({
      target_id: id,
      meta: { reason: 'inviter_unable' },
    });
    await director.patch(`/v1/memberships/${second.membershipId}`, { role: 'mentor' });
    isInvalid(await accept(narrowed.token));
    await director.delete(`/v1/memberships/${second.membershipId}`);
    isInvalid(await accept(narrowed.token));
    const leaver = await harness.make.member(org, 'program_director');
    const left = await invited({ by: await harness.signIn(leaver.email) });
    await director.delete(`/v1/memberships/${leaver.membershipId}`);
    isInvalid(await accept(left.token));
    expect((await director.post(`/v1/invites/${id}/resend`)).body.invitedBy).toBe(directorMember.membershipId);
    expect((await accept(await inviteToken(harness, email))).status).toBe(200);
  });

  it("fills nobody's mailbox", async () => {
    const { id } = await invited();
    let status = 0;
    for (let tries = 0; tries < 12 && status !== 429; tries += 1)
      ({ status } = await director.post(`/v1/invites/${id}/resend`));
    expect(status).toBe(429);
    await harness.settled();
  });

  it('of another organization sees, sends and revokes none of them, and names none of their people', async () => {
    const { id } = await invited();
    const personId = await harness.make.person(org);
    expect((await otherDirector.get('/v1/invites?limit=200')).body.items.map((item: Invited) => item.id)).not.toContain(
      id,
    );
    for (const answer of [
      await otherDirector.post(`/v1/invites/${id}/resend`),
      await otherDirector.delete(`/v1/invites/${id}`),
      await otherDirector.post('/v1/invites', {
        email: newAddress(),
        name: 'Synthetic Invitee',
        role: 'member',
        personId,
      }),
    ])
      expect([answer.status, answer.body.code]).toEqual([404, 'not_found']);
  });

  it('writes to no address that is none', async () => {
    for (const email of [
      'a@b.example, c@d.example',
      'A <a@b.example>',
      '"a\nb"@c.example',
      'a@b.example\r\nBcc: c@d.example',
      'nobody',
    ]) {
      expect((await director.post('/v1/invites', { email, name: 'Synthetic Invitee', role: 'trainee' })).status).toBe(
        400,
      );
    }
  });
});
