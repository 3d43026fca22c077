import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Harness } from '../harness/app.js';
import type { Client } from '../harness/client.js';
import { RawSql, sessionSecret } from '../contract/raw-sql.js';

type Relation =
  | 'own record'
  | 'assigned'
  | 'assigned before'
  | 'assigned from tomorrow'
  | "colleague's"
  | "another organization's";
const RELATIONS: Relation[] = [
  'own record',
  'assigned',
  'assigned before',
  'assigned from tomorrow',
  "colleague's",
  "another organization's",
];
const SCOPES = ['org', 'assigned', 'own', 'none'] as const;
const VISIBLE: Record<(typeof SCOPES)[number], Relation[]> = {
  org: ['own record', 'assigned', 'assigned before', 'assigned from tomorrow', "colleague's"],
  assigned: ['assigned'],
  own: ['own record'],
  none: [],
};

let harness: Harness;
let director: Client;
let client: Client;
let raw: RawSql;
let membershipId: string;
const people = {} as Record<Relation, string>;

beforeAll(async () => {
  harness = await Harness.start({ takeJobs: false });
  const [orgId, other] = [await harness.make.organization('gme'), await harness.make.organization('gme')];
  director = await harness.signIn((await harness.make.member(orgId, 'program_director')).email);
  for (const relation of RELATIONS)
    people[relation] = await harness.make.person(relation === "another organization's" ? other : orgId, {
      familyName: 'Related',
      email: 'related@test.example',
    });
  const member = await harness.make.member(orgId, 'mentor', { personId: people['own record'] });
  membershipId = member.membershipId;
  for (const relation of ['assigned', 'assigned before', 'assigned from tomorrow'] as const) {
    const id = await harness.make.assignment(orgId, membershipId, people[relation]);
    if (relation === 'assigned before') await director.delete(`/v1/assignments/${id}`);
    if (relation === 'assigned from tomorrow')
      await harness.database.superuser(`UPDATE assignments SET starts_at = now() + interval '1 day' WHERE id = $1`, [
        id,
      ]);
  }
  client = await harness.signIn(member.email);
  raw = await RawSql.open(harness.env.DATABASE_URL!);
});
afterAll(async () => {
  await raw.end();
  await harness.stop();
});

async function grant(read: string, update: string): Promise<void> {
  for (const [permission, scope] of [
    ['person:read', read],
    ['person:unlock-contact', read],
    ['person:update', update],
  ] as const) {
    expect((await director.put(`/v1/memberships/${membershipId}/permissions/${permission}`, { scope })).status).toBe(
      200,
    );
  }
}

const ids = (rows: Record<string, unknown>[]) => rows.map(({ id }) => id as string).toSorted();
const expected = (scope: (typeof SCOPES)[number]) => VISIBLE[scope].map((relation) => people[relation]).toSorted();

describe.each(SCOPES.flatMap((read) => SCOPES.map((update) => [read, update] as const)))(
  'a member with person:read %s and person:update %s',
  (read, update) => {
    beforeAll(() => grant(read, update));

    it('reads over HTTP exactly the people in scope, in the list and individually', async () => {
      const list = await client.get('/v1/people?limit=200');
      if (read === 'none') expect(list.status).toBe(403);
      else expect(ids(list.body.items)).toEqual(expected(read));
      for (const relation of RELATIONS) {
        const visible = VISIBLE[read].includes(relation);
        const denial = read === 'none' ? 403 : 404;
        expect([relation, (await client.get(`/v1/people/${people[relation]}`)).status]).toEqual([
          relation,
          visible ? 200 : denial,
        ]);
        expect([relation, (await client.get(`/v1/people/${people[relation]}/contact`)).status]).toEqual([
          relation,
          visible ? 200 : denial,
        ]);
      }
    });

    it('updates over HTTP exactly the people in both scopes', async () => {
      for (const relation of RELATIONS) {
        const canUpdate = VISIBLE[update].includes(relation) && VISIBLE[read].includes(relation);
        const { status } = await client.patch(`/v1/people/${people[relation]}`, { title: 'x' });
        expect([relation, status]).toEqual([relation, canUpdate ? 200 : update === 'none' ? 403 : 404]);
      }
    });

    it('has the same limits in raw SQL', async () => {
      await raw.enter(sessionSecret(client));
      expect(ids((await raw.attempt('SELECT id FROM people')).rows)).toEqual(expected(read));
      expect(ids((await raw.attempt('SELECT person_id AS id FROM assignments')).rows)).toEqual(expected('assigned'));
      const both = VISIBLE[update]
        .filter((relation) => VISIBLE[read].includes(relation))
        .map((relation) => people[relation])
        .toSorted();
      expect(ids((await raw.attempt(`UPDATE people SET title = 'y' RETURNING id`)).rows)).toEqual(both);
      expect((await raw.attempt('DELETE FROM people')).code).toBe('42501');
      const inserted = await raw.attempt(
        `INSERT INTO people (org_id, id, kind, given_name, family_name)
           SELECT app.org_id(), gen_random_uuid(), 'trainee', 'S', 'S'`,
      );
      expect(inserted.code).toBe('42501');
      await raw.rollback();
    });
  },
);

describe('the tenant context', () => {
  it('is taken from the session, never from the request', async () => {
    const {
      body: { organization },
    } = await client.get('/v1/auth/me');
    for (const headers of [
      { 'x-org-id': people.assigned },
      { 'x-organization': 'other' },
      { 'x-tenant': 'other' },
    ] as unknown as Record<string, string>[]) {
      expect((await client.get('/v1/organizations/current', { headers })).body.id).toBe(organization.id);
    }
    for (const query of ['orgId', 'org_id', 'organization', 'tenant']) {
      expect((await director.get(`/v1/people?${query}=${people.assigned}`)).status).toBe(400);
    }
  });

  it('of a user with two memberships is the organization of the session only', async () => {
    const [first, second] = [await harness.make.organization('gme'), await harness.make.organization('gme')];
    const email = 'in.both@test.example';
    await harness.make.member(first, 'program_director', { email });
    await harness.make.member(second, 'program_director', { email });
    await Promise.all([harness.make.person(first), harness.make.person(second)]);
    const both = await harness.signIn(email);
    const { body } = await both.get('/v1/auth/me');
    const { body: list } = await both.get('/v1/people');
    expect(list.items).toHaveLength(1);
    const [row] = await harness.database.superuser('SELECT org_id FROM people WHERE id = $1', [list.items[0].id]);
    expect(row!['org_id']).toBe(body.organization.id);
    expect((await both.get('/v1/auth/sessions')).body.items).toHaveLength(1);
  });
});
