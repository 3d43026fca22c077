import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createInstitution } from '../../src/cli/institutions.js';
import { Harness } from '../harness/app.js';
import type { Client } from '../harness/client.js';
import { connectOidc, signInByOidc } from '../harness/oidc.js';
import { newOidcKey, OidcIdp, type OidcAnswer } from '../harness/oidc-idp.js';

let harness: Harness;
let idp: OidcIdp;
let orgId: string;
let connectionId: string;
let tokens = 0;

beforeAll(async () => {
  [harness, idp] = await Promise.all([Harness.start(), OidcIdp.start()]);
  orgId = await harness.make.organization('gme');
  connectionId = await connectOidc(harness, orgId, idp.issuer);
});
afterAll(() => Promise.all([harness.stop(), idp.stop()]));

const now = (): number => Math.floor(Date.now() / 1000);
const events = { 'http://schemas.openid.net/event/backchannel-logout': {} };

async function session(sub: string, sid: string, connection = connectionId): Promise<Client> {
  const client = harness.client();
  const { status } = await signInByOidc(idp, client, connection, {
    claims: { sub, sid, email: `${sub}@idp.example.test` },
  });
  expect(status).toBe(303);
  return client;
}

const isSignedIn = async (client: Client): Promise<boolean> => (await client.get('/v1/auth/me')).status === 200;

function token(claims: Record<string, unknown>, how: Pick<OidcAnswer, 'header' | 'key'> = {}): Promise<string> {
  return idp.sign(
    { iss: idp.issuer, aud: 'client', iat: now(), exp: now() + 120, jti: `jti-${(tokens += 1)}`, events, ...claims },
    { header: { typ: 'logout+jwt' }, ...how },
  );
}

function postLogoutToken(logoutToken: string | Record<string, string>, connection = connectionId) {
  const fields = typeof logoutToken === 'string' ? { logout_token: logoutToken } : logoutToken;
  return harness.client().post(`/v1/sso/oidc/${connection}/backchannel-logout`, undefined, {
    raw: new URLSearchParams(fields).toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  });
}

describe('back-channel logout', () => {
  it('ends the named session and forbids caching of the response', async () => {
    const [one, two] = [await session('ann', 'sid-1'), await session('ann', 'sid-2')];
    const answer = await postLogoutToken(await token({ sid: 'sid-1' }));
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect([await isSignedIn(one), await isSignedIn(two)]).toEqual([false, true]);
    const logged = await harness.database.superuser(
      `SELECT meta FROM audit_events WHERE org_id = $1 AND type = 'sso.sessions_ended'`,
      [orgId],
    );
    expect(logged).toEqual([{ meta: { connectionId, ended: 1 } }]);
  });

  it('ends every session of the subject when the token names no session, and no other session', async () => {
    const [one, two, other] = [
      await session('ben', 'sid-3'),
      await session('ben', 'sid-4'),
      await session('cleo', 'sid-5'),
    ];
    expect((await postLogoutToken(await token({ sub: 'ben' }))).status).toBe(200);
    expect([await isSignedIn(one), await isSignedIn(two), await isSignedIn(other)]).toEqual([false, false, true]);
  });

  it('ends a session only if it belongs to the subject when the token names both', async () => {
    const other = await session('dora', 'sid-6');
    expect((await postLogoutToken(await token({ sub: 'cleo', sid: 'sid-6' }))).status).toBe(200);
    expect(await isSignedIn(other)).toBe(true);
  });

  it('ends no session of another connection and no password session', async () => {
    const elsewhere = await connectOidc(harness, await harness.make.organization('gme'), idp.issuer);
    const theirs = await session('eve', 'sid-7', elsewhere);
    const own = await harness.signIn((await harness.make.member(orgId, 'mentor')).email);
    expect((await postLogoutToken(await token({ sub: 'eve', sid: 'sid-7' }))).status).toBe(200);
    expect([await isSignedIn(theirs), await isSignedIn(own)]).toEqual([true, true]);
  });

  it('accepts a token once', async () => {
    const logoutToken = await token({ sub: 'fay' });
    expect((await postLogoutToken(logoutToken)).status).toBe(200);
    const again = await session('fay', 'sid-8');
    expect((await postLogoutToken(logoutToken)).body).toMatchObject({ status: 400, code: 'invalid_logout_token' });
    expect(await isSignedIn(again)).toBe(true);
  });

  it.each<[string, () => Promise<string> | Record<string, string>]>([
    ['an ID token', () => token({ sub: 'gil', events: undefined, nonce: 'n' }, { header: { typ: 'JWT' } })],
    ['a nonce', () => token({ sub: 'gil', nonce: 'n' })],
    ['another event', () => token({ sub: 'gil', events: { 'http://schemas.openid.net/event/other': {} } })],
    [
      'an event that is a string',
      () => token({ sub: 'gil', events: { 'http://schemas.openid.net/event/backchannel-logout': 'yes' } }),
    ],
    ['no session and no subject', () => token({})],
    ['no token id', () => token({ sub: 'gil', jti: undefined })],
    ['another client', () => token({ sub: 'gil', aud: 'other-client' })],
    ['another issuer', () => token({ sub: 'gil', iss: 'https://evil.example.test' })],
    ['no issue time', () => token({ sub: 'gil', iat: undefined })],
    ['an old issue time', () => token({ sub: 'gil', iat: now() - 3600, exp: undefined })],
    ['an issue time in the future', () => token({ sub: 'gil', iat: now() + 3600, exp: now() + 7200 })],
    ['a past expiry', () => token({ sub: 'gil', exp: now() - 600 })],
    ["another party's key", async () => token({ sub: 'gil' }, { key: await newOidcKey('first') })],
    [
      'no signature',
      async () =>
        `${Buffer.from('{"alg":"none"}').toString('base64url')}.${(await token({ sub: 'gil' })).split('.')[1]}.`,
    ],
    ['the type of an access token', () => token({ sub: 'gil' }, { header: { typ: 'at+jwt' } })],
    ['no token', () => ({})],
    ['a token in another field', () => ({ token: 'x' })],
  ])('rejects %s', async (_what, make) => {
    const client = await session('gil', `sid-gil-${tokens}`);
    const answer = await postLogoutToken(await make());
    expect(answer.body).toMatchObject({ status: 400, code: 'invalid_logout_token' });
    expect(await isSignedIn(client)).toBe(true);
  });

  it('returns 404 for an unknown connection', async () => {
    expect((await postLogoutToken(await token({ sub: 'gil' }), '01900000-0000-7000-8000-00000000ffff')).status).toBe(
      404,
    );
  });

  it("ends no session by raw SQL without the connection's secret", async () => {
    const client = await session('hal', 'sid-9');
    const [row] = await harness.database.superuser<{ ended: number }>(
      `SELECT ended FROM app.sso_end_sessions($1, '\\x00', NULL, '{sid-9}')`,
      [connectionId],
    );
    expect([row!.ended, await isSignedIn(client)]).toEqual([null, true]);
  });
});

describe('the logout token of LemonLDAP::NG', () => {
  /** LemonLDAP::NG 2.17 and later: type JWT, no expiry, all audiences of the client, no authorized party. */
  const lemon = (claims: Record<string, unknown>) =>
    token(
      { aud: ['client', 'other-audience'], exp: undefined, jti: `A1B2C${tokens}`, ...claims },
      { header: { typ: 'JWT' } },
    );

  it('ends the named session', async () => {
    const [one, two] = [await session('lem', 'lemon-sid-1'), await session('lem', 'lemon-sid-2')];
    expect((await postLogoutToken(await lemon({ sub: 'lem', sid: 'lemon-sid-1' }))).status).toBe(200);
    expect([await isSignedIn(one), await isSignedIn(two)]).toEqual([false, true]);
  });

  it('ends all sessions of the subject without a session id', async () => {
    const client = await session('lem', 'lemon-sid-3');
    expect((await postLogoutToken(await lemon({ sub: 'lem' }))).status).toBe(200);
    expect(await isSignedIn(client)).toBe(false);
  });

  it('is rejected for another client, and with another authorized party', async () => {
    const client = await session('lem', 'lemon-sid-4');
    for (const claims of [{ aud: ['other-audience'] }, { azp: 'other-audience' }])
      expect((await postLogoutToken(await lemon({ sub: 'lem', ...claims }))).status).toBe(400);
    expect(await isSignedIn(client)).toBe(true);
  });

  it('does not relax the rule for ID tokens: several audiences need an authorized party', async () => {
    const answer = { claims: { sub: 'lem', aud: ['client', 'other-audience'] } };
    expect((await signInByOidc(idp, harness.client(), connectionId, answer)).status).toBe(403);
  });
});

describe('front-channel logout', () => {
  const SID = 'front-channel-sid-';
  /** Opens the URL as a frame in a page of another site does, without cookies. */
  const frame = (query: Record<string, string>, connection = connectionId, client = harness.client()) =>
    client.get(`/v1/sso/oidc/${connection}/frontchannel-logout?${new URLSearchParams(query).toString()}`, {
      headers: { 'sec-fetch-dest': 'iframe', 'sec-fetch-mode': 'navigate', 'sec-fetch-site': 'cross-site' },
    });

  it('ends the session that the provider names, without a cookie, in a frame of the provider', async () => {
    const [one, two] = [await session('ola', `${SID}1`), await session('ola', `${SID}2`)];
    const { status, headers } = await frame({ iss: idp.issuer, sid: `${SID}1` });
    expect([status, headers.get('x-frame-options'), headers.get('cache-control')]).toEqual([200, null, 'no-store']);
    expect(headers.get('content-security-policy')).toBe(`default-src 'none'; frame-ancestors ${idp.origin}`);
    expect([await isSignedIn(one), await isSignedIn(two)]).toEqual([false, true]);
  });

  it.each<[string, () => Record<string, string>]>([
    ['another issuer', () => ({ iss: 'https://evil.example.test', sid: `${SID}3` })],
    ['no issuer', () => ({ sid: `${SID}3` })],
    ['no session', () => ({ iss: idp.issuer })],
    ['an id that could be guessed', () => ({ iss: idp.issuer, sid: 'short' })],
  ])('ends nothing with %s', async (_what, query) => {
    const [client, short] = [await session('pam', `${SID}3`), await session('pam', 'short')];
    expect((await frame(query())).body).toMatchObject({ status: 400, code: 'invalid_logout_token' });
    // the subject is no session id, unless the connection says so
    await frame({ iss: idp.issuer, sid: 'pam-pam-pam-pam-pam' });
    expect([await isSignedIn(client), await isSignedIn(short)]).toEqual([true, true]);
  });

  it('ends no session of another connection or another organization', async () => {
    const elsewhere = await connectOidc(harness, await harness.make.organization('gme'), idp.issuer);
    const theirs = await session('quinn', `${SID}4`, elsewhere);
    expect((await frame({ iss: idp.issuer, sid: `${SID}4` })).status).toBe(200);
    expect(await isSignedIn(theirs)).toBe(true);
  });

  it('ends the session of a browser on the same site, and not by a link of another site', async () => {
    const client = await session('rob', 'sid-30');
    await frame({ iss: idp.issuer }, connectionId, client);
    expect(await isSignedIn(client)).toBe(true);
    const { status } = await client.get(
      `/v1/sso/oidc/${connectionId}/frontchannel-logout?${new URLSearchParams({ iss: idp.issuer }).toString()}`,
      { headers: { 'sec-fetch-dest': 'iframe', 'sec-fetch-site': 'same-site' } },
    );
    expect([status, await isSignedIn(client)]).toEqual([200, false]);
  });

  it('of LemonLDAP::NG 2.16 names the subject, which ends sessions only where the connection says so', async () => {
    const connection = await connectOidc(harness, await harness.make.organization('gme'), idp.issuer, {
      frontchannelBySubject: true,
    });
    const claims = { sub: 'dwho', email: 'dwho@idp.example.test' };
    const [strict, lenient] = [harness.client(), harness.client()];
    expect((await signInByOidc(idp, strict, connectionId, { claims })).status).toBe(303);
    expect((await signInByOidc(idp, lenient, connection, { claims })).status).toBe(303);
    expect((await frame({ iss: idp.issuer, sid: 'dwho' })).status).toBe(400);
    expect((await frame({ iss: idp.issuer, sid: 'dwho' }, connection)).status).toBe(200);
    expect([await isSignedIn(strict), await isSignedIn(lenient)]).toEqual([true, false]);
  });
});

describe('front-channel logout by the subject', () => {
  it('counts subjects without a session for each network, and none that ended a session', async () => {
    const connection = await connectOidc(harness, await harness.make.organization('gme'), idp.issuer, {
      frontchannelBySubject: true,
    });
    const frame = (sid: string) =>
      harness
        .client()
        .get(`/v1/sso/oidc/${connection}/frontchannel-logout?${new URLSearchParams({ iss: idp.issuer, sid })}`);
    const seen: Record<string, number> = {};
    for (let n = 0; n < 299; n += 1) seen[(await frame(`guess-${n}`)).status] = n + 1;
    for (const shift of ['one', 'two', 'three']) {
      const client = await session(shift, `sid-${shift}`, connection);
      seen[(await frame(shift)).status]! += 1;
      expect(await isSignedIn(client)).toBe(false);
    }
    expect(seen).toEqual({ 200: 302 });
    const victim = await session('dwho', 'sid-dwho', connection);
    expect([(await frame('last-guess')).status, (await frame('dwho')).status]).toEqual([200, 429]);
    expect(await isSignedIn(victim)).toBe(true);
  });
});

describe('logout through the provider', () => {
  const hints = () =>
    harness.database.superuser<{ hint: string | null }>(
      `SELECT encode(logout_hint_enc, 'hex') AS hint FROM sessions WHERE connection_id = $1 ORDER BY created_at DESC`,
      [connectionId],
    );

  it("ends the local session, then redirects to the provider's logout endpoint with the ID token", async () => {
    let idToken = '';
    const client = harness.client();
    const signedIn = await signInByOidc(idp, client, connectionId, {
      claims: { sub: 'ida', sid: 'sid-10', email: 'ida@idp.example.test' },
      idToken: (valid) => (idToken = valid),
    });
    expect(signedIn.status).toBe(303);
    const { status, headers } = await client.get(`/v1/sso/oidc/${connectionId}/logout`);
    const url = new URL(headers.get('location')!);
    expect([status, url.origin + url.pathname]).toEqual([303, `${idp.origin}/end`]);
    const state = url.searchParams.get('state')!;
    expect(Object.fromEntries(url.searchParams)).toEqual({
      id_token_hint: idToken,
      client_id: 'client',
      post_logout_redirect_uri: 'http://127.0.0.1:3000/signed-out',
      state: expect.stringMatching(/^[\w-]{43}$/),
    });
    expect(await isSignedIn(client)).toBe(false);
    expect((await client.get('/signed-out')).text).toContain('You are still signed in at Test.');
    expect((await client.get(`/signed-out?state=${state}&session_state=x`)).text).toContain(
      'You are signed out here and at Test.',
    );
    expect((await client.get('/signed-out')).text).not.toContain('Test');
  });

  it('by the API leads to the provider with the ID token, also after a switch to another organization', async () => {
    const [home, sister] = [await harness.make.organization('gme'), await harness.make.organization('gme')];
    const connection = await connectOidc(harness, home, idp.issuer, { shared: true });
    await harness.database.superuser(
      `INSERT INTO sso_domains (org_id, id, domain, token, verified_at)
         VALUES ($1, gen_random_uuid(), 'idp.example.test', 'shown-by-a-dns-record', now())`,
      [home],
    );
    let idToken = '';
    const client = harness.client();
    await signInByOidc(idp, client, connection, {
      claims: { sub: 'kim', email: 'kim@idp.example.test' },
      idToken: (valid) => (idToken = valid),
    });
    const institution = await createInstitution(harness.operator, 'Synthetic University');
    await harness.database.superuser('UPDATE organizations SET institution_id = $1 WHERE id = ANY ($2::uuid[])', [
      institution,
      [home, sister],
    ]);
    await harness.database.superuser('UPDATE organizations SET institution_sign_in = true WHERE id = $1', [sister]);
    await harness.database.superuser(
      `INSERT INTO memberships (org_id, id, user_id, name, role)
         SELECT $2, gen_random_uuid(), m.user_id, m.name, 'mentor' FROM memberships m WHERE m.org_id = $1
          AND m.user_id = $3`,
      [home, sister, (await client.get('/v1/auth/me')).body.user.id],
    );
    expect((await client.post('/v1/auth/organization', { orgId: sister })).body.organizationId).toBe(sister);
    const { status, body } = await client.post('/v1/auth/logout');
    const url = new URL(body.url);
    expect([status, url.pathname, url.searchParams.get('id_token_hint')]).toEqual([200, '/end', idToken]);
  });

  it('stores the ID token encrypted, and only while the session lasts', async () => {
    let idToken = '';
    const client = harness.client();
    await signInByOidc(idp, client, connectionId, {
      claims: { sub: 'lea', email: 'lea@idp.example.test' },
      idToken: (valid) => (idToken = valid),
    });
    const [{ hint } = { hint: null }] = await hints();
    expect(hint).not.toContain(Buffer.from(idToken.slice(0, 20)).toString('hex'));
    expect(hint!.length / 2).toBeGreaterThan(idToken.length);
    await postLogoutToken(await token({ sub: 'lea' }));
    expect([(await hints())[0]!.hint, await isSignedIn(client)]).toEqual([null, false]);
  });

  it('works without an ID token that is too long for a URL', async () => {
    const client = harness.client();
    await signInByOidc(idp, client, connectionId, {
      claims: { sub: 'max', email: 'max@idp.example.test', padding: 'x'.repeat(8_000) },
    });
    expect((await hints())[0]!.hint).toBeNull();
    const { searchParams } = new URL((await client.post('/v1/auth/logout')).body.url);
    expect([searchParams.has('id_token_hint'), searchParams.get('client_id')]).toEqual([false, 'client']);
  });

  it('makes the next sign-in of this browser ask for credentials, until a user has signed in', async () => {
    const client = await session('ned', 'sid-12');
    const prompt = async () => {
      const { headers } = await client.get(`/v1/sso/oidc/${connectionId}/login`);
      const { searchParams } = new URL(headers.get('location')!);
      return [searchParams.get('prompt'), searchParams.get('max_age')];
    };
    expect(await prompt()).toEqual([null, null]);
    await client.post('/v1/auth/logout');
    expect(await prompt()).toEqual(['login', null]);
    // the provider sends no auth_time, and the sign-in still succeeds
    const claims = { sub: 'ned', email: 'ned@idp.example.test' };
    expect((await signInByOidc(idp, client, connectionId, { claims })).status).toBe(303);
    expect(await prompt()).toEqual([null, null]);
  });

  it('is rejected from another site and through another connection', async () => {
    const client = await session('joe', 'sid-11');
    expect(
      (await client.get(`/v1/sso/oidc/${connectionId}/logout`, { headers: { 'sec-fetch-site': 'cross-site' } })).body
        .code,
    ).toBe('csrf_check_failed');
    const other = await connectOidc(harness, orgId, idp.issuer);
    expect((await client.get(`/v1/sso/oidc/${other}/logout`)).status).toBe(404);
    expect(await isSignedIn(client)).toBe(true);
  });

  it('ends the local session even if the provider does not respond', async () => {
    const other = await OidcIdp.start();
    const connection = await connectOidc(harness, await harness.make.organization('gme'), other.issuer);
    const client = harness.client();
    expect((await signInByOidc(other, client, connection)).status).toBe(303);
    other.metadata = { end_session_endpoint: undefined };
    await other.stop();
    harness.advance(2 * 86_400);
    const { headers } = await client.get(`/v1/sso/oidc/${connection}/logout`);
    expect([headers.get('location'), await isSignedIn(client)]).toEqual(['/signed-out', false]);
  });
});
