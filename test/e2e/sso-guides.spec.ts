import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { OIDC_GUIDES } from '../../src/modules/auth/oidc/guides/index.js';
import { SAML_GUIDES } from '../../src/modules/auth/saml/guides/index.js';
import { GUIDED } from '../../src/modules/auth/sso/setup-guide.js';
import { Harness } from '../harness/app.js';
import { Browser } from '../harness/browser.js';
import { departOidc } from '../harness/oidc.js';
import { CertifiedProvider, ProviderBrowser } from '../harness/oidc-certified.js';
import { SamlpProvider } from '../harness/samlp-idp.js';

const PUBLIC = 'http://127.0.0.1:3000';
const CONNECTIONS = '/v1/sso/connections';
const EMAIL = 'ada@guided.example.test';
const NAME = 'Ada Guided';
const GROUPS = ['staff', 'vouchsafe-mentors'];
/** The ids that Entra ID sends in every response: by the names of SAML, and by those of OpenID Connect. */
const [TENANT, OBJECT] = ['11111111-2222-4333-8444-555555555555', 'aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee'];
const ENTRA = {
  'http://schemas.microsoft.com/identity/claims/tenantid': TENANT,
  'http://schemas.microsoft.com/identity/claims/objectidentifier': OBJECT,
};

interface Guide {
  place: string;
  fields: { field: string; value: string }[];
  attributes: { name: string; source: string; purpose: string }[];
  settings: { field: string; value: string }[];
  nextSteps: string[];
}

let harness: Harness;
let saml: SamlpProvider;
let oidc: CertifiedProvider;
beforeAll(async () => {
  [harness, saml, oidc] = await Promise.all([Harness.start(), new SamlpProvider().start(), CertifiedProvider.start()]);
});
afterAll(() => Promise.all([harness.stop(), saml.stop(), oidc.stop()]));

/** Creates a connection in a new organization, reads its guide, and sets the settings of the guide. */
async function guided(provider: string, body: object) {
  const org = await harness.make.organization('gme');
  const director = await harness.signIn((await harness.make.member(org, 'program_director')).email);
  const created = await director.post(CONNECTIONS, {
    name: provider,
    groupRoles: [{ group: 'vouchsafe-mentors', role: 'mentor' }],
    defaultRole: 'trainee',
    ...body,
  });
  expect([created.status, created.text]).toEqual([201, expect.any(String)]);
  const id = created.body.id as string;
  const answer = await director.get(`${CONNECTIONS}/${id}/guide?provider=${provider}`);
  expect(answer.status).toBe(200);
  const guide = answer.body as Guide;
  const settings = Object.fromEntries(
    guide.settings.map(({ field, value }) => [field, value.startsWith('[') ? JSON.parse(value) : value]),
  );
  if (guide.settings.length > 0) expect((await director.patch(`${CONNECTIONS}/${id}`, settings)).status).toBe(200);
  const [email, name, groups] = guide.attributes.map((attribute) => attribute.name) as [string, string, string];
  const values = guide.fields.map(({ value }) => value).join('\n');
  return {
    id,
    guide,
    values,
    user: { [email]: EMAIL, [name]: NAME, [groups]: GROUPS },
    names: { email, name, groups },
  };
}

describe('a SAML provider that is configured by the guide', () => {
  it.each(GUIDED)('of %s signs a user in with the address, the name, and the role', async (provider) => {
    const { sends } = SAML_GUIDES[provider];
    const { id, values, user } = await guided(provider, { metadata: saml.metadata() });
    for (const path of ['metadata', 'acs', 'login']) expect(values).toContain(`${PUBLIC}/v1/sso/saml/${id}/${path}`);
    saml.trust((await harness.client().get(`/v1/sso/saml/${id}/metadata`)).text);
    saml.behaviour = { signResponse: sends.signs === 'both', encrypt: false, wantSigned: false };
    saml.profile = { nameIdFormat: sends.nameIdFormat, attributes: { ...user, ...ENTRA } };
    const browser = new Browser({ [PUBLIC]: harness.url });
    const { status, body } = await browser.visit(`${PUBLIC}/v1/sso/saml/${id}/login?returnTo=/v1/auth/me`);
    expect([status, body]).toMatchObject([200, { user: { email: EMAIL, name: NAME }, role: 'mentor' }]);
  });
});

describe('an OpenID provider that is configured by the guide', () => {
  it.each(GUIDED)('of %s signs a user in with the address, the name, and the role', async (provider) => {
    const { sends } = OIDC_GUIDES[provider];
    const client = { clientId: `guided-${provider}`, clientSecret: 'synthetic-secret-of-a-client' };
    const body = { protocol: 'oidc', issuer: oidc.issuer, ...client };
    const { id, guide, values, user, names } = await guided(provider, body);
    const callback = `${PUBLIC}/v1/sso/oidc/${id}/callback`;
    expect(values).toContain(callback);
    expect(values).toContain(`${PUBLIC}/v1/sso/oidc/${id}/login`);
    const scopes = guide.settings.flatMap(({ field, value }) =>
      field === 'scopes' ? (JSON.parse(value) as string[]) : [],
    );
    oidc.people = { ada: { ...user, tid: TENANT, oid: OBJECT, ...(sends.emailVerified && { email_verified: true }) } };
    oidc.claims = {
      openid: ['sub', 'tid', 'oid'],
      email: [names.email, ...(sends.emailVerified ? ['email_verified'] : [])],
      profile: [names.name],
    };
    if (sends.groups !== false) (oidc.claims[scopes[0] ?? 'profile'] ??= []).push(names.groups);
    oidc.claimsInUserInfo = sends.claimsIn === 'userinfo';
    oidc.serve([
      {
        client_id: client.clientId,
        client_secret: client.clientSecret,
        redirect_uris: [callback],
        token_endpoint_auth_method: sends.authentication,
        scope: ['openid', 'email', 'profile', ...scopes].join(' '),
      },
    ]);
    const person = harness.client();
    const location = await departOidc(person, id);
    const back = await person.get(await new ProviderBrowser(oidc.issuer, 'ada').goThrough(location));
    expect([back.status, back.text]).toEqual([303, expect.any(String)]);
    const role = sends.groups === false ? 'trainee' : 'mentor';
    expect((await person.get('/v1/auth/me')).body).toMatchObject({ user: { email: EMAIL, name: NAME }, role });
  });
});
