import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SamlJobs } from '../../src/modules/auth/saml/saml.jobs.js';
import { Harness } from '../harness/app.js';
import type { Client } from '../harness/client.js';
import type { Member } from '../harness/factories.js';
import { IdentityProvider, postSaml, signInBySaml } from '../harness/identity-provider.js';
import { mailsTo } from '../harness/mail.js';
import { MetadataServer, metadataOf } from '../harness/metadata-server.js';
import { newSigningKey, type SigningKey } from '../harness/saml-idp.js';

const CONNECTIONS = '/v1/sso/connections';
const SIGN_IN = '/v1/organizations/current/sign-in';
const ENTITY = 'https://idp.test.example/metadata';
const ROLES = ['program_director', 'mentor'].map((role) => ({ group: `gme:${role}`, role }));
const DAY = 86_400;

let harness: Harness;
let provider: IdentityProvider;
let publisher: MetadataServer;
let keys: SigningKey[];
let org: string;
let leader: Member;
let director: Client;

beforeAll(async () => {
  [harness, provider, publisher, keys] = await Promise.all([
    Harness.start(),
    IdentityProvider.start(),
    MetadataServer.start(),
    Promise.all([1, 2, 3].map(() => newSigningKey())),
  ]);
  org = await harness.make.organization('gme');
  leader = await harness.make.member(org, 'program_director');
  director = await harness.signIn(leader.email);
});
afterAll(() => Promise.all([harness.stop(), provider.stop(), publisher.stop()]));

const seen = ({ status, body }: { status: number; body: { code?: string } }) => [status, body.code];
const logged = (type: string, id: string) =>
  harness.database.superuser<{ outcome: string; meta: Record<string, unknown> }>(
    'SELECT outcome, meta FROM audit_events WHERE type = $1 AND target_id = $2 ORDER BY occurred_at, id',
    [type, id],
  );

async function created(body: object, client = director): Promise<string> {
  const {
    status,
    text,
    body: made,
  } = await client.post(CONNECTIONS, { name: 'Synthetic', defaultRole: 'mentor', ...body });
  expect([status, text]).toEqual([201, expect.any(String)]);
  return made.id as string;
}

/** A connection to the provider that signs people in. */
async function connected(more: object = {}): Promise<string> {
  return created({ metadata: await provider.metadata(), defaultRole: 'trainee', groupRoles: ROLES, ...more });
}

async function tried(client: Client, id: string, email = 'mentor@gme.example') {
  const { status, body } = await client.post(`${CONNECTIONS}/${id}/test`);
  expect(status).toBe(201);
  const { fields } = await provider.answer(body.url, email);
  return { fields, answer: await postSaml(client, id, fields) };
}

describe('a connection is set up', () => {
  it('from metadata, from its address, or from fields, to the same', async () => {
    publisher.publish(ENTITY, keys[0]!, keys[1]!);
    const fields = {
      idpEntityId: ENTITY,
      idpSsoUrl: 'https://idp.test.example/sso',
      idpCertificates: [keys[0]!.certificate, keys[1]!.certificate.replaceAll(/-----[A-Z ]+-----/g, '')],
    };
    const ids = [
      await created({ metadata: metadataOf(ENTITY, [keys[0]!, keys[1]!]) }),
      await created({ metadataUrl: publisher.url }),
      await created(fields),
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
      metadataProblem: null,
      certificatesExpireAt: [expect.any(String), expect.any(String)],
    });
  });

  it('is not from several of these, from half of the fields, or from an address inside', async () => {
    const metadata = metadataOf(ENTITY, keys);
    for (const [body, code] of [
      [{ metadata, metadataUrl: publisher.url }, 'invalid_request'],
      [{ metadata, idpEntityId: ENTITY }, 'invalid_request'],
      [{}, 'invalid_request'],
      [{ idpEntityId: ENTITY }, 'invalid_request'],
      [{ metadataUrl: 'https://169.254.169.254/latest' }, 'metadata_refused'],
      [{ metadataUrl: 'http://192.168.1.1/' }, 'metadata_refused'],
      [{ metadataUrl: 'file:///etc/passwd' }, 'metadata_refused'],
      [
        { idpEntityId: ENTITY, idpSsoUrl: 'http://idp.test.example', idpCertificates: [keys[0]!.certificate] },
        'metadata_refused',
      ],
      [
        { idpEntityId: ENTITY, idpSsoUrl: 'https://idp.test.example', idpCertificates: ['nonsense'] },
        'metadata_refused',
      ],
    ] as const)
      expect(seen(await director.post(CONNECTIONS, { name: 'x', ...body }))).toEqual([400, code]);
  });

  it('keeps no transaction open while it waits for the provider', async () => {
    publisher.publish(ENTITY, keys[0]!);
    const id = await created({ metadata: metadataOf(ENTITY, [keys[1]!]) });
    const open: unknown[] = [];
    publisher.asked = async () => {
      open.push(
        ...(await harness.database.superuser(
          `SELECT query FROM pg_stat_activity WHERE datname = current_database() AND usename = 'vouchsafe_app' AND xact_start IS NOT NULL`,
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
    expect((await logged('sso.connection_updated', id)).length).toBe(1);
  });
});

describe('metadata that is published', () => {
  const refreshed = async (id: string) => {
    expect((await director.post(`${CONNECTIONS}/${id}/refresh`)).status).toBe(202);
    await harness.settled();
    return (await director.get(`${CONNECTIONS}/${id}`)).body;
  };

  it('is followed: certificates come and go, and the log says which', async () => {
    publisher.publish(ENTITY, keys[0]!);
    const id = await created({ metadataUrl: publisher.url });
    publisher.publish(ENTITY, keys[0]!, keys[1]!);
    expect((await refreshed(id)).certificatesExpireAt).toHaveLength(2);
    publisher.publish(ENTITY, keys[1]!);
    expect((await refreshed(id)).certificatesExpireAt).toHaveLength(1);
    const [added] = await logged('sso.certificate_added', id);
    const [removed] = await logged('sso.certificate_removed', id);
    expect([added!.meta['certificate'], removed!.meta['certificate']]).toEqual([
      expect.stringMatching(/^[0-9a-f]{64}$/),
      expect.stringMatching(/^[0-9a-f]{64}$/),
    ]);
    expect(added!.meta).not.toEqual(removed!.meta);
  });

  it("leaves the last good copy where it is not to be had, cannot be read, or is another provider's", async () => {
    publisher.publish(ENTITY, keys[0]!);
    const id = await created({ metadataUrl: publisher.url });
    const before = await harness.database.superuser(
      'SELECT idp_entity_id, idp_certificates FROM sso_connections WHERE id = $1',
      [id],
    );
    publisher.status = 503;
    expect((await refreshed(id)).metadataProblem).toBe('status_unexpected');
    publisher.status = 200;
    publisher.body = '<!DOCTYPE x []><x/>';
    expect((await refreshed(id)).metadataProblem).toBe('xml_doctype');
    publisher.publish('https://other.test.example', keys[1]!);
    expect((await refreshed(id)).metadataProblem).toBe('entity_id_changed');
    expect(
      await harness.database.superuser('SELECT idp_entity_id, idp_certificates FROM sso_connections WHERE id = $1', [
        id,
      ]),
    ).toEqual(before);
    publisher.publish(ENTITY, keys[0]!);
    expect((await refreshed(id)).metadataProblem).toBeNull();
    expect((await logged('sso.metadata_refreshed', id)).map(({ outcome, meta }) => [outcome, meta['reason']])).toEqual([
      ['failure', 'status_unexpected'],
      ['failure', 'xml_doctype'],
      ['failure', 'entity_id_changed'],
      ['success', undefined],
    ]);
  });

  it('is not asked for where it has no address', async () => {
    expect(
      seen(await director.post(`${CONNECTIONS}/${await created({ metadata: metadataOf(ENTITY, keys) })}/refresh`)),
    ).toEqual([409, 'no_metadata_url']);
  });
});

describe('a test sign-in', () => {
  it('shows what arrived and what role it would be, and opens no session', async () => {
    const id = await connected({
      attributeRoles: [{ attribute: 'mail', value: 'nobody@test.example', role: 'mentor' }],
    });
    const before = await harness.database.superuser('SELECT count(*) FROM sessions');
    const { answer } = await tried(director, id);
    expect([answer.status, answer.headers.get('location')]).toEqual([303, `${CONNECTIONS}/${id}/test`]);
    expect(await harness.database.superuser('SELECT count(*) FROM sessions')).toEqual(before);
    expect(await harness.database.superuser(`SELECT 1 FROM users WHERE email = 'mentor@gme.example'`)).toEqual([]);
    const { body } = await director.get(`${CONNECTIONS}/${id}/test`);
    expect(body).toMatchObject({
      passed: true,
      email: 'mentor@gme.example',
      groups: ['gme:mentor'],
      role: 'mentor',
      rule: { kind: 'group', group: 'gme:mentor', role: 'mentor' },
    });
    expect(body.attributes.map(({ name }: { name: string }) => name)).toContain('mail');
    expect((await director.get(`${CONNECTIONS}/${id}`)).body.testedAt).not.toBeNull();
    const [stored] = await harness.database.superuser<{ row: string }>(
      'SELECT to_jsonb(a)::text AS row FROM sso_attempts a WHERE connection_id = $1',
      [id],
    );
    expect(stored!.row).not.toMatch(/mentor@gme\.example/);
  });

  it('is taken from the browser that began it alone, once, and its result is shown to whoever tried', async () => {
    const id = await connected();
    const { body } = await director.post(`${CONNECTIONS}/${id}/test`);
    const { fields } = await provider.answer(body.url, 'mentor@gme.example');
    const victim = harness.client();
    await victim.get(`/v1/sso/saml/${id}/login`);
    expect(seen(await postSaml(victim, id, fields))).toEqual([403, 'sso_refused']);
    expect((await postSaml(director, id, fields)).status).toBe(303);
    expect(seen(await postSaml(director, id, fields))).toEqual([403, 'sso_refused']);
    const other = await harness.signIn((await harness.make.member(org, 'program_director')).email);
    expect((await other.get(`${CONNECTIONS}/${id}/test`)).status).toBe(404);
  });

  it('does not pass without a role', async () => {
    const id = await created({ metadata: await provider.metadata(), defaultRole: undefined, groupRoles: ROLES });
    await tried(director, id, 'trainee@gme.example');
    expect((await director.get(`${CONNECTIONS}/${id}/test`)).body).toMatchObject({
      passed: false,
      reason: 'role_missing',
      role: null,
      groups: ['gme:trainee'],
    });
    expect((await director.get(`${CONNECTIONS}/${id}`)).body.testedAt).toBeNull();
  });

  it('is needed before single sign-on is enforced, and again after the provider was changed', async () => {
    const site = await harness.make.organization('gme');
    const lead = await harness.make.member(site, 'program_director');
    const client = await harness.signIn(lead.email);
    await harness.database.superuser('UPDATE sessions SET second_factor_at = now() WHERE user_id = $1', [lead.userId]);
    const id = await created({ metadata: await provider.metadata(), groupRoles: ROLES }, client);
    const enforced = async () => seen(await client.patch(SIGN_IN, { requireSso: true }));
    expect(await enforced()).toEqual([409, 'sso_untested']);
    await tried(client, id);
    expect((await client.patch(`${CONNECTIONS}/${id}`, { wantResponseSigned: true })).body.testedAt).toBeNull();
    expect(await enforced()).toEqual([409, 'sso_untested']);
    await client.patch(`${CONNECTIONS}/${id}`, { wantResponseSigned: false });
    await tried(client, id);
    expect((await client.patch(`${CONNECTIONS}/${id}`, { name: 'Renamed' })).body.testedAt).not.toBeNull();
    expect(await enforced()).toEqual([200, undefined]);
  });
});

describe('the trace', () => {
  it('shows accepted and refused answers with their reasons, and nothing that could be used', async () => {
    const id = await connected();
    const client = harness.client();
    await signInBySaml(provider, client, id, 'mentor@gme.example');
    const { headers } = await client.get(`/v1/sso/saml/${id}/login`);
    const { fields } = await provider.answer(headers.get('location')!, 'mentor@gme.example');
    const forged = Buffer.from(fields['SAMLResponse']!, 'base64')
      .toString()
      .replaceAll('gme:mentor', 'gme:program_director');
    const refused = await postSaml(client, id, { SAMLResponse: Buffer.from(forged).toString('base64') });
    await postSaml(client, id, { SAMLResponse: 'AAAA' });
    const { status, body, text } = await director.get(`${CONNECTIONS}/${id}/trace`);
    expect(status).toBe(200);
    expect(
      body.items.map(({ accepted, reason }: { accepted: boolean; reason: string | null }) => [accepted, reason]),
    ).toEqual([
      [false, expect.any(String)],
      [false, 'signature_invalid'],
      [true, null],
    ]);
    expect(body.items[1]).toMatchObject({
      issuer: 'urn:vouchsafe:development-identity-provider',
      requestId: refused.body.requestId,
      nameIdFormat: expect.stringContaining('persistent'),
    });
    expect(body.items[2].attributes).toContain('mail');
    expect(body.items[2].evidence).toContain('gme:mentor');
    expect(text).not.toMatch(/mentor@gme\.example|Mentor Example|SignatureValue|X509Certificate/);
  });

  it('keeps two hundred attempts of a connection, whatever is posted', async () => {
    const id = await connected();
    await harness.database.superuser(
      `INSERT INTO sso_attempts (org_id, id, connection_id, accepted, request_id, at) SELECT $1, gen_random_uuid(), $2, false, 'x', now() - interval '1 hour' FROM generate_series(1, 205)`,
      [org, id],
    );
    await postSaml(harness.client(), id, { SAMLResponse: 'AAAA' });
    expect(
      await harness.database.superuser('SELECT count(*) FROM sso_attempts WHERE connection_id = $1', [id]),
    ).toEqual([{ count: '200' }]);
    expect((await director.get(`${CONNECTIONS}/${id}/trace`)).body.items).toHaveLength(50);
  });
});

describe('role mapping', () => {
  it('is tried on somebody made up, and on members as they were last heard of', async () => {
    const id = await connected({ groupRoles: [{ group: 'enrollment:staff', role: 'mentor' }] });
    await signInBySaml(provider, harness.client(), id, 'staff@enrollment.example');
    const preview = async (body: object) => (await director.post(`${CONNECTIONS}/${id}/mapping/preview`, body)).body;
    expect(await preview({ groups: ['enrollment:staff'] })).toMatchObject({
      role: 'mentor',
      rule: { kind: 'group', group: 'enrollment:staff' },
      members: [],
      changing: 0,
    });
    expect(await preview({ groups: [] })).toMatchObject({
      role: 'trainee',
      rule: { kind: 'default', role: 'trainee' },
    });
    const attributeRoles = [{ attribute: 'title', value: 'Chief', role: 'program_director' }];
    expect(
      await preview({ groups: [], attributes: [{ name: 'title', values: ['Chief'] }], attributeRoles }),
    ).toMatchObject({ role: 'program_director', rule: { kind: 'attribute', attribute: 'title', value: 'Chief' } });
    expect(await preview({ groups: [], groupRoles: [{ group: 'enrollment:staff', role: 'trainee' }] })).toMatchObject({
      changing: 1,
      members: [{ name: 'Staff Example', from: 'mentor', to: 'trainee' }],
    });
  });

  it('gives no role that whoever sets it up could not give', async () => {
    const metadata = await provider.metadata();
    expect(
      seen(
        await director.post(CONNECTIONS, {
          name: 'x',
          metadata,
          attributeRoles: [{ attribute: 'a', value: 'b', role: 'owner' }],
        }),
      ),
    ).toEqual([400, 'unknown_role']);
    await director.post('/v1/roles', { key: 'mapped_to', name: 'Mapped' });
    await connected({ attributeRoles: [{ attribute: 'a', value: 'b', role: 'mapped_to' }] });
    expect(seen(await director.delete('/v1/roles/mapped_to'))).toEqual([409, 'role_in_use']);
  });
});

it("guides through the forms of each provider with the connection's own values", async () => {
  const id = await connected();
  for (const name of ['okta', 'entra', 'shibboleth', 'google', 'generic']) {
    const { status, body } = await director.get(`${CONNECTIONS}/${id}/guide?provider=${name}`);
    expect(status).toBe(200);
    const values = body.fields.map(({ value }: { value: string }) => value);
    for (const path of ['metadata', 'acs', 'login', 'logout'])
      expect(values).toContain(`http://127.0.0.1:3000/v1/sso/saml/${id}/${path}`);
    expect(body.attributes).toHaveLength(3);
  }
  expect((await director.get(`${CONNECTIONS}/${id}/guide?provider=other`)).status).toBe(400);
});

it('ends sessions with the connection that they came through, and no others', async () => {
  const [off, gone, kept] = [await connected(), await connected(), await connected()];
  const clients = await Promise.all(
    [off, gone, kept].map(async (id, i) => {
      const client = harness.client();
      await signInBySaml(
        provider,
        client,
        id,
        ['admin@workforce.example', 'owner@workforce.example', 'member@workforce.example'][i]!,
      );
      return client;
    }),
  );
  const alive = () => Promise.all(clients.map(async (client) => (await client.get('/v1/auth/me')).status));
  expect(await alive()).toEqual([200, 200, 200]);
  await director.patch(`${CONNECTIONS}/${off}`, { enabled: false });
  await director.delete(`${CONNECTIONS}/${gone}`);
  expect(await alive()).toEqual([401, 401, 200]);
});

it('warns thirty, seven and one day before the last certificate ends, once each', async () => {
  const site = await harness.make.organization('gme');
  const lead = await harness.make.member(site, 'program_director');
  const id = await created({ metadata: metadataOf(ENTITY, [keys[0]!]) }, await harness.signIn(lead.email));
  const day = async (days: number) => {
    harness.advance((365 - days) * DAY);
    for (let twice = 0; twice < 2; twice += 1)
      await harness.operator.within(site, () => harness.worker.get(SamlJobs).daily());
    await harness.settled();
    harness.advance((days - 365) * DAY);
    return (await mailsTo(harness, lead.email)).map(({ text }) => /expires within (.*)\./.exec(text)?.[1]);
  };
  const mails: unknown[] = [];
  for (const days of [40, 29, 20, 6, 0.5]) mails.push(await day(days));
  expect(mails).toEqual([[], ['30 days'], ['30 days'], ['30 days', '7 days'], ['30 days', '7 days', 'a day']]);
  expect((await logged('sso.certificate_expiring', id)).map(({ meta }) => meta['days'])).toEqual([30, 7, 1]);
});
