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
  it('requests a code with PKCE, state, and nonce, and nothing else', async () => {
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

  it('opens a session with the role of the mapped group and records it', async () => {
    const client = harness.client();
    const result = await signInByOidc(idp, client, connectionId, {}, '?returnTo=/v1/people');
    expect([result.status, result.headers.get('location')]).toEqual([303, '/v1/people']);
    expect((await me(client)).body).toMatchObject({
      user: { email: 'person@idp.example.test', name: 'Synthetic Person' },
      organization: { id: orgId },
      role: 'mentor',
    });
    const events = await harness.database.superuser(
      `SELECT type, meta ->> 'method' AS method FROM audit_events WHERE org_id = $1 AND type LIKE 'auth.%'
         ORDER BY occurred_at DESC, id DESC LIMIT 1`,
      [orgId],
    );
    expect(events).toEqual([{ type: 'auth.signed_in', method: 'oidc' }]);
  });

  it('keeps one member for a user who returns with another e-mail address', async () => {
    await signInByOidc(idp, harness.client(), connectionId);
    await signInByOidc(idp, harness.client(), connectionId, { claims: { email: 'renamed@idp.example.test' } });
    expect(
      await harness.database.superuser('SELECT count(*)::int AS count FROM sso_identities WHERE connection_id = $1', [
        connectionId,
      ]),
    ).toEqual([{ count: 1 }]);
  });

  it('encrypts the client secret, authenticates with it, and never returns it', async () => {
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
    expect(text).not.toMatch(/not-so-secret|[dD]b_?[sS]ecret|Secret"?:"/);
  });

  it('requests userinfo only for claims that the ID token omits', async () => {
    const requestCount = () => idp.requests.filter(({ path }) => path === '/userinfo').length;
    const before = requestCount();
    await signInByOidc(idp, harness.client(), connectionId);
    expect(requestCount()).toBe(before);
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
    expect(requestCount()).toBe(before + 1);
    expect((await me(client)).body).toMatchObject({
      user: { email: 'second@idp.example.test', name: 'Second Person' },
      role: 'mentor',
    });
  });

  it('rejects an e-mail address that the provider does not mark as verified', async () => {
    for (const verified of [false, 'false', 0, '', 'yes']) {
      const answer = await signInByOidc(idp, harness.client(), connectionId, {
        claims: { sub: `unverified-${String(verified)}`, email: 'person@idp.example.test', email_verified: verified },
      });
      expect(answer.body).toMatchObject({ status: 403, code: 'sso_failed' });
      expect((await refusals(harness, orgId)).at(-1)).toBe('email_unverified');
    }
  });

  it('does not take over an account that has a password', async () => {
    const { email } = await harness.make.member(orgId, 'mentor');
    const answer = await signInByOidc(idp, harness.client(), connectionId, { claims: { sub: 'thief', email } });
    expect(answer.body).toMatchObject({ status: 409, code: 'sso_account_exists' });
    expect((await refusals(harness, orgId)).at(-1)).toBe('account_exists');
  });

  it('requests reauthentication when forceAuthn is set, and verifies the authentication time', async () => {
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

  it('accepts a new provider key at the first sign-in, and fetches keys at most once a minute', async () => {
    const { other, connection } = await another();
    const requestCount = () => other.requests.filter(({ path }) => path === '/keys').length;
    expect((await signInByOidc(other, harness.client(), connection)).status).toBe(303);
    other.keys = [await newOidcKey('second', 'ES256')];
    // The first key request was less than a minute ago.
    expect((await signInByOidc(other, harness.client(), connection, { claims: times() })).status).toBe(403);
    harness.advance(61);
    expect((await signInByOidc(other, harness.client(), connection, { claims: times() })).status).toBe(303);
    const before = requestCount();
    const foreignKey = await newOidcKey('third');
    for (let n = 0; n < 3; n += 1)
      expect(
        (await signInByOidc(other, harness.client(), connection, { key: foreignKey, claims: times() })).status,
      ).toBe(403);
    expect(requestCount() - before).toBe(0);
  });

  it('uses cached metadata and keys while the provider fails', async () => {
    const { other, connection } = await another();
    expect((await signInByOidc(other, harness.client(), connection, { claims: times() })).status).toBe(303);
    harness.advance(2 * 3600);
    other.broken = 500;
    const client = harness.client();
    const location = await departOidc(client, connection);
    other.broken = undefined;
    expect((await client.get(other.approve(location, { claims: times() }))).status).toBe(303);
  });

  it('returns 503 when the provider is unreachable', async () => {
    const nowhere = await connectOidc(harness, orgId, 'http://127.0.0.1:9');
    expect((await harness.client().get(`/v1/sso/oidc/${nowhere}/login`)).body).toMatchObject({
      status: 503,
      code: 'provider_unreachable',
    });
    expect((await refusals(harness, orgId)).at(-1)).toBe('provider_unreachable');
  });

  it('returns 404 for a disabled connection, another protocol, an invalid id, and an unknown id', async () => {
    const off = await connectOidc(harness, orgId, idp.issuer, { enabled: false });
    for (const id of [off, 'nonsense', '01900000-0000-7000-8000-00000000ffff'])
      expect((await harness.client().get(`/v1/sso/oidc/${id}/login`)).status).toBe(404);
  });
});

/** Starts another provider and connects a new organization to it. */
async function another() {
  const other = await OidcIdp.start();
  others.push(other);
  return { other, connection: await connectOidc(harness, await harness.make.organization('gme'), other.issuer) };
}

/** Returns the time claims of a token by the clock of the harness. */
function times() {
  const now = harness.api.get(Clock).seconds();
  return { iat: now, exp: now + 300 };
}
