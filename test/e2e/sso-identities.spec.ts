import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { IdentitiesService, IdentityMoves } from '../../src/modules/auth/sso/index.js';
import { RawSql, sessionSecret } from '../contract/raw-sql.js';
import { Harness } from '../harness/app.js';
import type { Client } from '../harness/client.js';
import { codeOf, headlinesTo, newSubject } from '../harness/linking.js';
import { connectOidc, signInByOidc } from '../harness/oidc.js';
import { OidcIdp } from '../harness/oidc-idp.js';

let harness: Harness;
let idp: OidcIdp;
let org: string;
let director: Client;
let directorEmail: string;
let old: string;
/** The mail domain of the organization, which it can verify. */
let domain: string;

const superuser = <R extends Record<string, any>>(text: string, values: unknown[] = []) =>
  harness.database.superuser<R>(text, values);

/** What the provider says about a user. */
interface Said {
  sub: string;
  email?: string;
  name?: string;
  groups?: string[];
}

beforeAll(async () => {
  [harness, idp] = await Promise.all([Harness.start(), OidcIdp.start()]);
});
afterAll(() => Promise.all([harness.stop(), idp.stop()]));
beforeEach(async () => {
  org = await harness.make.organization('gme');
  ({ email: directorEmail } = await harness.make.member(org, 'program_director'));
  director = await harness.signIn(directorEmail);
  old = await connect(org);
  domain = `${org}.example`;
});

const ROLES = [
  { group: 'directors', role: 'program_director' },
  { group: 'mentors', role: 'mentor' },
  { group: 'trainees', role: 'trainee' },
];
const connect = (at: string) => connectOidc(harness, at, idp.issuer, { groupRoles: ROLES });
const verifyDomain = () =>
  superuser(
    `INSERT INTO sso_domains (org_id, id, domain, token, verified_at)
       VALUES ($1, gen_random_uuid(), $2, 'shown-by-a-dns-record', now())`,
    [org, domain],
  );

/** Signs in through a connection. Returns the browser and the response of the callback. */
async function arrive(connection: string, { sub, groups = ['mentors'], ...rest }: Said, client = harness.client()) {
  const claims = {
    name: `Name of ${sub}`,
    email: `${sub}@${domain}`,
    email_verified: true,
    ...rest,
    groups,
    sub,
  };
  return { client, answer: await signInByOidc(idp, client, connection, { claims }) };
}

/** Signs a new user in and returns the browser and the membership. */
async function newcomer(connection: string, said: Said): Promise<{ client: Client; membershipId: string }> {
  const { client, answer } = await arrive(connection, said);
  expect(answer.status).toBe(303);
  return { client, membershipId: await membershipOf(client) };
}
const membershipOf = async (client: Client) => (await client.get('/v1/auth/me')).body.membershipId as string;
const identitiesOf = async (id: string, by = director) => (await by.get(`/v1/memberships/${id}/identities`)).body.items;

describe('the identities of a member', () => {
  it('are visible to administrators and to the member, and not to other members or organizations', async () => {
    const { client, membershipId } = await newcomer(old, { sub: newSubject() });
    const [identity] = await identitiesOf(membershipId);
    expect(identity).toMatchObject({ connectionId: old, connection: 'Test', protocol: 'oidc', differs: false });
    expect((await client.get('/v1/auth/identities')).body.items).toEqual([identity]);
    const other = await newcomer(old, { sub: newSubject() });
    expect((await other.client.get(`/v1/memberships/${membershipId}/identities`)).status).toBe(403);
    const foreign = await harness.make.organization('gme');
    const stranger = await harness.signIn((await harness.make.member(foreign, 'program_director')).email);
    expect((await stranger.get(`/v1/memberships/${membershipId}/identities`)).status).toBe(404);
  });

  it('are removed with the sessions that they opened, and only within the organization', async () => {
    const email = `${newSubject()}@test.example`;
    const member = await harness.make.member(org, 'mentor', { email });
    const local = await harness.signIn(email);
    const client = harness.client();
    await signInByOidc(idp, client, old, { claims: { sub: 's', email, email_verified: true, groups: ['mentors'] } });
    await client.post('/v1/auth/sso-link/proof', { password: 'Synthetic-Test-1' });
    expect((await client.post('/v1/auth/sso-link/confirm')).status).toBe(200);
    const [{ id }] = await identitiesOf(member.membershipId);
    const path = `/v1/memberships/${member.membershipId}/identities/${id}`;
    const foreign = await harness.make.organization('gme');
    const stranger = await harness.signIn((await harness.make.member(foreign, 'program_director')).email);
    expect((await stranger.delete(path)).status).toBe(404);
    expect((await local.delete(path)).status).toBe(403);
    expect((await client.get('/v1/auth/me')).status).toBe(200);
    expect((await director.delete(path)).status).toBe(204);
    expect([(await client.get('/v1/auth/me')).status, (await local.get('/v1/auth/me')).status]).toEqual([401, 200]);
    expect((await director.delete(path)).status).toBe(404);
  });

  it('keep the last one unless the caller confirms that the member is locked out', async () => {
    const { membershipId } = await newcomer(old, { sub: newSubject() });
    const [{ id }] = await identitiesOf(membershipId);
    const path = `/v1/memberships/${membershipId}/identities/${id}`;
    expect(codeOf(await director.delete(path))).toEqual([409, 'last_sign_in_method']);
    expect(await identitiesOf(membershipId)).toHaveLength(1);
    expect((await director.delete(`${path}?allowLockout=true`)).status).toBe(204);
  });

  it('end the sessions even if SQL removes them', async () => {
    const { client, membershipId } = await newcomer(old, { sub: newSubject() });
    const raw = await RawSql.open(harness.env['DATABASE_URL']!);
    await raw.enter(sessionSecret(director));
    await raw.outcome('DELETE FROM sso_identities WHERE membership_id = $1', [membershipId]);
    await raw.client.query('COMMIT');
    await raw.end();
    expect((await client.get('/v1/auth/me')).status).toBe(401);
  });
});

describe('a name or address that changes at the provider', () => {
  it('is followed for a user whom only this organization knows', async () => {
    const sub = newSubject();
    const { client, membershipId } = await newcomer(old, { sub });
    await arrive(old, { sub, name: 'Married Name', email: `${sub}@new.example` }, client);
    expect((await client.get('/v1/auth/me')).body.user).toMatchObject({
      name: 'Married Name',
      email: `${sub}@new.example`,
    });
    expect(await identitiesOf(membershipId)).toMatchObject([{ differs: false, providerName: 'Married Name' }]);
    const followed = await superuser(`SELECT 1 FROM audit_events WHERE org_id = $1 AND type = 'sso.profile_followed'`, [
      org,
    ]);
    expect(followed).toHaveLength(1);
  });

  it('is shown as a difference for an account that its owner or another organization knows', async () => {
    const [email, sub] = [`${newSubject()}@test.example`, newSubject()];
    const member = await harness.make.member(org, 'mentor', { email });
    const { client } = await arrive(old, { sub, email });
    await client.post('/v1/auth/sso-link/proof', { password: 'Synthetic-Test-1' });
    await client.post('/v1/auth/sso-link/confirm');
    await arrive(old, { sub, name: 'Other Name', email: `${sub}@new.example` });
    expect(await identitiesOf(member.membershipId)).toMatchObject([
      { differs: true, providerName: 'Other Name', providerEmail: `${sub}@new.example` },
    ]);
    expect(await superuser('SELECT email FROM users WHERE id = $1', [member.userId])).toEqual([{ email }]);
  });

  it('never becomes the address of another member, so that no user takes the place of an administrator', async () => {
    const [first, second] = [newSubject(), newSubject()];
    await newcomer(old, { sub: first });
    const { client } = await newcomer(old, { sub: second });
    for (const email of [`${first}@${domain}`, directorEmail]) {
      await arrive(old, { sub: second, email }, client);
      expect((await client.get('/v1/auth/me')).body.user.email).toBe(`${second}@${domain}`);
    }
  });
});

describe('a member who was added here and never signed in', () => {
  it('is claimed by a connection, and once only', async () => {
    const email = `${newSubject()}@test.example`;
    const { body } = await director.post('/v1/memberships', { email, name: 'Synthetic', role: 'trainee' });
    const { client, answer } = await arrive(old, { sub: newSubject(), email });
    expect([answer.status, await membershipOf(client)]).toEqual([303, body.id]);
    expect(codeOf((await arrive(old, { sub: newSubject(), email })).answer)).toEqual([403, 'sso_failed']);
  });

  it('is claimed by a directory, which keeps the membership', async () => {
    const email = `${newSubject()}@test.example`;
    const { body } = await director.post('/v1/memberships', { email, name: 'Synthetic', role: 'trainee' });
    const { token } = (await director.post(`/v1/sso/connections/${old}/scim-tokens`, { expiresInDays: 30 })).body;
    const created = await harness
      .client()
      .post(
        '/scim/v2/Users',
        { schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'], userName: email, displayName: 'From Directory' },
        { headers: { authorization: `Bearer ${token}` } },
      );
    expect([created.status, created.body.id]).toEqual([201, body.id]);
  });
});

describe('a provider that replaces another', () => {
  let next: string;
  const path = () => `/v1/sso/connections/${next}/identity-move`;
  const request = (more: object = {}) => ({ fromConnectionId: old, matchBy: 'email', ...more });
  const move = (more: object = {}) => director.post(path(), request({ days: 30, ...more }));

  beforeEach(async () => {
    next = await connect(org);
    await verifyDomain();
  });

  /** A member who signed in through the old provider before the domain was verified. */
  async function earlier(said: Said) {
    await superuser('UPDATE sso_domains SET verified_at = NULL WHERE org_id = $1', [org]);
    const found = await newcomer(old, said);
    await superuser('UPDATE sso_domains SET verified_at = now() WHERE org_id = $1', [org]);
    return found;
  }

  it('gets the members of the old provider after a preview and a run, and they keep their accounts', async () => {
    const sub = newSubject();
    const email = `${sub}@${domain}`;
    const { membershipId } = await earlier({ sub });
    expect(codeOf((await arrive(next, { sub: `new-${sub}`, email })).answer)).toEqual([403, 'sso_failed']);
    expect((await director.post(`${path()}/preview`, request())).body).toMatchObject({
      counts: { moves: 1, higher_role: 0 },
      members: [{ membershipId, role: 'mentor', newRole: 'mentor', result: 'moves' }],
    });
    expect((await move()).body).toMatchObject({ waiting: 1, matchBy: 'email', allowLowerRole: false });
    const { client, answer } = await arrive(next, { sub: `new-${sub}`, email });
    expect([answer.status, await membershipOf(client)]).toEqual([303, membershipId]);
    expect((await director.get(path())).body.waiting).toBe(0);
    expect((await director.delete(`/v1/sso/connections/${old}`)).status).toBe(204);
    expect((await arrive(next, { sub: `new-${sub}`, email })).answer.status).toBe(303);
    await harness.settled();
    expect(await headlinesTo(harness, directorEmail)).toEqual([
      'Single sign-on "Test" takes over the members of another connection.',
    ]);
  });

  it('gets them from an operator too, who can list and remove identities', async () => {
    const sub = newSubject();
    const { membershipId } = await earlier({ sub });
    const { app } = harness.operator;
    const by = <T>(work: () => Promise<T>) => harness.operator.within(org, work);
    const body = { fromConnectionId: old, matchBy: 'email' as const };
    const preview = await by(() => app.get(IdentityMoves).preview(next, body));
    expect(preview.counts).toMatchObject({ moves: 1 });
    expect(await by(() => app.get(IdentityMoves).move(next, { ...body, days: 30 }))).toMatchObject({ waiting: 1 });
    expect((await arrive(next, { sub: `new-${sub}`, email: `${sub}@${domain}` })).answer.status).toBe(303);
    const { items } = await by(() => app.get(IdentitiesService).list(membershipId));
    expect(items.map(({ connectionId }) => connectionId)).toEqual([old, next]);
    await by(() => app.get(IdentitiesService).remove(membershipId, items[0]!.id, false));
    expect(await identitiesOf(membershipId)).toHaveLength(1);
  });

  it('gets each member once: another subject with the same address is rejected', async () => {
    const sub = newSubject();
    await earlier({ sub });
    await move();
    const email = `${sub}@${domain}`;
    expect((await arrive(next, { sub: `first-${sub}`, email })).answer.status).toBe(303);
    expect(codeOf((await arrive(next, { sub: `second-${sub}`, email })).answer)).toEqual([403, 'sso_failed']);
  });

  it('never gives a higher role by a move', async () => {
    const sub = newSubject();
    await earlier({ sub, groups: ['trainees'] });
    await move({ allowLowerRole: true });
    const email = `${sub}@${domain}`;
    for (const groups of [['mentors'], ['directors']])
      expect(codeOf((await arrive(next, { sub: `new-${sub}`, email, groups })).answer)).toEqual([403, 'sso_failed']);
    expect((await director.get(path())).body.waiting).toBe(1);
    expect((await arrive(next, { sub: `new-${sub}`, email, groups: ['trainees'] })).answer.status).toBe(303);
  });

  it('gets the account of an administrator for a lower role only if this is allowed', async () => {
    const sub = newSubject();
    await earlier({ sub, groups: ['directors'] });
    const said = { sub: `new-${sub}`, email: `${sub}@${domain}` };
    await superuser(
      `UPDATE sso_connections SET group_roles = '[{"group": "directors", "role": "mentor"}]'
      WHERE id = $1`,
      [next],
    );
    expect((await director.post(`${path()}/preview`, request())).body.counts).toMatchObject({
      lower_role: 1,
      moves: 0,
    });
    await move();
    expect(codeOf((await arrive(next, { ...said, groups: ['directors'] })).answer)).toEqual([403, 'sso_failed']);
    await move({ allowLowerRole: true });
    expect((await arrive(next, { ...said, groups: ['directors'] })).answer.status).toBe(303);
  });

  it('shows who would get a higher role, no role, or cannot be moved', async () => {
    const subs = [newSubject(), newSubject(), newSubject(), newSubject()];
    await earlier({ sub: subs[0]!, groups: ['trainees'] });
    await earlier({ sub: subs[1]!, groups: ['mentors'] });
    await earlier({ sub: subs[2]!, groups: ['directors'], email: `${subs[2]}@other.example` });
    const ended = await earlier({ sub: subs[3]!, groups: ['trainees'] });
    await superuser(`UPDATE memberships SET status = 'ended', ended_at = now() WHERE id = $1`, [ended.membershipId]);
    await superuser(
      `UPDATE sso_connections SET group_roles = '[{"group": "trainees", "role": "program_director"}]'
      WHERE id = $1`,
      [next],
    );
    const { counts, members } = (await director.post(`${path()}/preview`, request())).body;
    expect(counts).toEqual({
      moves: 0,
      lower_role: 0,
      higher_role: 1,
      no_role: 1,
      not_active: 1,
      already_linked: 0,
      email_not_confirmed: 1,
      ambiguous: 0,
    });
    expect(members).toHaveLength(4);
  });

  it('matches the same subject of the same provider with any address', async () => {
    const sub = newSubject();
    const { membershipId } = await earlier({ sub });
    await move({ matchBy: 'subject' });
    const { client, answer } = await arrive(next, { sub, email: `${sub}@elsewhere.example` });
    expect([answer.status, await membershipOf(client)]).toEqual([303, membershipId]);
  });

  it('does not match an address whose domain is not verified, or that two members have', async () => {
    const [open, twice] = [newSubject(), newSubject()];
    await earlier({ sub: open, email: `${open}@other.example` });
    await earlier({ sub: twice });
    await harness.make.member(org, 'mentor', { email: `${twice}@${domain}` });
    expect((await director.post(`${path()}/preview`, request())).body.counts).toMatchObject({
      email_not_confirmed: 1,
      ambiguous: 1,
      moves: 0,
    });
    expect((await move()).body.waiting).toBe(0);
  });

  it('stops when the move expires, is cancelled, or the domain is no longer verified', async () => {
    const sub = newSubject();
    const said = { sub: `new-${sub}`, email: `${sub}@${domain}` };
    await earlier({ sub });
    const rejected = async () => expect((await arrive(next, said)).answer.status).toBe(403);
    await move();
    await superuser(`UPDATE sso_moves SET expires_at = now() WHERE org_id = $1`, [org]);
    await rejected();
    await move();
    expect((await director.delete(path())).status).toBe(204);
    expect((await director.delete(path())).status).toBe(404);
    await rejected();
    await move();
    await superuser('UPDATE sso_domains SET verified_at = NULL WHERE org_id = $1', [org]);
    await rejected();
  });

  it('cannot be a connection of another organization, in either direction', async () => {
    await earlier({ sub: newSubject() });
    const foreign = await harness.make.organization('gme');
    const theirs = await connect(foreign);
    const stranger = await harness.signIn((await harness.make.member(foreign, 'program_director')).email);
    const body = { days: 30, matchBy: 'email' };
    const answers = [
      await stranger.post(`/v1/sso/connections/${theirs}/identity-move`, { ...body, fromConnectionId: old }),
      await stranger.post(path(), { ...body, fromConnectionId: theirs }),
      await director.post(path(), { ...body, fromConnectionId: theirs }),
      await director.post(`/v1/sso/connections/${theirs}/identity-move`, { ...body, fromConnectionId: old }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([404, 404, 404, 404]);
    expect(codeOf(await director.post(path(), { ...body, fromConnectionId: next }))).toEqual([400, 'invalid_request']);
  });

  it('needs every permission of the owner role, by SQL too', async () => {
    await superuser(
      `INSERT INTO role_overrides (org_id, role, permission, scope) SELECT $1, 'mentor', key, 'org'
         FROM permissions WHERE key IN ('sso:read', 'sso:update')`,
      [org],
    );
    const helper = await harness.signIn((await harness.make.member(org, 'mentor')).email);
    await earlier({ sub: newSubject() });
    expect(codeOf(await helper.post(path(), request({ days: 30 })))).toEqual([403, 'insufficient_privileges_to_grant']);
    const raw = await RawSql.open(harness.env['DATABASE_URL']!);
    await raw.enter(sessionSecret(helper));
    const called = await raw.attempt(`SELECT app.move_identities($1, $2, 'email', true, 30, 'r')`, [old, next]);
    const inserted = await raw.attempt(
      `INSERT INTO sso_moves (org_id, connection_id, membership_id, match_by, match_key, allow_lower_role, expires_at)
         SELECT org_id, $1, id, 'subject', 'chosen', true, now() FROM memberships`,
      [next],
    );
    expect([called.code, inserted.code]).toEqual(['42501', '42501']);
    await raw.rollback();
    const theirs = await connect(await harness.make.organization('gme'));
    await raw.enter(sessionSecret(director));
    for (const [from, to] of [
      [theirs, next],
      [old, theirs],
    ])
      expect((await raw.attempt(`SELECT app.move_identities($1, $2, 'email', true, 30, 'r')`, [from, to])).code).toBe(
        'VS409',
      );
    await raw.end();
  });
});
