import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Harness } from '../harness/app.js';
import type { Client } from '../harness/client.js';
import { connectOidc, departOidc } from '../harness/oidc.js';
import { CertifiedProvider, ProviderBrowser, type RegisteredClient } from '../harness/oidc-certified.js';
import { until } from '../harness/until.js';

let harness: Harness;
let provider: CertifiedProvider;
let orgId: string;
let registered: RegisteredClient[];
const groupRoles = [
  { group: 'directors', role: 'program_director' },
  { group: 'mentors', role: 'mentor' },
];

beforeAll(async () => {
  [harness, provider] = await Promise.all([Harness.start(), CertifiedProvider.start()]);
  orgId = await harness.make.organization('gme');
});
afterAll(() => Promise.all([harness.stop(), provider.stop()]));

/** Creates a connection and registers this application as its client at the provider. */
async function connect(
  clientId: string,
  {
    secret = 'synthetic-secret-of-a-client',
    org = orgId,
    ...more
  }: { secret?: string | null; org?: string; [setting: string]: unknown } = {},
) {
  const connection = await connectOidc(harness, org, provider.issuer, {
    clientId,
    clientSecret: secret ?? undefined,
    scopes: ['groups'],
    groupRoles,
  });
  const base = `v1/sso/oidc/${connection}`;
  registered = [
    {
      client_id: clientId,
      ...(secret !== null && { client_secret: secret }),
      redirect_uris: [`http://127.0.0.1:3000/${base}/callback`],
      scope: 'openid email profile groups',
      post_logout_redirect_uris: ['http://127.0.0.1:3000/signed-out'],
      backchannel_logout_uri: `${harness.url}/${base}/backchannel-logout`,
      backchannel_logout_session_required: true,
      ...more,
    },
  ];
  provider.serve(registered);
  return connection;
}

async function signIn(client: Client, connection: string, browser: ProviderBrowser) {
  return client.get(await browser.goThrough(await departOidc(client, connection, '?returnTo=/v1/people')));
}

describe('a certified OpenID provider', () => {
  it('signs a user in through its own pages, with PKCE', async () => {
    const connection = await connect('confidential');
    const client = harness.client();
    const result = await signIn(client, connection, new ProviderBrowser(provider.issuer, 'director'));
    expect([result.status, result.headers.get('location')]).toEqual([303, '/v1/people']);
    expect((await client.get('/v1/auth/me')).body).toMatchObject({
      user: { email: 'director@certified.example.test', name: 'Synthetic Director' },
      role: 'program_director',
    });
  });

  it.each([
    ['with the secret in the form', { token_endpoint_auth_method: 'client_secret_post' }],
    ['as a public client with PKCE only', { token_endpoint_auth_method: 'none', secret: null }],
    ['with elliptic curve keys', { id_token_signed_response_alg: 'ES256' }],
    ['with Ed25519', { id_token_signed_response_alg: 'Ed25519' }],
  ])('authenticates this client %s', async (what, settings) => {
    const org = await harness.make.organization('gme');
    const connection = await connect(`client ${what}`.replaceAll(/\W/g, '-'), { org, ...settings });
    expect((await signIn(harness.client(), connection, new ProviderBrowser(provider.issuer, 'mentor'))).status).toBe(
      303,
    );
  });

  it('rejects a code that was requested with another PKCE verifier', async () => {
    const connection = await connect('injected', { org: await harness.make.organization('gme') });
    const [thief, victim] = [harness.client(), harness.client()];
    const stolen = new URL(
      await new ProviderBrowser(provider.issuer, 'mentor').goThrough(await departOidc(victim, connection)),
      harness.url,
    );
    const own = new URL(await departOidc(thief, connection));
    const iss = encodeURIComponent(provider.issuer);
    const injected =
      `/v1/sso/oidc/${connection}/callback?code=${stolen.searchParams.get('code')}&state=` +
      `${own.searchParams.get('state')}&iss=${iss}`;
    expect((await thief.get(injected)).status).toBe(403);
  });

  it('names its issuer in the response, and a response without the issuer is rejected', async () => {
    const connection = await connect('announced', { org: await harness.make.organization('gme') });
    const client = harness.client();
    const back = await new ProviderBrowser(provider.issuer, 'mentor').goThrough(await departOidc(client, connection));
    expect(back).toContain('&iss=');
    expect((await client.get(back.replace(/&iss=[^&]+/, ''))).status).toBe(403);
  });

  it('signs a user in after a key rotation', async () => {
    const connection = await connect('rotated', { org: await harness.make.organization('gme') });
    const browser = new ProviderBrowser(provider.issuer, 'mentor');
    expect((await signIn(harness.client(), connection, browser)).status).toBe(303);
    await provider.renewKeys();
    provider.serve(registered);
    harness.advance(61);
    expect((await signIn(harness.client(), connection, browser)).status).toBe(303);
  });

  it('ends every session of the same provider session at a logout, and no other session', async () => {
    const org = await harness.make.organization('gme');
    const connection = await connect('leaving', { org });
    const browser = new ProviderBrowser(provider.issuer, 'mentor');
    const [here, there, elsewhere] = [harness.client(), harness.client(), harness.client()];
    expect((await signIn(here, connection, browser)).status).toBe(303);
    expect((await signIn(there, connection, browser)).status).toBe(303);
    expect((await signIn(elsewhere, connection, new ProviderBrowser(provider.issuer, 'mentor'))).status).toBe(303);
    const logout = await here.get(`/v1/sso/oidc/${connection}/logout`);
    expect(logout.status).toBe(303);
    expect((await here.get('/v1/auth/me')).status).toBe(401);
    expect((await there.get('/v1/auth/me')).status).toBe(200);
    expect(await browser.goThrough(logout.headers.get('location')!)).toMatch(/^\/signed-out\?state=[\w-]{43}$/);
    await until('the back-channel logout has arrived', async () => (await there.get('/v1/auth/me')).status === 401);
    // the provider session of the other browser continues
    expect((await elsewhere.get('/v1/auth/me')).status).toBe(200);
    const events = await harness.database.superuser(
      `SELECT meta ->> 'ended' AS ended FROM audit_events WHERE org_id = $1 AND type = 'sso.sessions_ended'`,
      [org],
    );
    expect(events).toEqual([{ ended: '1' }]);
  });
});
