import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Harness } from '../harness/app.js';
import { connectOidc, refusals, signInByOidc, type OidcConnectionInput } from '../harness/oidc.js';
import { OidcIdp, type OidcAnswer } from '../harness/oidc-idp.js';

const DIRECTORY = '11111111-2222-4333-8444-555555555555';
const OTHER_DIRECTORY = '99999999-2222-4333-8444-555555555555';
const OBJECT = 'aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee';

let harness: Harness;
const providers: OidcIdp[] = [];

beforeAll(async () => {
  harness = await Harness.start();
});
afterAll(() => Promise.all([harness.stop(), ...providers.map((provider) => provider.stop())]));

/** Starts a provider with an issuer under a path of its host, and connects a new organization to it. */
async function setUp(path: string, documented: (origin: string) => string, more: OidcConnectionInput = {}) {
  const idp = await OidcIdp.start(path);
  providers.push(idp);
  idp.metadata = { issuer: documented(idp.origin) };
  const orgId = await harness.make.organization('gme');
  const connectionId = await connectOidc(harness, orgId, idp.issuer, {
    defaultRole: 'mentor',
    groupRoles: [],
    ...more,
  });
  const signIn = async (answer: OidcAnswer) => {
    const client = harness.client();
    const { status } = await signInByOidc(idp, client, connectionId, answer);
    return { status, client, reason: status === 303 ? undefined : (await refusals(harness, orgId)).at(-1) };
  };
  const keys = async () =>
    (
      await harness.database.superuser<{ subject_key: string }>(
        'SELECT subject_key FROM sso_identities WHERE connection_id = $1',
        [connectionId],
      )
    ).map(({ subject_key: key }) => key);
  return { idp, orgId, signIn, keys };
}

const entra = (iss: string, tid: string, more: object = {}) => ({
  iss,
  tid,
  oid: OBJECT,
  sub: 'pairwise',
  ver: '2.0',
  preferred_username: 'person@tenant.example.test',
  email: 'person@tenant.example.test',
  email_verified: undefined,
  xms_edov: true,
  groups: undefined,
  ...more,
});

describe('Entra ID', () => {
  it('of one directory: identifies users by object id and accepts e-mail addresses without a statement', async () => {
    const { idp, signIn, keys } = await setUp(`/${DIRECTORY}/v2.0`, (origin) => `${origin}/${DIRECTORY}/v2.0`, {
      subject: 'entra-object',
    });
    expect((await signIn({ claims: entra(idp.issuer, DIRECTORY, { xms_edov: false }) })).reason).toBe(
      'email_unverified',
    );
    expect((await signIn({ claims: entra(idp.issuer, DIRECTORY, { xms_edov: undefined }) })).status).toBe(303);
    expect((await signIn({ claims: entra(idp.issuer, DIRECTORY) })).status).toBe(303);
    expect(
      (
        await signIn({
          claims: entra(idp.issuer, DIRECTORY, { sub: 'another-pairwise', email: undefined }),
          userInfo: { sub: 'another-pairwise' },
        })
      ).status,
    ).toBe(303);
    expect(await keys()).toEqual([JSON.stringify(['entra', DIRECTORY, OBJECT])]);
    expect((await signIn({ claims: entra(idp.issuer, DIRECTORY, { oid: undefined }) })).reason).toBe(
      'subject_attributes_missing',
    );
  });

  it('of several directories: accepts only the configured directories, each with its own issuer', async () => {
    const { idp, signIn } = await setUp('/organizations/v2.0', (origin) => `${origin}/{tenantid}/v2.0`, {
      tenants: [DIRECTORY],
      subject: 'entra-object',
    });
    const issuer = (tid: string) => `${idp.origin}/${tid}/v2.0`;
    expect((await signIn({ claims: entra(issuer(DIRECTORY), DIRECTORY) })).status).toBe(303);
    expect((await signIn({ claims: entra(issuer(OTHER_DIRECTORY), OTHER_DIRECTORY) })).reason).toBe(
      'tenant_not_allowed',
    );
    expect((await signIn({ claims: entra(issuer(OTHER_DIRECTORY), DIRECTORY) })).reason).toBe('issuer_mismatch');
    expect((await signIn({ claims: entra(`${idp.origin}/{tenantid}/v2.0`, DIRECTORY) })).reason).toBe(
      'issuer_mismatch',
    );
    expect((await signIn({ claims: entra(issuer(DIRECTORY), DIRECTORY, { tid: undefined }) })).reason).toBe(
      'tenant_not_allowed',
    );
    expect((await signIn({ claims: entra(issuer(DIRECTORY), '{tenantid}') })).reason).toBe('tenant_not_allowed');
  });

  it('of several directories: accepts an e-mail address only with a statement that it is verified', async () => {
    const { idp, signIn } = await setUp('/common/v2.0', (origin) => `${origin}/{tenantid}/v2.0`, {
      tenants: [DIRECTORY, OTHER_DIRECTORY],
    });
    const from = (tid: string, more: object) =>
      signIn({ claims: entra(`${idp.origin}/${tid}/v2.0`, tid, { sub: `pairwise-${tid}`, ...more }) });
    expect((await from(DIRECTORY, { xms_edov: undefined })).reason).toBe('email_unverified');
    expect((await from(DIRECTORY, { xms_edov: '1' })).status).toBe(303);
  });

  it('of several directories: cannot be connected without a list of directories', async () => {
    const orgId = await harness.make.organization('gme');
    await expect(connectOidc(harness, orgId, 'https://login.example.test/common/v2.0')).rejects.toMatchObject({
      code: 'invalid_request',
    });
  });

  it('with omitted groups: rejects the sign-in, because the role would be a guess', async () => {
    const { idp, signIn } = await setUp(`/${DIRECTORY}/v2.0`, (origin) => `${origin}/${DIRECTORY}/v2.0`, {
      groupRoles: [{ group: OBJECT, role: 'program_director' }],
    });
    expect(
      (
        await signIn({
          claims: entra(idp.issuer, DIRECTORY, {
            _claim_names: { groups: 'src1' },
            _claim_sources: { src1: { endpoint: 'https://graph.example.test/' } },
          }),
        })
      ).reason,
    ).toBe('groups_truncated');
  });
});

describe('Azure AD B2C', () => {
  const flow = '/tenant.onmicrosoft.example/B2C_1_signin/v2.0';

  it.each([
    ['an issuer that its user flows share', (origin: string) => `${origin}/${DIRECTORY}/v2.0/`],
    ['an issuer of the user flow', (origin: string) => `${origin}/tfp/${DIRECTORY}/b2c_1_signin/v2.0/`],
  ])('with %s: accepts tokens of that user flow only', async (_what, documented) => {
    const { idp, signIn } = await setUp(flow, documented);
    const claims = { iss: documented(idp.origin), sub: OBJECT, tfp: 'B2C_1_signin' };
    expect((await signIn({ claims })).status).toBe(303);
    expect((await signIn({ claims: { ...claims, tfp: undefined, acr: 'b2c_1_signin' } })).status).toBe(303);
    expect((await signIn({ claims: { ...claims, tfp: 'B2C_1_new_password' } })).reason).toBe('b2c_policy_mismatch');
    expect((await signIn({ claims: { ...claims, tfp: undefined } })).reason).toBe('b2c_policy_mismatch');
  });
});

describe('Google', () => {
  it('accepts a hosted domain that the organization has verified or configured', async () => {
    const { orgId, idp, signIn } = await setUp('', (origin) => origin, { tenants: ['named.example.test'] });
    const google = (hd: unknown) => ({
      claims: {
        iss: idp.issuer,
        azp: 'client',
        sub: `11769${String(hd).length}`,
        hd,
        email: `person-${String(hd).length}@hosted.example.test`,
        groups: undefined,
      },
    });
    expect((await signIn(google('named.example.test'))).status).toBe(303);
    expect((await signIn(google('hosted.example.test'))).reason).toBe('hosted_domain_mismatch');
    await harness.database.superuser(
      `INSERT INTO sso_domains (org_id, id, domain, token, verified_at)
         VALUES ($1, gen_random_uuid(), 'hosted.example.test', 'not-a-token-at-all-0', now())`,
      [orgId],
    );
    expect((await signIn(google('hosted.example.test'))).status).toBe(303);
    expect((await signIn(google(['hosted.example.test']))).reason).toBe('hosted_domain_mismatch');
  });
});

describe('Okta and Keycloak', () => {
  it('Okta: accepts the issuer of an authorization server and groups by name', async () => {
    const { idp, signIn } = await setUp('/oauth2/default', (origin) => `${origin}/oauth2/default`, {
      defaultRole: undefined,
      groupRoles: [{ group: 'Vouchsafe Mentors', role: 'mentor' }],
      scopes: ['groups'],
    });
    const okta = {
      iss: idp.issuer,
      sub: '00u1synthetic',
      ver: 1,
      amr: ['pwd'],
      idp: '00o1synthetic',
      preferred_username: 'person@okta.example.test',
      auth_time: Math.floor(Date.now() / 1000),
    };
    expect((await signIn({ claims: { ...okta, groups: ['Everyone', 'Vouchsafe Mentors'] } })).status).toBe(303);
    expect((await signIn({ claims: { ...okta, groups: ['Everyone'] } })).reason).toBe('role_missing');
  });

  it('Keycloak: accepts a realm as issuer, roles in a nested claim, and a session id', async () => {
    const { idp, signIn } = await setUp('/realms/synthetic', (origin) => `${origin}/realms/synthetic`, {
      defaultRole: undefined,
      groupRoles: [{ group: 'mentor', role: 'mentor' }],
      groupAttribute: 'realm_access.roles',
    });
    const keycloak = {
      iss: idp.issuer,
      azp: 'client',
      typ: 'ID',
      sub: OBJECT,
      sid: 'synthetic-session',
      acr: '1',
      groups: undefined,
    };
    const { status, client } = await signIn({
      claims: { ...keycloak, realm_access: { roles: ['offline_access', 'mentor'] } },
    });
    expect([status, (await client.get('/v1/auth/me')).body.role]).toEqual([303, 'mentor']);
    expect((await signIn({ claims: { ...keycloak, realm_access: { roles: ['offline_access'] } } })).reason).toBe(
      'role_missing',
    );
  });
});
