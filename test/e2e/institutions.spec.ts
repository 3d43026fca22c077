import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { addToInstitution, createInstitution, removeFromInstitution } from '../../src/cli/institutions.js';
import { suspend } from '../../src/cli/organizations.js';
import { SsoSetupService } from '../../src/modules/auth/sso/sso-setup.service.js';
import type { Preset } from '../../src/platform/feature/roles.js';
import { newId } from '../../src/platform/clock/id.js';
import { RawSql, sessionSecret } from '../contract/raw-sql.js';
import { Harness } from '../harness/app.js';
import type { Answer, Client } from '../harness/client.js';
import { IdentityProvider, signInBySaml } from '../harness/identity-provider.js';

const REPORT = '/v1/institutions/current/report';
const CURRENT = '/v1/organizations/current';

let harness: Harness;
let institution: string;

beforeAll(async () => {
  harness = await Harness.start({ takeJobs: false });
  institution = await createInstitution(harness.operator, 'Synthetic University');
});
afterAll(() => harness.stop());

interface Site {
  org: string;
  client: Client;
}

/** Creates an organization with a signed-in owner and adds it to the institution, if one is given. */
async function site(
  institutionId: string | null = institution,
  preset: Preset = 'gme',
  role = 'program_director',
): Promise<Site> {
  const org = await harness.make.organization(preset);
  if (institutionId !== null) await addToInstitution(harness.operator, org, institutionId);
  return { org, client: await harness.signIn((await harness.make.member(org, role)).email) };
}

const outcome = ({ status, body }: Answer) => [status, body.code];
const enableReporting = async ({ client }: Site) =>
  expect((await client.patch(CURRENT, { institutionReporting: true })).status).toBe(200);

describe('an institution', () => {
  it('is joined and left through an operator, and each change revokes the earlier consent', async () => {
    const one = await site(null);
    expect(outcome(await one.client.patch(CURRENT, { institutionReporting: true }))).toEqual([409, 'no_institution']);
    expect(outcome(await one.client.patch(`${CURRENT}/sign-in`, { institutionSignIn: true }))).toEqual([
      409,
      'no_institution',
    ]);
    expect([
      await addToInstitution(harness.operator, one.org, institution),
      await addToInstitution(harness.operator, one.org, institution),
    ]).toEqual([true, false]);
    expect((await one.client.get(CURRENT)).body).toMatchObject({
      institutionId: institution,
      institutionReporting: false,
      institutionSignIn: false,
    });
    await enableReporting(one);
    expect((await one.client.patch(`${CURRENT}/sign-in`, { institutionSignIn: true })).body).toMatchObject({
      institutionReporting: true,
      institutionSignIn: true,
    });
    const other = await createInstitution(harness.operator, 'Another Synthetic University');
    await addToInstitution(harness.operator, one.org, other);
    expect((await one.client.get(CURRENT)).body).toMatchObject({
      institutionId: other,
      institutionReporting: false,
      institutionSignIn: false,
    });
    expect([
      await removeFromInstitution(harness.operator, one.org),
      await removeFromInstitution(harness.operator, one.org),
    ]).toEqual([true, false]);
    const events = await harness.database.superuser(
      `SELECT type, meta FROM audit_events WHERE org_id = $1 AND type LIKE 'institution.%' ORDER BY occurred_at, id`,
      [one.org],
    );
    expect(events).toEqual([
      { type: 'institution.joined', meta: { institutionId: institution } },
      { type: 'institution.joined', meta: { institutionId: other } },
      { type: 'institution.left', meta: {} },
    ]);
  });

  it('must exist before an operator can add an organization', async () => {
    const { org } = await site(null);
    await expect(addToInstitution(harness.operator, org, newId())).rejects.toThrow('foreign key');
  });
});

describe('the report of an institution', () => {
  it('contains the statistics of consenting organizations only', async () => {
    const own = await createInstitution(harness.operator, 'Synthetic Reporting');
    const [reader, consenting, withheld, elsewhere] = [
      await site(own),
      await site(own, 'workforce', 'owner'),
      await site(own),
      await site(await createInstitution(harness.operator, 'Elsewhere')),
    ];
    await Promise.all([reader, consenting, elsewhere].map(enableReporting));
    const people = [
      await harness.make.person(consenting.org),
      await harness.make.person(consenting.org),
      await harness.make.person(consenting.org),
    ];
    await harness.database.superuser(`UPDATE people SET status = 'inactive' WHERE id = $1`, [people[0]]);
    await harness.make.person(withheld.org);
    const former = await harness.make.member(consenting.org, 'viewer');
    await harness.database.superuser(`UPDATE memberships SET status = 'ended' WHERE id = $1`, [former.membershipId]);
    const { body, headers } = await reader.client.get(REPORT);
    const numbers = { name: expect.any(String), activeMembers: 1 };
    expect(body.items).toHaveLength(2);
    expect(body.items).toEqual(
      expect.arrayContaining([
        { id: reader.org, ...numbers, activePeople: 0, inactivePeople: 0 },
        { id: consenting.org, ...numbers, activePeople: 2, inactivePeople: 1 },
      ]),
    );
    const [event] = await harness.database.superuser(
      'SELECT type, meta FROM audit_events WHERE org_id = $1 AND request_id = $2',
      [reader.org, headers.get('x-request-id')],
    );
    expect(event).toEqual({ type: 'institution.report_viewed', meta: { organizations: 2 } });
    await consenting.client.patch(CURRENT, { institutionReporting: false });
    expect((await reader.client.get(REPORT)).body.items.map(({ id }: { id: string }) => id)).toEqual([reader.org]);
  });

  it('is empty for an organization without an institution', async () => {
    await enableReporting(await site());
    expect((await (await site(null)).client.get(REPORT)).body).toEqual({ items: [], nextCursor: null });
  });

  it("requires the permission in the database and leaves the caller's tenant context unchanged", async () => {
    const here = await site();
    await enableReporting(here);
    await enableReporting(await site());
    const mentor = await harness.signIn((await harness.make.member(here.org, 'mentor')).email);
    expect(outcome(await mentor.get(REPORT))).toEqual([403, 'forbidden']);
    const raw = await RawSql.open(harness.env.DATABASE_URL!);
    await raw.client.query('BEGIN');
    expect((await raw.attempt('SELECT * FROM app.institution_report()')).code).toBe('42501');
    await raw.rollback();
    await raw.enter(sessionSecret(mentor));
    expect((await raw.attempt('SELECT * FROM app.institution_report()')).code).toBe('42501');
    expect((await raw.attempt('SELECT * FROM institutions')).code).toBe('42501');
    await raw.rollback();
    await raw.enter(sessionSecret(here.client));
    const orgs = async () => (await raw.attempt('SELECT DISTINCT org_id FROM memberships')).rows;
    const context = async () => (await raw.attempt('SELECT app.verified_context() AS fields')).rows;
    const before = await context();
    expect((await raw.attempt('SELECT id FROM app.institution_report()')).rowCount).toBeGreaterThan(1);
    expect([await orgs(), await context()]).toEqual([[{ org_id: here.org }], before]);
    const mixed = await raw.attempt(
      `SELECT r.id, (SELECT count(*) FROM memberships m WHERE m.org_id = r.id) AS members
         FROM app.institution_report() r`,
    );
    expect(mixed.rows.filter(({ id }) => id !== here.org).map(({ members }) => members)).toEqual(
      mixed.rows.filter(({ id }) => id !== here.org).map(() => '0'),
    );
    await raw.rollback();
    await raw.end();
  });
});

describe('shared sign-in', () => {
  let provider: IdentityProvider;
  let home: Site;
  let connection: string;
  beforeAll(async () => {
    provider = await IdentityProvider.start();
    home = await site();
    ({ id: connection } = await harness.operator.within(home.org, async () =>
      harness.operator.app.get(SsoSetupService).create({
        name: 'University',
        metadata: await provider.metadata(),
        groupRoles: [],
        defaultRole: 'mentor',
      }),
    ));
    for (const domain of ['gme.example', 'enrollment.example', 'workforce.example']) {
      await harness.database.superuser(
        `INSERT INTO sso_domains (org_id, id, domain, token, verified_at)
           VALUES ($1, gen_random_uuid(), $2, 'shown-by-a-dns-record', now())`,
        [home.org, domain],
      );
    }
  });
  afterAll(() => provider.stop());

  const switchTo = (client: Client, orgId: string) => client.post('/v1/auth/organization', { orgId });
  const switchTargets = async (client: Client) =>
    (await client.get('/v1/auth/organizations')).body.items.map(({ id }: { id: string }) => id).toSorted();

  /** Creates another organization of the institution and adds the user as a member. */
  async function createTarget(email: string, settings: object | null, institutionId = institution): Promise<Site> {
    const target = await site(institutionId);
    expect(
      (await target.client.post('/v1/memberships', { email, name: 'Synthetic Colleague', role: 'mentor' })).status,
    ).toBe(201);
    if (settings !== null) expect((await target.client.patch(`${CURRENT}/sign-in`, settings)).status).toBe(200);
    return target;
  }

  it('allows a session to switch to a consenting organization and back', async () => {
    const email = 'mentor@gme.example';
    const client = harness.client();
    await signInBySaml(provider, client, connection, email);
    const [consenting, withheld, foreign] = [
      await createTarget(email, { institutionSignIn: true }),
      await createTarget(email, null),
      await createTarget(email, { institutionSignIn: true }, await createInstitution(harness.operator, 'Elsewhere')),
    ];
    expect(await switchTargets(client)).toEqual([home.org, consenting.org].toSorted());
    for (const { org } of [withheld, foreign])
      expect(outcome(await switchTo(client, org))).toEqual([403, 'organization_sign_in_required']);
    expect((await switchTo(client, consenting.org)).status).toBe(200);
    expect((await client.get('/v1/auth/me')).body).toMatchObject({
      organization: { id: consenting.org },
      role: 'mentor',
    });
    expect(outcome(await switchTo(client, withheld.org))).toEqual([403, 'organization_sign_in_required']);
    expect((await switchTo(client, home.org)).status).toBe(200);
    expect((await client.get('/v1/auth/me')).body.organization.id).toBe(home.org);
  });

  it.each<[string, (target: Site) => Promise<unknown>]>([
    [
      'the organization withdraws its consent',
      (target) => target.client.patch(`${CURRENT}/sign-in`, { institutionSignIn: false }),
    ],
    ['the organization leaves the institution', ({ org }) => removeFromInstitution(harness.operator, org)],
    [
      'the organization no longer allows SAML',
      ({ org }) =>
        harness.database.superuser(`UPDATE organizations SET allowed_sign_in = '{password}' WHERE id = $1`, [org]),
    ],
    ['the organization of the connection is suspended', () => suspend(harness.operator, home.org, 'incident')],
  ])('ends at the next request when %s', async (_when, change) => {
    const email = 'staff@enrollment.example';
    const client = harness.client();
    await signInBySaml(provider, client, connection, email);
    const target = await createTarget(email, { institutionSignIn: true });
    expect((await switchTo(client, target.org)).status).toBe(200);
    expect((await client.get(CURRENT)).status).toBe(200);
    await change(target);
    expect(outcome(await client.get(CURRENT))).toEqual([403, 'sign_in_method_not_allowed']);
    await harness.database.superuser(`UPDATE organizations SET status = 'active' WHERE id = $1`, [home.org]);
  });

  it('cannot be disabled by a member who signed in through it', async () => {
    const email = 'owner@workforce.example';
    const client = harness.client();
    await signInBySaml(provider, client, connection, email);
    const target = await createTarget(email, { institutionSignIn: true });
    await harness.database.superuser(`UPDATE memberships SET role = 'program_director' WHERE org_id = $1`, [
      target.org,
    ]);
    await switchTo(client, target.org);
    expect(outcome(await client.patch(`${CURRENT}/sign-in`, { institutionSignIn: false }))).toEqual([
      409,
      'would_lock_you_out',
    ]);
    expect((await client.get(CURRENT)).body.institutionSignIn).toBe(true);
  });
});
