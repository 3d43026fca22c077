import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createInstitution } from '../../src/cli/institutions.js';
import { SsoSetupService } from '../../src/modules/auth/sso/sso-setup.service.js';
import { PAGE_VIEWS } from '../../src/platform/access/network-limit.js';
import { RateLimiter } from '../../src/platform/http/index.js';
import { DomainJobs } from '../../src/modules/auth/domains/domains.jobs.js';
import { RawSql } from '../contract/raw-sql.js';
import { Harness } from '../harness/app.js';
import type { Client } from '../harness/client.js';
import { NameServer } from '../harness/dns.js';
import type { Member } from '../harness/factories.js';
import { IdentityProvider, postSaml } from '../harness/identity-provider.js';
import { mailsTo } from '../harness/mail.js';

const DOMAINS = '/v1/sso/domains';

let names: NameServer;
let harness: Harness;
let provider: IdentityProvider;

beforeAll(async () => {
  names = await NameServer.start();
  [harness, provider] = await Promise.all([
    Harness.start({ env: { DNS_SERVERS: names.address } }),
    IdentityProvider.start(),
  ]);
});
afterAll(() => Promise.all([harness.stop(), provider.stop(), names.stop()]));

interface Organization {
  org: string;
  owner: Member;
  client: Client;
}

async function createOrganization(): Promise<Organization> {
  const org = await harness.make.organization('gme');
  const owner = await harness.make.member(org, 'program_director');
  return { org, owner, client: await harness.signIn(owner.email) };
}

const statusAndCode = ({ status, body }: { status: number; body: { code?: string } }) => [status, body.code];
const superuser = (text: string, values: unknown[] = []) => harness.database.superuser(text, values);

interface Domain {
  id: string;
  domain: string;
  status: string;
  problem: string | null;
  record: { name: string; value: string };
}

async function addDomain({ client }: Organization, domain: string): Promise<Domain> {
  const { status, body } = await client.post(DOMAINS, { domain });
  expect(status).toBe(201);
  return body as Domain;
}

const publish = ({ record }: Domain) => names.records.set(record.name, ['v=spf1 -all', record.value]);

/** Requests a verification and returns the domain after the worker has checked it. */
async function verifyDomain({ client }: Organization, { id }: Domain): Promise<Domain> {
  expect((await client.post(`${DOMAINS}/${id}/verify`)).status).toBe(202);
  await harness.settled();
  return (await client.get(DOMAINS)).body.items.find((one: Domain) => one.id === id) as Domain;
}

describe('a domain', () => {
  let here: Organization;
  beforeAll(async () => {
    here = await createOrganization();
  });
  beforeEach(() => {
    names.failing = false;
  });

  it('is verified only when the DNS record exists', async () => {
    const domain = await addDomain(here, 'Hospital.TEST.example');
    expect(domain).toMatchObject({
      domain: 'hospital.test.example',
      status: 'pending',
      record: {
        name: '_vouchsafe.hospital.test.example',
        value: expect.stringMatching(/^vouchsafe-domain-verification=.{43}$/),
      },
    });
    expect(await verifyDomain(here, domain)).toMatchObject({ status: 'pending', problem: 'record_missing' });
    names.records.set(domain.record.name, [`${domain.record.value}x`, 'vouchsafe-domain-verification=']);
    expect(await verifyDomain(here, domain)).toMatchObject({ status: 'pending' });
    publish(domain);
    const { body } = await here.client.post(`${DOMAINS}/${domain.id}/verify`);
    expect(body).toMatchObject({ recordFound: true, status: 'pending' });
    await harness.settled();
    expect(await verifyDomain(here, domain)).toMatchObject({ status: 'verified', problem: null });
    expect(
      await superuser(`SELECT type FROM audit_events WHERE target_id = $1 AND type LIKE '%verified'`, [domain.id]),
    ).toEqual([{ type: 'sso.domain_verified' }]);
  });

  it('is stored in its DNS form, and only once', async () => {
    expect(await addDomain(here, 'Bücher.test.example.')).toMatchObject({ domain: 'xn--bcher-kva.test.example' });
    expect(statusAndCode(await here.client.post(DOMAINS, { domain: 'xn--bcher-kva.TEST.example' }))).toEqual([
      409,
      'domain_exists',
    ]);
  });

  it.each([
    'gmail.com',
    'OUTLOOK.com',
    'localhost',
    '127.0.0.1',
    'a..example',
    '-a.example',
    'a b.example',
    'https://a.example',
    'a.example/x',
    '*.example',
    'example.1',
  ])('cannot be %s', async (domain) =>
    expect(statusAndCode(await here.client.post(DOMAINS, { domain }))).toEqual([400, 'domain_not_allowed']),
  );

  it("cannot be marked as verified by SQL of the API's role", async () => {
    const domain = await addDomain(here, 'raw.test.example');
    const raw = await RawSql.open(harness.env['DATABASE_URL']!);
    await raw.client.query('BEGIN');
    for (const statement of [
      `UPDATE sso_domains SET verified_at = now()`,
      `INSERT INTO sso_domains (org_id, id, domain, token, verified_at)
         VALUES ('${here.org}', gen_random_uuid(), 'other.test.example', repeat('x', 43), now())`,
    ])
      expect((await raw.attempt(statement)).code).toBe('42501');
    await raw.end();
    expect(await superuser('SELECT verified_at FROM sso_domains WHERE id = $1', [domain.id])).toEqual([
      { verified_at: null },
    ]);
  });

  it('can belong to two organizations of one institution, otherwise only to the first', async () => {
    const [first, sister, outsider] = [
      await createOrganization(),
      await createOrganization(),
      await createOrganization(),
    ];
    const institution = await createInstitution(harness.operator, 'Synthetic University');
    await superuser('UPDATE organizations SET institution_id = $1 WHERE id = ANY ($2::uuid[])', [
      institution,
      [first.org, sister.org],
    ]);
    const results: Domain[] = [];
    for (const one of [first, sister, outsider]) {
      const domain = await addDomain(one, 'university.test.example');
      publish(domain);
      results.push(await verifyDomain(one, domain));
    }
    expect(results.map(({ status, problem }) => [status, problem])).toEqual([
      ['verified', null],
      ['verified', null],
      ['pending', 'domain_taken'],
    ]);
  });

  it('is checked weekly, and loses its verification a week after its record disappears', async () => {
    const one = await createOrganization();
    const domain = await addDomain(one, 'fading.test.example');
    publish(domain);
    await verifyDomain(one, domain);
    const daily = async (checked: string, lost: string | null = null) => {
      await superuser(
        `UPDATE sso_domains SET checked_at = now() - $2::interval, verification_failed_at = now() - $3::interval
         WHERE id = $1`,
        [domain.id, checked, lost],
      );
      await harness.operator.within(one.org, () => harness.worker.get(DomainJobs).enqueueDue());
      await harness.settled();
      const { body } = await one.client.get(DOMAINS);
      return (body.items as Domain[]).find(({ id }) => id === domain.id)!.status;
    };
    names.records.clear();
    expect(await daily('6 days')).toBe('verified');
    names.failing = true;
    expect(await daily('7 days')).toBe('verified');
    names.failing = false;
    expect(await daily('7 days')).toBe('verification_failed');
    expect(await daily('1 day', '6 days')).toBe('verification_failed');
    publish(domain);
    expect(await daily('1 day', '6 days')).toBe('verified');
    names.records.clear();
    expect(await daily('7 days')).toBe('verification_failed');
    expect(await daily('1 day', '8 days')).toBe('pending');
    expect((await mailsTo(harness, one.owner.email)).map(({ text }) => /missing\.|verified\./.exec(text)?.[0])).toEqual(
      ['missing.', 'missing.', 'verified.'],
    );
    expect(
      (await superuser(`SELECT type FROM audit_events WHERE target_id = $1 ORDER BY occurred_at, id`, [domain.id]))
        .map(({ type }) => type)
        .slice(-3),
    ).toEqual(['sso.domain_verification_failed', 'sso.domain_verification_failed', 'sso.domain_unverified']);
  });

  it('can be deleted', async () => {
    const domain = await addDomain(here, 'gone.test.example');
    expect((await here.client.delete(`${DOMAINS}/${domain.id}`)).status).toBe(204);
    expect((await here.client.delete(`${DOMAINS}/${domain.id}`)).status).toBe(404);
  });
});

describe('discovery and shared connections', () => {
  let home: Organization;
  let sister: Organization;
  let foreign: Organization;
  let connection: string;

  const connect = async ({ org }: Organization, more: object): Promise<string> =>
    (
      await harness.operator.within(org, async () =>
        harness.operator.app.get(SsoSetupService).create({
          name: 'University',
          metadata: await provider.metadata(),
          groupRoles: [],
          defaultRole: 'trainee',
          ...more,
        }),
      )
    ).id;
  const discover = async (email: string) =>
    (await harness.client().get(`/v1/sso/discover?email=${encodeURIComponent(email)}`)).body;

  beforeAll(async () => {
    [home, sister, foreign] = [await createOrganization(), await createOrganization(), await createOrganization()];
    const institution = await createInstitution(harness.operator, 'Synthetic University');
    await superuser('UPDATE organizations SET institution_id = $1 WHERE id = ANY ($2::uuid[])', [
      institution,
      [home.org, sister.org],
    ]);
    connection = await connect(home, { shared: true });
    for (const [{ org }, domain] of [
      [home, 'gme.example'],
      [sister, 'sister.example'],
      [home, 'workforce.example'],
      [sister, 'workforce.example'],
    ] as const) {
      await superuser(
        `INSERT INTO sso_domains (org_id, id, domain, token, verified_at)
           VALUES ($1, gen_random_uuid(), $2, 'shown-by-a-dns-record', now())`,
        [org, domain],
      );
    }
  });

  it('returns the connections of a domain, regardless of whether the e-mail address exists', async () => {
    const known = await discover('mentor@gme.example');
    expect(known).toEqual({
      password: true,
      connections: [
        {
          id: connection,
          name: 'University',
          protocol: 'saml',
          loginUrl: `http://127.0.0.1:3000/v1/sso/saml/${connection}/login`,
        },
      ],
    });
    for (const email of ['unknown@GME.example', 'x@y@gme.example']) expect(await discover(email)).toEqual(known);
    for (const email of [home.owner.email, 'a@unknown.example', 'a@sub.gme.example'])
      expect(await discover(email)).toEqual({ password: true, connections: [] });
    for (const email of ['nonsense', '@gme.example', 'a@', 'a@127.0.0.1'])
      expect(await discover(email)).toMatchObject({ code: 'invalid_request' });
  });

  it('omits passwords under enforced SSO, and omits disabled connections and unverified domains', async () => {
    await superuser('UPDATE organizations SET require_sso = true WHERE id = $1', [home.org]);
    expect(await discover('a@gme.example')).toMatchObject({ password: false });
    expect(await discover('a@workforce.example')).toMatchObject({ password: true });
    await superuser('UPDATE organizations SET require_sso = false WHERE id = $1', [home.org]);
    for (const [off, on] of [
      [
        'UPDATE sso_connections SET enabled = false WHERE org_id = $1',
        'UPDATE sso_connections SET enabled = true WHERE org_id = $1',
      ],
      [
        `UPDATE sso_domains SET verified_at = NULL WHERE org_id = $1`,
        'UPDATE sso_domains SET verified_at = now() WHERE org_id = $1',
      ],
      [
        `UPDATE organizations SET status = 'suspended' WHERE id = $1`,
        `UPDATE organizations SET status = 'active' WHERE id = $1`,
      ],
      [
        `UPDATE organizations SET allowed_sign_in = '{password}' WHERE id = $1`,
        `UPDATE organizations SET allowed_sign_in = '{password,saml}' WHERE id = $1`,
      ],
    ]) {
      await superuser(off!, [home.org]);
      expect(await discover('a@gme.example')).toEqual({ password: true, connections: [] });
      await superuser(on!, [home.org]);
    }
  });

  it('offers a shared connection to an organization that trusts its institution, and signs in there', async () => {
    expect(await discover('a@sister.example')).toEqual({ password: true, connections: [] });
    await sister.client.patch('/v1/organizations/current/sign-in', { institutionSignIn: true });
    const [method] = (await discover('a@sister.example')).connections;
    expect(method.loginUrl).toBe(`http://127.0.0.1:3000/v1/sso/saml/${connection}/login?organization=${sister.org}`);

    await sister.client.post('/v1/memberships', {
      email: 'mentor@gme.example',
      name: 'Synthetic Colleague',
      role: 'mentor',
    });
    const client = harness.client();
    expect((await signInTo(client, connection, sister.org)).status).toBe(303);
    expect((await client.get('/v1/auth/me')).body).toMatchObject({ organization: { id: sister.org }, role: 'mentor' });
    await home.client.patch(`/v1/sso/connections/${connection}`, { shared: false });
    expect((await client.get('/v1/auth/me')).status).toBe(401);
    expect(statusAndCode(await signInTo(harness.client(), connection, sister.org))).toEqual([403, 'sso_failed']);
    await home.client.patch(`/v1/sso/connections/${connection}`, { shared: true });
  });

  it('rejects a sign-in without a membership or without trust, and leaves no session', async () => {
    const before = await superuser('SELECT count(*) FROM sessions');
    expect(statusAndCode(await signInTo(harness.client(), connection, sister.org, 'admin@workforce.example'))).toEqual([
      403,
      'sso_failed',
    ]);
    await foreign.client.post('/v1/memberships', {
      email: 'mentor@gme.example',
      name: 'Synthetic Colleague',
      role: 'mentor',
    });
    expect(statusAndCode(await signInTo(harness.client(), connection, foreign.org))).toEqual([403, 'sso_failed']);
    expect(await superuser('SELECT count(*) FROM sessions')).toEqual(before);
    expect(
      (await home.client.get(`/v1/sso/connections/${connection}/trace`)).body.items
        .slice(0, 3)
        .map(({ reason }: { reason: string }) => reason),
    ).toEqual(['not_trusted_by_target', 'no_membership_in_target', 'connection_not_shared']);
    expect((await harness.client().get(`/v1/sso/saml/${connection}/login?organization=nonsense`)).status).toBe(400);
  });

  it('is limited by IP', async () => {
    const get = async () => (await harness.client().get('/v1/sso/discover?email=a@gme.example')).status;
    expect(await get()).toBe(200);
    const limiter = harness.api.get(RateLimiter);
    const limit = { name: 'sso-discover', ...PAGE_VIEWS };
    let full = false;
    const use = () => limiter.consume(limit, '127.0.0.1').catch(() => (full = true));
    while (!full) await Promise.all(Array.from({ length: 50 }, use));
    expect(await get()).toBe(429);
  });

  async function signInTo(client: Client, id: string, organization: string, email = 'mentor@gme.example') {
    const { headers } = await client.get(`/v1/sso/saml/${id}/login?organization=${organization}`);
    const { fields } = await provider.answer(headers.get('location')!, email);
    return postSaml(client, id, fields);
  }
});
