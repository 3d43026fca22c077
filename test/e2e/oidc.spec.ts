import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Clock } from '../../src/platform/clock/clock.js';
import { Harness } from '../harness/app.js';
import type { Client } from '../harness/client.js';
import { connectOidc, departOidc, refusals, signInByOidc } from '../harness/oidc.js';
import { newOidcKey, OidcIdp } from '../harness/oidc-idp.js';

let harness: Harness;
let idp: OidcIdp;
let orgId: string;
let connectionId: string;
const others: OidcIdp[] = [];

beforeAll(async () => {
  [harness, idp] = await Promise.all([Harness.start(), OidcIdp.start()]);
  orgId = await harness.make.organization('gme');
  connectionId = await connectOidc(harness, orgId, idp.issuer);
});
afterAll(() => Promise.all([harness.stop(), idp.stop(), ...others.map((other) => other.stop())]));

function me(client: Client) {
  return client.get('/v1/auth/me');
}

describe('sign-in through OpenID Connect', () => {
  it('asks for a code with PKCE, state and nonce, and for nothing else', async () => {
    const url = new URL(await departOidc(harness.client(), connectionId, '?login_hint=person@idp.example.test'));
    const { state, nonce, code_challenge: challenge, ...rest } = Object.fromEntries(url.searchParams);
    expect(rest).toEqual({
      client_id: 'client',
      redirect_uri: `http://127.0.0.1:3000/v1/sso/oidc/${connectionId}/callback`,
      response_type: 'code',
      scope: 'openid email profile',
      code_challenge_method: 'S256',
      login_hint: 'person@idp.example.test',
    });
    for (const random of [state, nonce, challenge]) expect(random).toMatch(/^[\w-]{43}$/);
  });

  it("opens a session with the role of the provider's group, and logs it", async () => {
    const client = harness.client();
    const arrived = await signInByOidc(idp, client, connectionId, {}, '?returnTo=/v1/people');
    expect([arrived.status, arrived.headers.get('location')]).toEqual([303, '/v1/people']);
    expect((await me(client)).body).toMatchObject({
      user: { email: 'person@idp.example.test', name: 'Synthetic Person' },
      organization: { id: orgId },
      role: 'mentor',
    });
    const events = await harness.database.superuser(
      `SELECT type, meta ->> 'method' AS method FROM audit_events WHERE org_id = $1 AND type LIKE 'auth.%'
         ORDER BY occurred_at DESC LIMIT 1`,
      [orgId],
    );
    expect(events).toEqual([{ type: 'auth.signed_in', method: 'oidc' }]);
  });

  it('makes one member of a person who signs in twice, under another address', async () => {
    await signInByOidc(idp, harness.client(), connectionId);
    await signInByOidc(idp, harness.client(), connectionId, { claims: { email: 'renamed@idp.example.test' } });
    expect(
      await harness.database.superuser('SELECT count(*)::int AS count FROM sso_identities WHERE connection_id = $1', [
        connectionId,
      ]),
    ).toEqual([{ count: 1 }]);
  });

  it('keeps the client secret sealed, proves by it who we are, and does not tell it', async () => {
    await signInByOidc(idp, harness.client(), connectionId);
    const { headers } = idp.requests.findLast(({ path }) => path === '/token')!;
    expect(headers.authorization).toBe(`Basic ${Buffer.from('client:not%2Dso%2Dsecret').toString('base64')}`);
    const [row] = await harness.database.superuser<{ sealed: string }>(
      `SELECT encode(oidc_client_secret_enc, 'escape') AS sealed FROM sso_connections WHERE id = $1`,
      [connectionId],
    );
    expect(row!.sealed).not.toContain('not-so-secret');
    const director = await harness.signIn((await harness.make.member(orgId, 'program_director')).email);
    const { text, body } = await director.get(`/v1/sso/connections/${connectionId}`);
    expect(body).toMatchObject({
      protocol: 'oidc',
      issuer: idp.issuer,
      clientId: 'client',
      hasClientSecret: true,
      callbackUrl: `http://127.0.0.1:3000/v1/sso/oidc/${connectionId}/callback`,
    });
    expect(text).not.toMatch(/not-so-secret|dbSecret|Secret"?:"/);
  });

  it('takes from userinfo what the ID token leaves out, and asks for nothing more', async () => {
    const asked = () => idp.requests.filter(({ path }) => path === '/userinfo').length;
    const before = asked();
    await signInByOidc(idp, harness.client(), connectionId);
    expect(asked()).toBe(before);
    const client = harness.client();
    const claims = {
      sub: 'subject-2',
      email: undefined,
      email_verified: undefined,
      groups: undefined,
      name: undefined,
    };
    await signInByOidc(idp, client, connectionId, {
      claims,
      userInfo: {
        sub: 'subject-2',
        email: 'second@idp.example.test',
        email_verified: true,
        groups: ['mentors'],
        name: 'Second Person',
      },
    });
    expect(asked()).toBe(before + 1);
    expect((await me(client)).body).toMatchObject({
      user: { email: 'second@idp.example.test', name: 'Second Person' },
      role: 'mentor',
    });
  });

  it('takes no address that the provider does not call verified', async () => {
    for (const verified of [undefined, false, 'true', 'false', 1]) {
      const answer = await signInByOidc(idp, harness.client(), connectionId, {
        claims: { sub: `unverified-${String(verified)}`, email: 'somebody@idp.example.test', email_verified: verified },
      });
      expect(answer.body).toMatchObject({ status: 403, code: 'sso_failed' });
      expect((await refusals(harness, orgId)).at(-1)).toBe('email_unverified');
    }
  });

  it('does not take over an account that has a password of its own', async () => {
    const { email } = await harness.make.member(orgId, 'mentor');
    expect((await signInByOidc(idp, harness.client(), connectionId, { claims: { sub: 'thief', email } })).status).toBe(
      403,
    );
    expect((await refusals(harness, orgId)).at(-1)).toBe('account_exists');
  });

  it('asks for the credentials anew where it is told to, and looks whether that was done', async () => {
    const location = await departOidc(harness.client(), connectionId, '?forceAuthn=true');
    expect(Object.fromEntries(new URL(location).searchParams)).toMatchObject({ prompt: 'login', max_age: '0' });
    const now = Math.floor(Date.now() / 1000);
    for (const [at, status] of [
      [undefined, 403],
      [now - 600, 403],
      [now, 303],
    ] as const) {
      const answer = await signInByOidc(
        idp,
        harness.client(),
        connectionId,
        { claims: { auth_time: at } },
        '?forceAuthn=true',
      );
      expect([at, answer.status]).toEqual([at, status]);
    }
    expect((await refusals(harness, orgId)).slice(-2)).toEqual(['authentication_too_old', 'authentication_too_old']);
  });

  it("knows the provider's new key at the first sign-in with it, and asks for keys once a minute at most", async () => {
    const { other, connection } = await another();
    const asked = () => other.requests.filter(({ path }) => path === '/keys').length;
    expect((await signInByOidc(other, harness.client(), connection)).status).toBe(303);
    other.keys = [await newOidcKey('second', 'ES256')];
    // the first look was less than a minute ago
    expect((await signInByOidc(other, harness.client(), connection, { claims: times() })).status).toBe(403);
    harness.advance(61);
    expect((await signInByOidc(other, harness.client(), connection, { claims: times() })).status).toBe(303);
    const before = asked();
    const stranger = await newOidcKey('third');
    for (let n = 0; n < 3; n += 1)
      expect((await signInByOidc(other, harness.client(), connection, { key: stranger, claims: times() })).status).toBe(
        403,
      );
    expect(asked() - before).toBe(0);
  });

  it('goes on with the last good documents while the provider does not give new ones', async () => {
    const { other, connection } = await another();
    expect((await signInByOidc(other, harness.client(), connection, { claims: times() })).status).toBe(303);
    harness.advance(2 * 3600);
    other.broken = 500;
    const client = harness.client();
    const location = await departOidc(client, connection);
    other.broken = undefined;
    expect((await client.get(other.approve(location, { claims: times() }))).status).toBe(303);
  });

  it('says that it cannot, where the provider is not there', async () => {
    const nowhere = await connectOidc(harness, orgId, 'http://127.0.0.1:9');
    expect((await harness.client().get(`/v1/sso/oidc/${nowhere}/login`)).body).toMatchObject({
      status: 503,
      code: 'unavailable',
    });
    expect((await refusals(harness, orgId)).at(-1)).toBe('provider_unreachable');
  });

  it('knows no connection that is switched off, of another protocol or form, or not there', async () => {
    const off = await connectOidc(harness, orgId, idp.issuer, { enabled: false });
    for (const id of [off, 'nonsense', '01900000-0000-7000-8000-00000000ffff'])
      expect((await harness.client().get(`/v1/sso/oidc/${id}/login`)).status).toBe(404);
  });
});

/** One more provider, for an organization of its own. */
async function another() {
  const other = await OidcIdp.start();
  others.push(other);
  return { other, connection: await connectOidc(harness, await harness.make.organization('gme'), other.issuer) };
}

/** The times of a token, by the clock of the harness. */
function times() {
  const now = harness.api.get(Clock).seconds();
  return { iat: now, exp: now + 300 };
}
