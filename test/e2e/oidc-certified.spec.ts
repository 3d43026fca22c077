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

/** Connects the organization and registers us with the provider, as its administrator would. */
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
      post_logout_redirect_uris: ['http://127.0.0.1:3000/'],
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
  it('signs somebody in through its own pages, with PKCE', async () => {
    const connection = await connect('confidential');
    const client = harness.client();
    const arrived = await signIn(client, connection, new ProviderBrowser(provider.issuer, 'director'));
    expect([arrived.status, arrived.headers.get('location')]).toEqual([303, '/v1/people']);
    expect((await client.get('/v1/auth/me')).body).toMatchObject({
      user: { email: 'director@certified.example.test', name: 'Synthetic Director' },
      role: 'program_director',
    });
  });

  it.each([
    ['by a form', { token_endpoint_auth_method: 'client_secret_post' }],
    ['as a public client, by PKCE alone', { token_endpoint_auth_method: 'none', secret: null }],
    ['with keys of elliptic curves', { id_token_signed_response_alg: 'ES256' }],
    ['with Ed25519', { id_token_signed_response_alg: 'Ed25519' }],
  ])('knows us %s', async (what, settings) => {
    const org = await harness.make.organization('gme');
    const connection = await connect(`client ${what}`.replaceAll(/\W/g, '-'), { org, ...settings });
    expect((await signIn(harness.client(), connection, new ProviderBrowser(provider.issuer, 'mentor'))).status).toBe(
      303,
    );
  });

  it('refuses a code without the verifier that it was asked for with', async () => {
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

  it('announces who answers, and its answer without that is refused', async () => {
    const connection = await connect('announced', { org: await harness.make.organization('gme') });
    const client = harness.client();
    const back = await new ProviderBrowser(provider.issuer, 'mentor').goThrough(await departOidc(client, connection));
    expect(back).toContain('&iss=');
    expect((await client.get(back.replace(/&iss=[^&]+/, ''))).status).toBe(403);
  });

  it('signs in after its keys have changed', async () => {
    const connection = await connect('rotated', { org: await harness.make.organization('gme') });
    const browser = new ProviderBrowser(provider.issuer, 'mentor');
    expect((await signIn(harness.client(), connection, browser)).status).toBe(303);
    await provider.renewKeys();
    provider.serve(registered);
    harness.advance(61);
    expect((await signIn(harness.client(), connection, browser)).status).toBe(303);
  });

  it('ends every session that it began when somebody leaves one of them, and no other', async () => {
    const org = await harness.make.organization('gme');
    const connection = await connect('leaving', { org });
    const browser = new ProviderBrowser(provider.issuer, 'mentor');
    const [here, there, elsewhere] = [harness.client(), harness.client(), harness.client()];
    expect((await signIn(here, connection, browser)).status).toBe(303);
    expect((await signIn(there, connection, browser)).status).toBe(303);
    expect((await signIn(elsewhere, connection, new ProviderBrowser(provider.issuer, 'mentor'))).status).toBe(303);
    const left = await here.get(`/v1/sso/oidc/${connection}/logout`);
    expect(left.status).toBe(303);
    expect((await here.get('/v1/auth/me')).status).toBe(401);
    expect((await there.get('/v1/auth/me')).status).toBe(200);
    expect(await browser.goThrough(left.headers.get('location')!)).toBe('/');
    await until('the provider has told us', async () => (await there.get('/v1/auth/me')).status === 401);
    expect((await elsewhere.get('/v1/auth/me')).status).toBe(200); // the provider's session in another browser goes on
    const events = await harness.database.superuser(
      `SELECT meta ->> 'ended' AS ended FROM audit_events WHERE org_id = $1 AND type = 'sso.sessions_ended'`,
      [org],
    );
    expect(events).toEqual([{ ended: '1' }]);
  });
});
