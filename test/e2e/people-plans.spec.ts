import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PeopleRepository } from '../../src/modules/people/people.repository.js';
import { Context, withContext, type Member } from '../../src/platform/context/context.js';
import type { UnitOfWork } from '../../src/platform/database/unit-of-work.js';
import { sessionSecret } from '../contract/raw-sql.js';
import { Harness } from '../harness/app.js';
import { buffers, explain, nodes, type PlanNode } from '../harness/plans.js';

const ORGANIZATIONS = 10;
const PEOPLE = 5_000;
const ASSIGNED = 40;
const PAGE = 101;
/**
 * Buffers in addition to those of the returned rows. A mentor's people are each looked up by index, which also
 * reads the assignments. A scan of all people would read thousands.
 */
const EXTRA_BUFFERS = { program_director: 6, mentor: ASSIGNED * 3, trainee: 6 };

const SCOPES = { program_director: 'org', mentor: 'assigned', trainee: 'own' } as const;
type Role = keyof typeof SCOPES;
const ROLES = Object.keys(SCOPES) as Role[];

let harness: Harness;
let orgId: string;
const secrets = {} as Record<Role, string>;
/** Sorted by id. The mentor is assigned every hundredth person. The trainee is the last of those. */
let people: string[];

const emailIndex = (id: string) => createHash('sha256').update(id).digest();

/** Creates organizations with interleaved rows, as in a database in use. */
beforeAll(async () => {
  harness = await Harness.start({ takeJobs: false });
  const { superuser } = harness.database;
  const orgs = await Promise.all(Array.from({ length: ORGANIZATIONS }, () => harness.make.organization('gme')));
  orgId = orgs[0]!;
  await superuser(
    `INSERT INTO people (org_id, id, external_id, kind, given_name, family_name, email_index)
     SELECT o, id, id::text, 'trainee', 'Synthetic', 'Person', sha256(id::text::bytea)
       FROM generate_series(1, $2::int) n, unnest($1::uuid[]) WITH ORDINALITY u (o, i),
            LATERAL (SELECT ('01900000-0000-7000-8000-' || lpad(to_hex(n * 16 + i), 12, '0'))::uuid AS id) x`,
    [orgs, PEOPLE],
  );
  people = (await superuser<{ id: string }>('SELECT id FROM people WHERE org_id = $1 ORDER BY id', [orgId])).map(
    ({ id }) => id,
  );
  for (const role of ROLES) {
    const { email, membershipId } = await harness.make.member(
      orgId,
      role,
      role === 'trainee' ? { personId: assignedPersonId() } : {},
    );
    secrets[role] = sessionSecret(await harness.signIn(email));
    if (role !== 'mentor') continue;
    await superuser(
      `INSERT INTO assignments (org_id, id, person_id, membership_id) SELECT $1, gen_random_uuid(), p, $2
         FROM unnest($3::uuid[]) p`,
      [orgId, membershipId, Array.from({ length: ASSIGNED }, (_, i) => people[100 + i * 100]!)],
    );
  }
  await superuser('VACUUM ANALYZE people, assignments, memberships, data_keys');
});
afterAll(() => harness.stop());

const assignedPersonId = () => people[100 * ASSIGNED]!;

const QUERIES: Record<string, (repository: PeopleRepository) => unknown> = {
  'the first page': (repository) => repository.list({}, null, PAGE),
  'a page in the middle': (repository) => repository.list({}, people[PEOPLE / 2]!, PAGE),
  'the person with an e-mail address': (repository) =>
    repository.list({ emailIndex: emailIndex(assignedPersonId()) }, null, PAGE),
  'one person': (repository) => repository.find(assignedPersonId()),
};

/** Returns the plan of the statement that the repository sends for a member with this role. */
function planOf(role: Role, query: (repository: PeopleRepository) => unknown): Promise<PlanNode> {
  const context = new Context({
    orgId,
    member: { personId: assignedPersonId(), grants: new Map([['person:read', SCOPES[role]]]) } as unknown as Member,
  });
  let sent!: { text: string; values: unknown[] };
  const unitOfWork = {
    sql: async (text: string, values: unknown[]) => {
      sent = { text, values };
      return [];
    },
  };
  void withContext(context, () => query(new PeopleRepository(unitOfWork as unknown as UnitOfWork)));
  return explain(harness, secrets[role], sent);
}

describe.each(ROLES)('for a %s', (role) => {
  it.each(Object.entries(QUERIES))('reads %s from an index, with few other buffers', async (_what, query) => {
    const plan = await planOf(role, query);
    const found = plan['Actual Rows'];
    const readings = nodes(plan).filter((node) => node['Relation Name'] === 'people');
    expect(readings.length).toBeGreaterThan(0);
    expect(readings.filter((node) => !/^Index (Only )?Scan$/.test(node['Node Type']))).toEqual([]);
    expect(buffers(plan)).toBeLessThanOrEqual(found + EXTRA_BUFFERS[role]);
    expect(nodes(plan).reduce((sum, node) => sum + (node['Rows Removed by Filter'] ?? 0), 0)).toBe(0);
  });

  it.each(Object.entries(QUERIES))("evaluates the caller's rights once for %s", async (_what, query) => {
    const steps = nodes(await planOf(role, query));
    const initPlans = steps.filter((node) => node['Parent Relationship'] === 'InitPlan');
    expect(initPlans.length).toBeGreaterThan(0);
    expect(initPlans.map((node) => node['Actual Loops'])).toEqual(initPlans.map(() => 1));
    // The assigned people are hashed once and looked up for each row.
    const hashed = steps
      .filter((node) => node['Parent Relationship'] === 'SubPlan')
      .map((node) => [node['Function Name'], node['Actual Loops']]);
    expect(hashed.filter(([name, loops]) => name !== 'people_in_scope' || loops !== 1)).toEqual([]);
    expect(
      steps
        .map((node) => `${node.Filter ?? ''} ${node['Index Cond'] ?? ''}`)
        .filter((condition) => /\bapp\.\w+\(/.test(condition)),
    ).toEqual([]);
  });
});

it('returns every person in scope, so the plans above do not pass because of missing rows', async () => {
  const found = async (role: Role) => (await planOf(role, QUERIES['the first page']!))['Actual Rows'];
  expect([await found('program_director'), await found('mentor'), await found('trainee')]).toEqual([PAGE, ASSIGNED, 1]);
});
