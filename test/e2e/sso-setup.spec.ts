import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SamlJobs } from '../../src/modules/auth/saml/saml.jobs.js';
import { GUIDED } from '../../src/modules/auth/sso/setup-guide.js';
import { Harness } from '../harness/app.js';
import type { Client } from '../harness/client.js';
import type { Member } from '../harness/factories.js';
import { IdentityProvider, signInBySaml } from '../harness/identity-provider.js';
import { mailsTo } from '../harness/mail.js';
import { MetadataServer, metadataOf } from '../harness/metadata-server.js';
import { newSigningKey, type SigningKey } from '../harness/saml-idp.js';

const CONNECTIONS = '/v1/sso/connections';
const ENTITY = 'https://idp.test.example/metadata';
const ROLES = ['program_director', 'mentor'].map((role) => ({ group: `gme:${role}`, role }));
const DAY = 86_400;

let harness: Harness;
let provider: IdentityProvider;
let publisher: MetadataServer;
let keys: SigningKey[];
let org: string;
let owner: Member;
let director: Client;

beforeAll(async () => {
  [harness, provider, publisher, keys] = await Promise.all([
    Harness.start(),
    IdentityProvider.start(),
    MetadataServer.start(),
    Promise.all([1, 2, 3].map(() => newSigningKey())),
  ]);
  org = await harness.make.organization('gme');
  owner = await harness.make.member(org, 'program_director');
  director = await harness.signIn(owner.email);
});
afterAll(() => Promise.all([harness.stop(), provider.stop(), publisher.stop()]));

const statusAndCode = ({ status, body }: { status: number; body: { code?: string } }) => [status, body.code];
const auditEvents = (type: string, id: string) =>
  harness.database.superuser<{ outcome: string; meta: Record<string, unknown> }>(
    'SELECT outcome, meta FROM audit_events WHERE type = $1 AND target_id = $2 ORDER BY occurred_at, id',
    [type, id],
  );

async function createConnection(body: object, client = director): Promise<string> {
  const {
    status,
    text,
    body: connection,
  } = await client.post(CONNECTIONS, { name: 'Synthetic', defaultRole: 'mentor', ...body });
  expect([status, text]).toEqual([201, expect.any(String)]);
  return connection.id as string;
}

/** Creates a connection to the test identity provider. */
async function createSamlConnection(more: object = {}): Promise<string> {
  return createConnection({ metadata: await provider.metadata(), defaultRole: 'trainee', groupRoles: ROLES, ...more });
}

describe('the setup of a connection', () => {
  it('gives the same result from metadata, from a metadata URL, and from fields', async () => {
    publisher.publish(ENTITY, keys[0]!, keys[1]!);
    const fields = {
      idpEntityId: ENTITY,
      idpSsoUrl: 'https://idp.test.example/sso',
      idpCertificates: [keys[0]!.certificate, keys[1]!.certificate.replaceAll(/-----[A-Z ]+-----/g, '')],
    };
    const ids = [
      await createConnection({ metadata: metadataOf(ENTITY, [keys[0]!, keys[1]!]) }),
      await createConnection({ metadataUrl: publisher.url }),
      await createConnection(fields),
    ];
    const stored = await Promise.all(
      ids.map((id) =>
        harness.database.superuser(
          'SELECT idp_entity_id, idp_sso_url, idp_certificates FROM sso_connections WHERE id = $1',
          [id],
        ),
      ),
    );
    expect(stored[1]).toEqual(stored[0]);
    expect(stored[2]).toEqual(stored[0]);
    expect((await director.get(`${CONNECTIONS}/${ids[1]}`)).body).toMatchObject({
      idpMetadataUrl: publisher.url,
      metadataError: null,
      certificatesExpireAt: [expect.any(String), expect.any(String)],
    });
  });

  it('rejects several sources, incomplete fields, and internal URLs', async () => {
    const metadata = metadataOf(ENTITY, keys);
    for (const [body, code] of [
      [{ metadata, metadataUrl: publisher.url }, 'invalid_request'],
      [{ metadata, idpSsoUrl: 'https://idp.test.example/sso' }, 'invalid_request'],
      [{ idpSloUrl: 'https://idp.test.example/slo' }, 'invalid_request'],
      [{ idpEntityId: ENTITY }, 'invalid_request'],
      [{ metadataUrl: 'https://169.254.169.254/latest' }, 'invalid_metadata'],
      [{ metadataUrl: 'http://192.168.1.1/' }, 'invalid_metadata'],
      [{ metadataUrl: 'file:///etc/passwd' }, 'invalid_metadata'],
      [
        { idpEntityId: ENTITY, idpSsoUrl: 'http://idp.test.example', idpCertificates: [keys[0]!.certificate] },
        'invalid_metadata',
      ],
      [
        { idpEntityId: ENTITY, idpSsoUrl: 'https://idp.test.example', idpCertificates: ['nonsense'] },
        'invalid_metadata',
      ],
    ] as const)
      expect(statusAndCode(await director.post(CONNECTIONS, { name: 'x', ...body }))).toEqual([400, code]);
  });

  it('keeps no transaction open while it waits for the provider', async () => {
    publisher.publish(ENTITY, keys[0]!);
    const id = await createConnection({ metadata: metadataOf(ENTITY, [keys[1]!]) });
    const open: unknown[] = [];
    publisher.asked = async () => {
      open.push(
        ...(await harness.database.superuser(
          `SELECT query FROM pg_stat_activity WHERE datname = current_database() AND usename = 'vouchsafe_app'
             AND xact_start IS NOT NULL`,
        )),
      );
    };
    const { status, body } = await director.patch(`${CONNECTIONS}/${id}`, {
      metadataUrl: publisher.url,
      name: 'Published',
    });
    publisher.asked = async () => undefined;
    expect(open).toEqual([]);
    expect([status, body.idpMetadataUrl, body.name]).toEqual([200, publisher.url, 'Published']);
    expect((await auditEvents('sso.connection_updated', id)).length).toBe(1);
  });
});

describe('a draft', () => {
  const draft = async (body: object = {}) => {
    const { status, body: connection } = await director.post(CONNECTIONS, { name: 'Draft', ...body });
    expect([status, connection.status]).toEqual([201, 'draft']);
    return connection as Record<string, any>;
  };
  const login = (protocol: string, id: string) => harness.client().get(`/v1/sso/${protocol}/${id}/login`);

  it('shows the values for a SAML provider, and becomes ready without another change of them', async () => {
    const { id, ...values } = await draft({ signRequests: true });
    const shown = ['entityId', 'acsUrl', 'metadataUrl', 'spCertificates'] as const;
    expect(values['spCertificates']).toHaveLength(1);
    const metadata = (await harness.client().get(`/v1/sso/saml/${id}/metadata`)).text;
    expect(metadata).toContain(`entityID="${values['entityId']}"`);
    expect(metadata).toContain('use="encryption"');
    const guide = await director.get(`${CONNECTIONS}/${id}/guide?provider=generic`);
    expect([guide.status, JSON.stringify(guide.body.fields)]).toEqual([200, expect.stringContaining(values['acsUrl'])]);
    for (const body of [{ idpEntityId: ENTITY }, { idpSloUrl: 'https://idp.test.example/slo' }])
      expect(statusAndCode(await director.patch(`${CONNECTIONS}/${id}`, body))).toEqual([400, 'invalid_request']);
    expect((await director.patch(`${CONNECTIONS}/${id}`, { name: 'Renamed' })).body.status).toBe('draft');
    const { body } = await director.patch(`${CONNECTIONS}/${id}`, { metadata: metadataOf(ENTITY, [keys[0]!]) });
    expect(body.status).toBe('ready');
    expect(shown.map((name) => body[name])).toEqual(shown.map((name) => values[name]));
    expect((await login('saml', id)).status).toBe(302);
  });

  it('shows the values for an OpenID provider, and becomes ready with issuer and client id', async () => {
    const { id, callbackUrl, backchannelLogoutUrl } = await draft({ protocol: 'oidc', scopes: ['groups'] });
    expect([callbackUrl, backchannelLogoutUrl]).toEqual([
      `http://127.0.0.1:3000/v1/sso/oidc/${id}/callback`,
      `http://127.0.0.1:3000/v1/sso/oidc/${id}/backchannel-logout`,
    ]);
    expect(statusAndCode(await login('oidc', id))).toEqual([409, 'sso_connection_draft']);
    for (const body of [{ issuer: 'https://op.test.example' }, { clientId: 'client' }, { clientSecret: 'secret' }])
      expect(statusAndCode(await director.patch(`${CONNECTIONS}/${id}`, body))).toEqual([400, 'invalid_request']);
    const { body } = await director.patch(`${CONNECTIONS}/${id}`, {
      issuer: 'https://op.test.example',
      clientId: 'client',
      clientSecret: 'secret',
    });
    expect([body.status, body.hasClientSecret, body.scopes]).toEqual(['ready', true, ['groups']]);
  });

  it('cannot be used to sign in, be tested, be enforced, or be offered to users', async () => {
    const organization = await harness.make.organization('gme');
    const member = await harness.make.member(organization, 'program_director');
    const client = await harness.signIn(member.email);
    const { body: connection } = await client.post(CONNECTIONS, { name: 'Draft' });
    await harness.database.superuser(
      `INSERT INTO sso_domains (org_id, id, domain, token, verified_at)
         VALUES ($1, gen_random_uuid(), 'draft.test.example', 'shown-by-a-dns-record', now())`,
      [organization],
    );
    const page = await harness
      .client()
      .get(`/v1/sso/saml/${connection.id}/login`, { headers: { accept: 'text/html' } });
    expect([page.status, page.text]).toEqual([409, expect.stringContaining('The connection is a draft')]);
    expect(statusAndCode(await login('saml', connection.id))).toEqual([409, 'sso_connection_draft']);
    expect(statusAndCode(await client.post(`${CONNECTIONS}/${connection.id}/test`))).toEqual([
      409,
      'sso_connection_draft',
    ]);
    const posted = await harness.client().post(`/v1/sso/saml/${connection.id}/acs`, undefined, {
      raw: 'SAMLResponse=PHgvPg==',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    expect(statusAndCode(posted)).toEqual([409, 'sso_connection_draft']);
    expect((await harness.client().get('/v1/sso/discover?email=ada@draft.test.example')).body.connections).toEqual([]);
    const enforced = await client.patch('/v1/organizations/current/sign-in', { requireSso: true });
    expect(statusAndCode(enforced)).toEqual([409, 'sso_connection_not_tested']);
  });

  it('has all of the data or none and no test, also by raw SQL', async () => {
    const { id } = await draft();
    for (const change of [
      'tested_at = now()',
      `idp_entity_id = 'x'`,
      `idp_sso_url = 'https://x.test.example'`,
      `idp_certificates = '{x}'`,
    ])
      await expect(
        harness.database.superuser(`UPDATE sso_connections SET ${change} WHERE id = $1`, [id]),
      ).rejects.toThrow(/check constraint/);
  });
});

describe('published metadata', () => {
  const refresh = async (id: string) => {
    expect((await director.post(`${CONNECTIONS}/${id}/refresh`)).status).toBe(202);
    await harness.settled();
    return (await director.get(`${CONNECTIONS}/${id}`)).body;
  };

  it('is followed: added and removed certificates are applied and recorded', async () => {
    publisher.publish(ENTITY, keys[0]!);
    const id = await createConnection({ metadataUrl: publisher.url });
    publisher.publish(ENTITY, keys[0]!, keys[1]!);
    expect((await refresh(id)).certificatesExpireAt).toHaveLength(2);
    publisher.publish(ENTITY, keys[1]!);
    expect((await refresh(id)).certificatesExpireAt).toHaveLength(1);
    const [added] = await auditEvents('sso.certificate_added', id);
    const [removed] = await auditEvents('sso.certificate_removed', id);
    expect([added!.meta['certificate'], removed!.meta['certificate']]).toEqual([
      expect.stringMatching(/^[0-9a-f]{64}$/),
      expect.stringMatching(/^[0-9a-f]{64}$/),
    ]);
    expect(added!.meta).not.toEqual(removed!.meta);
  });

  it('keeps the last valid copy when it is unavailable, unreadable, or of another provider', async () => {
    publisher.publish(ENTITY, keys[0]!);
    const id = await createConnection({ metadataUrl: publisher.url });
    const before = await harness.database.superuser(
      'SELECT idp_entity_id, idp_certificates FROM sso_connections WHERE id = $1',
      [id],
    );
    publisher.status = 503;
    expect((await refresh(id)).metadataError).toBe('status_unexpected');
    publisher.status = 200;
    publisher.body = '<!DOCTYPE x []><x/>';
    expect((await refresh(id)).metadataError).toBe('xml_doctype');
    publisher.publish('https://other.test.example', keys[1]!);
    expect((await refresh(id)).metadataError).toBe('entity_id_changed');
    expect(
      await harness.database.superuser('SELECT idp_entity_id, idp_certificates FROM sso_connections WHERE id = $1', [
        id,
      ]),
    ).toEqual(before);
    publisher.publish(ENTITY, keys[0]!);
    expect((await refresh(id)).metadataError).toBeNull();
    expect(
      (await auditEvents('sso.metadata_refreshed', id)).map(({ outcome, meta }) => [outcome, meta['reason']]),
    ).toEqual([
      ['failure', 'status_unexpected'],
      ['failure', 'xml_doctype'],
      ['failure', 'entity_id_changed'],
      ['success', undefined],
    ]);
  });

  it('of several providers needs a choice, and the refresh follows the chosen provider', async () => {
    const other = 'https://other.test.example/metadata';
    const federation = (...entities: string[]): string =>
      `<EntitiesDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata">${entities.join('')}</EntitiesDescriptor>`;
    const bulk = Array.from({ length: 5_000 }, (_, i) => metadataOf(`https://idp-${i}.test.example`, [keys[2]!]));
    publisher.status = 200;
    publisher.body = federation(...bulk, metadataOf(ENTITY, [keys[0]!]), metadataOf(other, [keys[1]!]));
    expect(publisher.body.length).toBeGreaterThan(8_000_000);
    const body = { name: 'Federation', defaultRole: 'mentor', metadataUrl: publisher.url };
    const undecided = await director.post(CONNECTIONS, body);
    expect([...statusAndCode(undecided), undecided.body.total, undecided.body.entityIds.length]).toEqual([
      400,
      'idp_entity_id_required',
      5_002,
      100,
    ]);
    expect(undecided.body.detail).toContain('https://idp-0.test.example');
    const unknown = await director.post(CONNECTIONS, { ...body, idpEntityId: 'https://missing.test.example' });
    expect(statusAndCode(unknown)).toEqual([400, 'idp_entity_id_required']);
    const id = await createConnection({ metadataUrl: publisher.url, idpEntityId: ENTITY });
    publisher.body = federation(metadataOf(other, [keys[1]!]), metadataOf(ENTITY, [keys[0]!, keys[2]!]));
    const after = await refresh(id);
    expect([after.idpEntityId, after.certificatesExpireAt.length, after.metadataError]).toEqual([ENTITY, 2, null]);
    publisher.body = federation(metadataOf(other, [keys[1]!]), metadataOf('https://third.test.example', [keys[1]!]));
    expect((await refresh(id)).metadataError).toBe('metadata_ambiguous');
  });

  it('is used without its unusable parts, which the administrator sees', async () => {
    const weak = await newSigningKey(1024);
    publisher.publish(ENTITY, keys[0]!);
    const id = await createConnection({ metadataUrl: publisher.url });
    expect((await director.get(`${CONNECTIONS}/${id}`)).body.metadataWarnings).toEqual([]);
    publisher.publish(ENTITY, weak, keys[1]!);
    publisher.body = publisher.body.replace(
      '<SingleSignOnService',
      '<SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="http://idp.test/"/>$&',
    );
    const warnings = [
      { code: 'logout_url_skipped', detail: 'http://idp.test/' },
      { code: 'certificate_skipped', detail: expect.stringContaining('rsa 1024') },
    ];
    const after = await refresh(id);
    expect([after.metadataWarnings, after.metadataError, after.certificatesExpireAt.length]).toEqual([
      warnings,
      null,
      1,
    ]);
    expect((await director.get(`${CONNECTIONS}/${id}/guide?provider=okta`)).body.metadataWarnings).toEqual(warnings);
    expect((await auditEvents('sso.metadata_refreshed', id)).map(({ meta }) => meta)).toEqual([
      { warnings: ['certificate_skipped', 'logout_url_skipped'] },
    ]);
    publisher.publish(ENTITY, weak);
    expect((await refresh(id)).metadataError).toBe('metadata_certificate');
    expect((await director.get(`${CONNECTIONS}/${id}`)).body.certificatesExpireAt).toHaveLength(1);
    publisher.publish(ENTITY, keys[1]!);
    expect((await refresh(id)).metadataWarnings).toEqual([]);
  });

  it('cannot be refreshed without a metadata URL', async () => {
    expect(
      statusAndCode(
        await director.post(`${CONNECTIONS}/${await createConnection({ metadata: metadataOf(ENTITY, keys) })}/refresh`),
      ),
    ).toEqual([409, 'no_metadata_url']);
  });
});

it("guides through the forms of each provider with the connection's own values", async () => {
  const withoutLogout: readonly string[] = ['google', 'jumpcloud'];
  const withoutCertificate: readonly string[] = [...withoutLogout.slice(0, 1), 'auth0', 'shibboleth', 'cas'];
  const [id, withKey] = [await createSamlConnection(), await createSamlConnection({ wantAssertionEncrypted: true })];
  for (const name of GUIDED) {
    const [plain, encrypted] = await Promise.all(
      [id, withKey].map(async (one) => {
        const { status, body } = await director.get(`${CONNECTIONS}/${one}/guide?provider=${name}`);
        expect([status, body.attributes.length]).toEqual([200, 3]);
        return body.fields.map(({ value }: { value: string }) => value).join('\n') as string;
      }),
    );
    for (const path of ['metadata', 'acs', 'login', ...(withoutLogout.includes(name) ? [] : ['logout'])])
      expect(plain).toContain(`http://127.0.0.1:3000/v1/sso/saml/${id}/${path}`);
    expect([name, encrypted!.includes('BEGIN CERTIFICATE')]).toEqual([name, !withoutCertificate.includes(name)]);
    expect(`${plain}${encrypted}`).not.toMatch(
      /\{(?:acs|acsPattern|entity|metadata|login|logout|certificate|encrypts)\}/,
    );
  }
  expect((await director.get(`${CONNECTIONS}/${id}/guide?provider=other`)).status).toBe(400);
});

it('ends the sessions of a disabled or deleted connection, and no others', async () => {
  const [off, gone, kept] = [await createSamlConnection(), await createSamlConnection(), await createSamlConnection()];
  const clients = await Promise.all(
    [off, gone, kept].map(async (id, i) => {
      const client = harness.client();
      await signInBySaml(provider, client, id, `${['admin', 'owner', 'member'][i]}@workforce.example`);
      return client;
    }),
  );
  const statuses = () => Promise.all(clients.map(async (client) => (await client.get('/v1/auth/me')).status));
  expect(await statuses()).toEqual([200, 200, 200]);
  await director.patch(`${CONNECTIONS}/${off}`, { enabled: false });
  await director.delete(`${CONNECTIONS}/${gone}`);
  expect(await statuses()).toEqual([401, 401, 200]);
});

it('warns once each at thirty days, seven days, and one day before the last certificate expires', async () => {
  const newOrg = await harness.make.organization('gme');
  const newOwner = await harness.make.member(newOrg, 'program_director');
  const id = await createConnection({ metadata: metadataOf(ENTITY, [keys[0]!]) }, await harness.signIn(newOwner.email));
  const day = async (days: number) => {
    harness.advance((365 - days) * DAY);
    for (let twice = 0; twice < 2; twice += 1)
      await harness.operator.within(newOrg, () => harness.worker.get(SamlJobs).daily());
    await harness.settled();
    harness.advance((days - 365) * DAY);
    return (await mailsTo(harness, newOwner.email)).map(({ text }) => /expires within (.*)\./.exec(text)?.[1]);
  };
  const mails: unknown[] = [];
  for (const days of [40, 29, 20, 6, 0.5]) mails.push(await day(days));
  expect(mails).toEqual([[], ['30 days'], ['30 days'], ['30 days', '7 days'], ['30 days', '7 days', 'a day']]);
  expect((await auditEvents('sso.certificate_expiring', id)).map(({ meta }) => meta['days'])).toEqual([30, 7, 1]);
});
