import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SamlJobs } from '../../src/modules/auth/saml/saml.jobs.js';
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
      metadataError: null,
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
      expect(seen(await director.post(CONNECTIONS, { name: 'x', ...body }))).toEqual([400, code]);
  });

  it('keeps no transaction open while it waits for the provider', async () => {
    publisher.publish(ENTITY, keys[0]!);
    const id = await created({ metadata: metadataOf(ENTITY, [keys[1]!]) });
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
    expect((await refreshed(id)).metadataError).toBe('status_unexpected');
    publisher.status = 200;
    publisher.body = '<!DOCTYPE x []><x/>';
    expect((await refreshed(id)).metadataError).toBe('xml_doctype');
    publisher.publish('https://other.test.example', keys[1]!);
    expect((await refreshed(id)).metadataError).toBe('entity_id_changed');
    expect(
      await harness.database.superuser('SELECT idp_entity_id, idp_certificates FROM sso_connections WHERE id = $1', [
        id,
      ]),
    ).toEqual(before);
    publisher.publish(ENTITY, keys[0]!);
    expect((await refreshed(id)).metadataError).toBeNull();
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
