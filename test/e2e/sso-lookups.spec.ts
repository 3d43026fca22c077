import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { serviceProviderUrls } from '../../src/modules/auth/saml/saml-connection.js';
import { SsoSetupService } from '../../src/modules/auth/sso/sso-setup.service.js';
import { Kms } from '../../src/platform/crypto/kms.js';
import { Harness } from '../harness/app.js';
import { IdentityProvider, postSaml } from '../harness/identity-provider.js';
import { connectOidc, departOidc } from '../harness/oidc.js';
import { OidcIdp } from '../harness/oidc-idp.js';
import { testConnection } from '../harness/saml-sign-in.js';
import { logoutXml, nameId, newSigningKey, redirectQuery, truthfulLogout } from '../harness/saml-idp.js';

const PUBLIC = 'http://127.0.0.1:3000';
const MENTOR = 'mentor@gme.example';

let harness: Harness;
let provider: IdentityProvider;
let idp: OidcIdp;
let orgId: string;
let saml: string;
let oidc: string;
const counts = { statements: [] as string[], unwraps: 0 };

beforeAll(async () => {
  [harness, provider, idp] = await Promise.all([
    Harness.start({ takeJobs: false }),
    IdentityProvider.start(),
    OidcIdp.start(),
  ]);
  orgId = await harness.make.organization('gme');
  saml = await connectSaml({ metadata: await provider.metadata(), signRequests: true });
  oidc = await connectOidc(harness, orgId, idp.issuer);
  observe();
});
afterAll(() => Promise.all([harness.stop(), provider.stop(), idp.stop()]));

/** Connects the organization to a SAML provider. Returns the connection's id. */
async function connectSaml(settings: object): Promise<string> {
  const { id } = await harness.operator.within(orgId, () =>
    harness.operator.app.get(SsoSetupService).create({ name: 'Test', defaultRole: 'mentor', ...settings }),
  );
  return id;
}

/**
 * Counts database statements and KMS unwraps. The API and the worker run in this process and share one
 * Passport instance.
 */
function observe(): void {
  for (const app of [harness.api, harness.worker]) {
    const kms = app.get(Kms);
    const unwrap = kms.unwrap.bind(kms);
    jest.spyOn(kms, 'unwrap').mockImplementation((...args) => {
      counts.unwraps += 1;
      return unwrap(...args);
    });
  }
  const query = pg.Client.prototype.query as (...args: unknown[]) => void;
  jest.spyOn(pg.Client.prototype, 'query').mockImplementation(function (this: pg.Client, ...args: unknown[]) {
    const [first] = args as [string | { text: string }];
    counts.statements.push(typeof first === 'string' ? first : first.text);
    return query.apply(this, args);
  });
}

/** Returns the counts of one request. */
async function costOf(request: () => Promise<{ status: number }>) {
  Object.assign(counts, { statements: [], unwraps: 0 });
  const { status } = await request();
  const lookups = counts.statements.filter((text) => text.includes('app.find_sso_connection')).length;
  return { status, lookups, unwraps: counts.unwraps, statements: counts.statements.length };
}

describe('one request about a connection looks it up once and unwraps its key once', () => {
  it('a SAML response that opens a session', async () => {
    const client = harness.client();
    const { headers } = await client.get(`/v1/sso/saml/${saml}/login`);
    const { fields } = await provider.answer(headers.get('location')!, MENTOR);
    const cost = await costOf(() => postSaml(client, saml, fields));
    expect(cost).toMatchObject({ status: 303, lookups: 1, unwraps: 1 });
  });

  it('an OpenID Connect callback that opens a session', async () => {
    const client = harness.client();
    const callback = idp.approve(await departOidc(client, oidc), {});
    const cost = await costOf(() => client.get(callback));
    expect(cost).toMatchObject({ status: 303, lookups: 1, unwraps: 1 });
  });

  it('a logout request that a SAML provider signed', async () => {
    const key = await newSigningKey();
    const id = await connectSaml({
      idpEntityId: 'https://idp.example.test/metadata',
      idpSsoUrl: 'https://idp.example.test/sso',
      idpSloUrl: 'https://idp.example.test/slo',
      idpCertificates: [key.certificate],
    });
    const connection = { ...testConnection(id, [key.certificate]), ...serviceProviderUrls(PUBLIC, id) };
    const xml = logoutXml('LogoutRequest', { ...truthfulLogout(connection), inside: nameId('subject-1') });
    const query = redirectQuery('SAMLRequest', xml, key);
    const cost = await costOf(() => harness.client().get(`/v1/sso/saml/${id}/logout?${query}`));
    expect(cost).toMatchObject({ status: 303, lookups: 1, unwraps: 1 });
  });

  it('a logout token that ends a session', async () => {
    const now = Math.floor(Date.now() / 1000);
    const token = await idp.sign(
      {
        iss: idp.issuer,
        aud: 'client',
        iat: now,
        exp: now + 120,
        jti: 'once',
        sid: 'some-session',
        events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
      },
      { header: { typ: 'logout+jwt' } },
    );
    const cost = await costOf(() =>
      harness.client().post(`/v1/sso/oidc/${oidc}/backchannel-logout`, undefined, {
        raw: new URLSearchParams({ logout_token: token }).toString(),
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      }),
    );
    expect(cost).toMatchObject({ status: 200, lookups: 1, unwraps: 1 });
  });

  it('a connection test that passes', async () => {
    const { email } = await harness.make.member(orgId, 'program_director');
    const director = await harness.signIn(email);
    const { body } = await director.post(`/v1/sso/connections/${saml}/test`);
    const { fields } = await provider.answer(body.url as string, MENTOR);
    const cost = await costOf(() => postSaml(director, saml, fields));
    expect(cost).toMatchObject({ status: 303, lookups: 1, unwraps: 1 });
    expect((await director.get(`/v1/sso/connections/${saml}/test`)).body).toMatchObject({ passed: true });
  });
});
