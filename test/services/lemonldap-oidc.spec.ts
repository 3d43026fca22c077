import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Harness } from '../harness/app.js';
import type { Browser } from '../harness/browser.js';
import { LemonLdap, type LemonSettings } from '../harness/lemonldap.js';
import {
  framesOf,
  isSignedIn,
  ProviderConnection,
  PUBLIC,
  type ConnectionInput,
} from '../harness/provider-connection.js';
import { newSigningKey } from '../harness/saml-idp.js';

let harness: Harness;
let provider: LemonLdap;
beforeAll(async () => {
  [harness, provider] = await Promise.all([Harness.start(), LemonLdap.start()]);
  await provider.serve();
});
afterAll(() => Promise.all([harness?.stop(), provider?.stop()]));

const SECRET = 'synthetic-secret-of-a-client';

async function connect(settings: LemonSettings = {}, input: ConnectionInput = {}): Promise<ProviderConnection> {
  const connection = await ProviderConnection.create(harness, {
    protocol: 'oidc',
    issuer: provider.issuer,
    clientId: 'vouchsafe',
    clientSecret: SECRET,
    ...input,
  });
  await serve(connection, settings);
  return connection;
}

const serve = (connection: ProviderConnection, settings: LemonSettings = {}): Promise<void> =>
  provider.serve({
    id: 'vouchsafe',
    secret: SECRET,
    settings: {
      RedirectUris: connection.url('callback'),
      PostLogoutRedirectUris: `${PUBLIC}/signed-out`,
      ...settings,
    },
  });

const dwho = (connection: ProviderConnection): Browser => connection.browser(LemonLdap.credentials('dwho'));

describe('LemonLDAP::NG as an OpenID provider', () => {
  it.each([
    ['with its default settings, which state nothing about the e-mail address', {}],
    ['with PKCE required', { RequirePKCE: 1 }],
    ['with RS512', { IDTokenSignAlg: 'RS512' }],
    ['with the claims in the ID token', { IDTokenForceClaims: 1 }],
  ])('signs a user in %s', async (_what, settings) => {
    const connection = await connect(settings);
    const result = await connection.signIn(dwho(connection));
    expect(await connection.refusals()).toEqual([]);
    expect([result.status, result.body.user]).toEqual([
      200,
      expect.objectContaining({ email: 'dwho@badwolf.org', name: 'Doctor Who' }),
    ]);
  });

  it('gives a user the role of a group', async () => {
    const groupRoles = [{ group: 'timelords', role: 'program_director' }];
    const connection = await connect({}, { scopes: ['groups'], groupRoles });
    const result = await connection.signIn(dwho(connection));
    expect(result.body.role).toBe('program_director');
  });

  it('replaces its key, and the next token makes us read its keys again', async () => {
    const connection = await connect();
    expect((await connection.signIn(dwho(connection))).status).toBe(200);
    provider.useKey(await newSigningKey());
    await serve(connection);
    harness.advance(61);
    expect((await connection.signIn(dwho(connection))).status).toBe(200);
  });
});

describe('logout with LemonLDAP::NG by OpenID Connect', () => {
  it.each([
    ['without a question, because the ID token names this client', { LogoutBypassConfirm: 1 }],
    ['after the confirmation of the user', { LogoutBypassConfirm: 0 }],
  ])('that a user starts here ends both sessions %s', async (_what, settings) => {
    const connection = await connect(settings);
    const user = dwho(connection);
    await connection.signIn(user);
    const result = await user.visit(connection.url('logout'));
    expect([new URL(result.url).origin, result.status, await isSignedIn(user)]).toEqual([PUBLIC, 200, false]);
    const confirmed = user.history.some((entry) => entry.startsWith('POST') && entry.includes('/oauth2/logout'));
    expect(confirmed).toBe(settings.LogoutBypassConfirm === 0);
    expect((await user.at(provider.url).get('/')).text).toContain('name="password"');
  });

  it('is not announced to us by the provider, which has no back-channel logout', async () => {
    const response = await fetch(`${provider.url}/.well-known/openid-configuration`);
    expect(await response.json()).toMatchObject({
      backchannel_logout_supported: false,
      frontchannel_logout_supported: true,
    });
    const connection = await connect();
    const address = connection.address('backchannel-logout');
    await serve(connection, { LogoutType: 'back', LogoutUrl: address, LogoutSessionRequired: 1 });
    const user = dwho(connection);
    await connection.signIn(user);
    const page = await user.visit(provider.logoutUrl, () => true);
    expect(framesOf(page.text)).toEqual([]);
    expect((await user.at(provider.url).get('/')).text).toContain('name="password"');
    expect(await isSignedIn(user)).toBe(true);
  });

  it('that a user starts at the provider ends the session of a frame without cookies, by the subject', async () => {
    const connection = await connect({}, { frontchannelBySubject: true });
    await serve(connection, {
      LogoutType: 'front',
      LogoutUrl: connection.url('frontchannel-logout'),
      LogoutSessionRequired: 1,
    });
    const [user, other] = [dwho(connection), connection.browser(LemonLdap.credentials('rtyler'))];
    await connection.signIn(user);
    await connection.signIn(other);
    const page = await user.visit(provider.logoutUrl, () => true);
    const frame = new URL(framesOf(page.text)[0]!);
    expect(Object.fromEntries(frame.searchParams)).toEqual({ iss: provider.issuer, sid: 'dwho' });
    const answer = await harness.client().get(frame.pathname + frame.search);
    expect([answer.status, await isSignedIn(user), await isSignedIn(other)]).toEqual([200, false, true]);
    expect(answer.headers.get('content-security-policy')).toContain(`frame-ancestors ${provider.url}`);
  });

  it('ends no session by the name of a user if the connection does not allow it', async () => {
    const connection = await connect();
    await serve(connection, {
      LogoutType: 'front',
      LogoutUrl: connection.url('frontchannel-logout'),
      LogoutSessionRequired: 1,
    });
    const user = dwho(connection);
    await connection.signIn(user);
    const page = await user.visit(provider.logoutUrl, () => true);
    const frame = new URL(framesOf(page.text)[0]!);
    const answer = await harness.client().get(frame.pathname + frame.search);
    expect([answer.status, await isSignedIn(user)]).toEqual([400, true]);
  });
});
