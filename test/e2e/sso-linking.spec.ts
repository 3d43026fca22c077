import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Harness } from '../harness/app.js';
import type { Answer, Client } from '../harness/client.js';
import { enrollPasskey, enrollTotp, type CodeApp } from '../harness/factors.js';
import { Factories, type Member } from '../harness/factories.js';
import { claimsOf, codeOf, eventsOf, headlinesTo, linkedSubjects, newSubject } from '../harness/linking.js';
import { connectOidc, departOidc, signInByOidc } from '../harness/oidc.js';
import { OidcIdp } from '../harness/oidc-idp.js';
import { form, HTML, open, redirect } from '../harness/pages.js';

const LINK = '/v1/auth/sso-link';
const PASSWORD = { password: Factories.PASSWORD };

let harness: Harness;
let idp: OidcIdp;
let org: string;
let connection: string;
let member: Member;

beforeAll(async () => {
  [harness, idp] = await Promise.all([Harness.start(), OidcIdp.start()]);
  org = await harness.make.organization('gme');
  await harness.make.member(org, 'program_director');
  connection = await connectOidc(harness, org, idp.issuer);
});
afterAll(() => Promise.all([harness.stop(), idp.stop()]));
beforeEach(async () => {
  await harness.database.superuser('DELETE FROM app_private.sign_in_locks');
  member = await harness.make.member(org, 'mentor');
});

const code = codeOf;
const superuser = <R extends Record<string, any>>(text: string, values: unknown[] = []) =>
  harness.database.superuser<R>(text, values);
const identities = (membershipId: string) => linkedSubjects(harness, membershipId);
const events = (type: string) => eventsOf(harness, org, type);
const headlines = (email: string) => headlinesTo(harness, email);

/** Signs in as the provider's user and returns the browser with the offer of a link. */
async function offered(who: { email: string } = member, sub = newSubject()): Promise<Client> {
  const client = harness.client();
  expect(code(await signInByOidc(idp, client, connection, claimsOf(who, sub)))).toEqual([409, 'sso_account_exists']);
  return client;
}

/** Returns the cookies that a response set, by a pattern of their names. */
const cookiesOf = ({ headers }: Answer, name: RegExp) =>
  headers.getSetCookie().flatMap((cookie) => (name.test(cookie) ? [cookie.split(';')[0]!] : []));

describe('an account that exists', () => {
  it('is linked after its password and a confirmation, and the session is one of the provider', async () => {
    const sub = newSubject();
    const client = await offered(member, sub);
    expect((await client.get(LINK)).body).toMatchObject({
      step: 'password',
      email: member.email,
      role: null,
      name: null,
    });
    expect((await client.post(`${LINK}/proof`, PASSWORD)).body).toMatchObject({
      step: 'confirm',
      role: 'mentor',
      newRole: 'mentor',
    });
    expect(await identities(member.membershipId)).toEqual([]);
    expect((await client.get('/v1/auth/me')).status).toBe(401);
    expect((await client.post(`${LINK}/confirm`)).status).toBe(200);
    expect(await identities(member.membershipId)).toEqual([sub]);
    expect((await client.get('/v1/auth/me')).body).toMatchObject({ user: { email: member.email }, role: 'mentor' });
    const [session] = await superuser('SELECT method, connection_id FROM sessions WHERE user_id = $1', [member.userId]);
    expect(session).toEqual({ method: 'oidc', connection_id: connection });
    expect((await signInByOidc(idp, harness.client(), connection, claimsOf(member, sub))).status).toBe(303);
    expect((await events('sso.identity_linked')).at(-1)).toEqual({
      meta: { connectionId: connection, how: 'proof' },
      target: member.membershipId,
    });
  });

  it('ends the mark of an earlier sign-out, so that the next sign-in is not forced', async () => {
    const client = harness.client();
    const other = await harness.make.member(org, 'mentor');
    await signInByOidc(idp, client, connection, claimsOf({ email: `new-${other.email}` }, newSubject()));
    await client.post('/v1/auth/logout');
    expect(code(await signInByOidc(idp, client, connection, claimsOf(member, newSubject())))[0]).toBe(409);
    await client.post(`${LINK}/proof`, PASSWORD);
    expect(cookiesOf(await client.post(`${LINK}/confirm`), /-signed-out=/)).toEqual([
      expect.stringMatching(/-signed-out=$/),
    ]);
  });

  it('tells both ends by mail: the address of the account and the administrators', async () => {
    const director = await harness.make.member(org, 'program_director');
    const client = await offered();
    await client.post(`${LINK}/proof`, PASSWORD);
    await client.post(`${LINK}/confirm`);
    await harness.settled();
    expect(await headlines(member.email)).toEqual(['Your account is now linked to the single sign-on "Test".']);
    expect(await headlines(director.email)).toEqual(['Example mentor linked an account to single sign-on.']);
  });

  it('is not linked without a confirmation, and not confirmed without a proof', async () => {
    const client = await offered();
    expect(code(await client.post(`${LINK}/confirm`))).toEqual([403, 'sso_link_not_proven']);
    await client.post(`${LINK}/proof`, PASSWORD);
    expect(await identities(member.membershipId)).toEqual([]);
    expect((await client.post(`${LINK}/confirm`)).status).toBe(200);
  });

  it('is linked once: a used offer has no effect', async () => {
    const client = await offered();
    await client.post(`${LINK}/proof`, PASSWORD);
    const copy = client.at(client.baseUrl);
    expect((await client.post(`${LINK}/confirm`)).status).toBe(200);
    for (const answer of [await copy.post(`${LINK}/confirm`), await copy.post(`${LINK}/proof`, PASSWORD)])
      expect(code(answer)).toEqual([401, 'sign_in_expired']);
  });

  it('is not linked ten minutes after the answer, or five minutes after the proof', async () => {
    const late = await offered();
    await superuser(`UPDATE app_private.pending_sign_ins SET expires_at = now() WHERE user_id = $1`, [member.userId]);
    expect(code(await late.post(`${LINK}/proof`, PASSWORD))).toEqual([401, 'sign_in_expired']);
    const idle = await offered();
    await idle.post(`${LINK}/proof`, PASSWORD);
    await superuser(
      `UPDATE app_private.pending_sign_ins SET proven_at = proven_at - interval '301 seconds' WHERE user_id = $1`,
      [member.userId],
    );
    expect(code(await idle.post(`${LINK}/confirm`))).toEqual([401, 'sign_in_expired']);
    expect(await identities(member.membershipId)).toEqual([]);
  });

  it('needs the factor after the password if the user has one, and in this order', async () => {
    const { app, recoveryCodes } = await enrollTotp(await harness.signIn(member.email));
    const client = await offered();
    expect(code(await client.post(`${LINK}/proof`, { totp: app.fresh() }))).toEqual([401, 'mfa_failed']);
    expect((await client.post(`${LINK}/proof`, PASSWORD)).body).toMatchObject({
      step: 'factor',
      methods: ['totp', 'recovery-code'],
    });
    expect(code(await client.post(`${LINK}/confirm`))).toEqual([403, 'sso_link_not_proven']);
    expect(code(await client.post(`${LINK}/proof`, { totp: '000000' }))).toEqual([401, 'mfa_failed']);
    expect((await client.post(`${LINK}/proof`, { recoveryCode: recoveryCodes[0] })).body.step).toBe('confirm');
    expect((await client.post(`${LINK}/confirm`)).status).toBe(200);
  });

  it('needs a factor if the organization requires one', async () => {
    await superuser('UPDATE organizations SET require_mfa = true WHERE id = $1', [org]);
    const client = await offered();
    expect(code(await client.post(`${LINK}/proof`, PASSWORD))).toEqual([403, 'mfa_enrollment_required']);
    expect(code(await client.post(`${LINK}/confirm`))).toEqual([403, 'sso_link_not_proven']);
    expect((await form(client, '/sign-in/link/proof', PASSWORD)).text).toContain('requires a second factor');
    await superuser('UPDATE organizations SET require_mfa = false WHERE id = $1', [org]);
  });

  it('is proven by a passkey of the account, and not by a passkey of another account', async () => {
    const other = await harness.make.member(org, 'mentor');
    const [{ authenticator }, { authenticator: foreign }] = [
      await enrollPasskey(harness, await harness.signIn(member.email)),
      await enrollPasskey(harness, await harness.signIn(other.email)),
    ];
    const client = await offered();
    const options = async () => (await client.get(`${LINK}/passkey-options`)).body;
    const { allowCredentials, ...first } = await options();
    expect(allowCredentials ?? []).toEqual([]);
    expect(code(await client.post(`${LINK}/proof`, { passkey: foreign.get(first) }))).toEqual([401, 'mfa_failed']);
    const { body } = await client.post(`${LINK}/proof`, { passkey: authenticator.get(await options()) });
    expect(body.step).toBe('confirm');
    expect((await client.post(`${LINK}/confirm`)).status).toBe(200);
  });

  it('locks after five wrong proofs, together with the sign-in', async () => {
    const client = await offered();
    for (let i = 0; i < 4; i += 1)
      expect(code(await client.post(`${LINK}/proof`, { password: 'wrong' }))).toEqual([401, 'invalid_credentials']);
    expect(code(await client.post(`${LINK}/proof`, { password: 'wrong' }))).toEqual([429, 'account_locked']);
    expect(code(await client.post(`${LINK}/proof`, PASSWORD))).toEqual([401, 'sign_in_expired']);
    const login = await harness.client().post('/v1/auth/login', { email: member.email, ...PASSWORD });
    expect(code(login)).toEqual([429, 'account_locked']);
    expect((await events('auth.locked')).at(-1)).toMatchObject({ target: member.userId });
  });
});

describe('a hostile link', () => {
  it('begun by one browser cannot be finished by another', async () => {
    const answer = await signInByOidc(idp, harness.client(), connection, claimsOf(member));
    const [ticket] = cookiesOf(answer, /-sso-link=/);
    const victim = harness.client();
    await departOidc(victim, connection); // the victim's browser has a binding of its own
    for (const [method, path] of [
      ['GET', LINK],
      ['GET', `${LINK}/passkey-options`],
      ['POST', `${LINK}/proof`],
      ['POST', `${LINK}/confirm`],
    ] as const) {
      const planted = await victim.send(method, path, {
        ...(method === 'POST' && { body: path.endsWith('proof') ? PASSWORD : {} }),
        headers: { cookie: `${victim.cookieHeader}; ${ticket}` }, // the victim has no offer of their own
      });
      expect([path, ...code(planted)]).toEqual([path, 401, 'sign_in_expired']);
    }
  });

  it('cannot use the ticket of one connection for another, or for another organization', async () => {
    const elsewhere = await harness.make.organization('gme');
    const others = [await connectOidc(harness, org, idp.issuer), await connectOidc(harness, elsewhere, idp.issuer)];
    const client = harness.client();
    const answer = await signInByOidc(idp, client, connection, claimsOf(member));
    const [ticket] = cookiesOf(answer, /-sso-link=/);
    for (const other of others) {
      const headers = { cookie: client.cookieHeader.replace(ticket!, ticket!.replace(connection, other)) };
      expect(headers.cookie).not.toBe(client.cookieHeader);
      expect(code(await client.send('GET', LINK, { headers }))).toEqual([401, 'sign_in_expired']);
    }
  });

  it('is not proven by the session, the password, or the pending sign-in of another account', async () => {
    const thief = await harness.make.member(org, 'mentor');
    const { app } = await enrollTotp(await harness.signIn(thief.email));
    await superuser(
      `UPDATE app_private.credentials SET verifier = sha256('other') WHERE user_id = $1`,
      [member.userId], // the thief does not know the password of the account
    );
    const client = await offered();
    expect(code(await client.post('/v1/auth/login', { email: thief.email, ...PASSWORD }))).toEqual([
      401,
      'mfa_required',
    ]);
    expect(code(await client.post(`${LINK}/confirm`))).toEqual([403, 'sso_link_not_proven']);
    expect(code(await client.post(`${LINK}/proof`, PASSWORD))).toEqual([401, 'invalid_credentials']);
    const browser = client.at(client.baseUrl);
    expect((await client.post('/v1/auth/login/mfa', { totp: app.fresh() })).status).toBe(200);
    expect((await client.get('/v1/auth/me')).body.user.email).toBe(thief.email);
    for (const one of [client, browser])
      expect(code(await one.post(`${LINK}/confirm`))).toEqual([401, 'sign_in_expired']);
    expect(await identities(member.membershipId)).toEqual([]);
  });

  it('opens no session by the secret of the offer and a factor, without the password', async () => {
    const { app } = await enrollTotp(await harness.signIn(member.email));
    const answer = await signInByOidc(idp, harness.client(), connection, claimsOf(member));
    const [ticket] = cookiesOf(answer, /-sso-link=/);
    const [name, value] = ticket!.split('=');
    const cookie = `${name!.replace(/-sso-link$/, '-pending')}=${value!.split('.')[1]}`;
    const factor = await harness
      .client()
      .send('POST', '/v1/auth/login/mfa', { body: { totp: app.fresh() }, headers: { cookie } });
    expect(code(factor)).toEqual([401, 'sign_in_expired']);
  });

  it('is never offered for an account that is no member of the organization', async () => {
    const elsewhere = await harness.make.member(await harness.make.organization('gme'), 'mentor');
    const client = harness.client();
    expect((await signInByOidc(idp, client, connection, claimsOf(elsewhere))).status).toBe(303);
    const { body } = await client.get('/v1/auth/me');
    expect([body.user.email, body.user.id === elsewhere.userId, body.organization.id]).toEqual([
      elsewhere.email,
      false,
      org,
    ]);
    expect(code(await client.get(LINK))).toEqual([401, 'sign_in_expired']);
  });

  it('is not offered for a former member, or for an account that nothing can prove', async () => {
    for (const change of [
      `UPDATE memberships SET status = 'ended', ended_at = now() WHERE id = $1`,
      `DELETE FROM app_private.credentials WHERE user_id = (SELECT user_id FROM memberships WHERE id = $1)`,
    ]) {
      const one = await harness.make.member(org, 'mentor');
      const first = newSubject();
      const linked = await offered(one, first);
      await linked.post(`${LINK}/proof`, PASSWORD);
      expect((await linked.post(`${LINK}/confirm`)).status).toBe(200);
      await superuser(change, [one.membershipId]);
      const client = harness.client();
      expect(code(await signInByOidc(idp, client, connection, claimsOf(one)))).toEqual([403, 'sso_failed']);
      expect(code(await client.get(LINK))).toEqual([401, 'sign_in_expired']);
    }
  });

  it('leaves the last owner an owner: the link is rejected if the provider gives a lower role', async () => {
    const small = await harness.make.organization('gme');
    const owner = await harness.make.member(small, 'program_director');
    const there = await connectOidc(harness, small, idp.issuer);
    const client = harness.client();
    expect(code(await signInByOidc(idp, client, there, claimsOf(owner)))).toEqual([409, 'sso_account_exists']);
    expect((await client.post(`${LINK}/proof`, PASSWORD)).body).toMatchObject({
      role: 'program_director',
      newRole: 'mentor',
    });
    expect(code(await client.post(`${LINK}/confirm`))).toEqual([409, 'last_owner']);
    expect(await identities(owner.membershipId)).toEqual([]);
    expect((await harness.signIn(owner.email)).baseUrl).toBeDefined();
  });
});

describe('the page', () => {
  let client: Client;
  const arrive = async (app?: CodeApp) => {
    client = harness.client();
    const callback = idp.approve(await departOidc(client, connection, '?returnTo=/account/security'), claimsOf(member));
    const answer = await client.get(callback, { headers: HTML });
    expect(redirect(answer)).toEqual([303, '/sign-in/link']);
    return app;
  };

  it('says what happened, takes the proof, asks for a confirmation, and opens the requested page', async () => {
    await arrive();
    const first = await open(client, '/sign-in/link');
    expect(first.status).toBe(200);
    for (const text of [member.email, 'Provider Name', 'Test', 'Password of the account'])
      expect(first.text).toContain(text);
    const wrong = await form(client, '/sign-in/link/proof', { password: 'wrong' });
    expect([wrong.status, wrong.text.includes('The e-mail address or the password is incorrect.')]).toEqual([
      401,
      true,
    ]);
    expect(redirect(await form(client, '/sign-in/link/proof', PASSWORD))).toEqual([303, '/sign-in/link']);
    expect((await open(client, '/sign-in/link')).text).toContain('Link and sign in');
    expect(redirect(await form(client, '/sign-in/link/confirm', {}))).toEqual([303, '/account/security']);
    expect((await open(client, '/account')).text).toContain(member.email);
  });

  it('takes the factor of the account, and shows a change of the role', async () => {
    const director = await harness.make.member(org, 'program_director');
    const { app } = await enrollTotp(await harness.signIn(director.email));
    member = director;
    await arrive();
    await form(client, '/sign-in/link/proof', PASSWORD);
    expect((await open(client, '/sign-in/link')).text).toContain('Code from your authenticator app');
    await app.forgetStep(harness);
    await form(client, '/sign-in/link/proof', { totp: app.fresh() });
    expect((await open(client, '/sign-in/link')).text).toContain('Your role changes from program_director to mentor');
    expect(redirect(await form(client, '/sign-in/link/confirm', {}))).toEqual([303, '/account/security']);
  });

  it('sends the browser to the sign-in page without an offer', async () => {
    expect(redirect(await open(harness.client(), '/sign-in/link'))[0]).toBe(303);
  });
});
