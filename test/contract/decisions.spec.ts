/**
 * This file registers its own declarations, so it does not share its modules with other files.
 *
 * @jest-environment node
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import '../../src/app.module.js';
import { newId } from '../../src/platform/clock/id.js';
import { defineFeature } from '../../src/platform/feature/define-feature.js';
import { declared } from '../../src/platform/feature/registry.js';
import { Harness } from '../harness/app.js';
import type { Client } from '../harness/client.js';
import type { TestDatabase } from '../harness/database.js';
import { plans, realize, type RandomOrganization } from '../harness/random-organization.js';
import { RawSql, sessionSecret } from './raw-sql.js';
import {
  RELATIONS_BY_SCOPE,
  RELATIONS,
  SETTINGS,
  defaultScope,
  expectedRelations,
  type RelationName,
  type Setting,
} from './reviewed-decisions.js';
import { decide, type Relation } from '../../src/platform/policies/decide.js';
import { type Preset, PRESETS } from '../../src/platform/feature/roles.js';
import { named, ruleOf, ruleOfRow } from '../../src/platform/policies/row-policies.js';
import type { RowRules, TableDeclaration } from '../../src/platform/feature/declarations.js';

type EffectiveMember = { grants: Map<string, string>; personId: string | null; assigned: Set<string> };

const SELECT_PERMISSIONS =
  'person:read person:unlock-contact assignment:read person:update role:read audit:read export:read'.split(' ');

/** Each relation as input for the decision in the code, which is never used for rows of another organization. */
const FACTS: Partial<Record<RelationName, Relation>> = {
  'own record': { own: true, assigned: false, ownRow: false },
  assigned: { own: false, assigned: true, ownRow: false },
  'assigned before': { own: false, assigned: false, ownRow: false },
  announced: { own: false, assigned: false, ownRow: false },
  "colleague's": { own: false, assigned: false, ownRow: false },
};
const CUSTOM = 'coordinator';
const ROLES_UNDER_TEST = [
  ...Object.entries(PRESETS).flatMap(([preset, roles]) =>
    Object.keys(roles).map((role) => [preset as Preset, role] as const),
  ),
  ['gme', CUSTOM] as const,
];

/** One table for each permission with rows that belong to a person. It shows what the permission alone allows. */
const PERMISSIONS = [...declared('permissions').keys()];
const PROBES = PERMISSIONS.map((permission, i): [string, RowRules] => [
  `probe_${i}`,
  { person: 'person_id', select: permission },
]);
/** Tables with rules of every shape, for random rows. */
const SHAPES = fc
  .sample(
    fc.record({
      hangs: fc.boolean(),
      owned: fc.boolean(),
      says: fc.nat(3).map((n) => n === 0),
      select: fc.option(
        fc.oneof(
          { weight: 1, arbitrary: fc.constant<string[]>(['signed-in']) },
          {
            weight: 6,
            arbitrary: fc.uniqueArray(fc.constantFrom(...SELECT_PERMISSIONS), { minLength: 1, maxLength: 4 }),
          },
        ),
        { freq: 8 },
      ),
    }),
    { seed: 7, numRuns: 40 },
  )
  .map(({ hangs, owned, says, select }, i): [string, RowRules] => [
    `shape_${i}`,
    {
      ...(hangs && { person: 'person_id' }),
      ...(owned && { own: { column: 'owner_id', commands: ['select' as const] } }),
      ...(select !== null && { select }),
      ...(says && select !== null && !(select as readonly string[]).includes('signed-in') && { permission: 'opens' }),
    },
  ]);
const TABLES = [...PROBES, ...SHAPES];

defineFeature({
  name: 'probes',
  description: 'Tables of this test.',
  tables: Object.fromEntries(
    TABLES.map(([table, rows]): [string, TableDeclaration] => [
      table,
      { kind: 'tenant', rows, retention: { reason: 'of this test' } },
    ]),
  ),
});

async function makeTables({ superuser }: TestDatabase): Promise<void> {
  for (const [table] of TABLES) {
    await superuser(
      `CREATE TABLE ${table} (org_id uuid NOT NULL, id uuid NOT NULL, person_id uuid, owner_id uuid, opens text,
         PRIMARY KEY (org_id, id))`,
    );
    await superuser(`ALTER TABLE ${table} OWNER TO vouchsafe_owner`);
    await superuser('SELECT app_private.protect_table($1::regclass)', [table]);
  }
}

let harness: Harness;
let raw: RawSql;
let cells = 0;
let rows = 0;
/** One person for each relation, by preset. All presets share the person of the other organization. */
const people = new Map<string, Map<RelationName, string>>();

beforeAll(async () => {
  harness = await Harness.start({ takeJobs: false, schema: makeTables });
  raw = await RawSql.open(harness.env.DATABASE_URL!);
  const elsewhere = await harness.make.organization('gme');
  const foreignPerson = await harness.make.person(elsewhere);
  await insertProbes(elsewhere, [foreignPerson]);
  for (const preset of Object.keys(PRESETS) as Preset[]) {
    const orgId = await harness.make.organization(preset);
    await harness.database.superuser(`INSERT INTO roles (org_id, key, name) VALUES ($1, $2, 'Coordinator')`, [
      orgId,
      CUSTOM,
    ]);
    const ours = await Promise.all(
      RELATIONS.slice(0, -1).map(async (relation) => [relation, await harness.make.person(orgId)] as const),
    );
    people.set(preset, new Map([...ours, ["other organization's", foreignPerson]]));
    await insertProbes(
      orgId,
      ours.map(([, id]) => id),
    );
    orgs.set(preset, orgId);
  }
});
afterAll(async () => {
  await raw.end();
  await harness.stop();
  process.stdout.write(
    `decisions: ${cells} cells, ${ROLES_UNDER_TEST.length} roles × ${PERMISSIONS.length} permissions × ` +
      `${RELATIONS.length} relations × ${SETTINGS.length} settings; ${rows} random rows\n`,
  );
});
const orgs = new Map<string, string>();

async function insertProbes(orgId: string, persons: readonly string[]): Promise<void> {
  for (const [table] of PROBES)
    await harness.database.superuser(
      `INSERT INTO ${table} (org_id, id, person_id) SELECT $1, gen_random_uuid(), p FROM unnest($2::uuid[]) p`,
      [orgId, persons],
    );
}

/** Creates a member with one person in each relation and signs the member in. */
async function signIn(preset: Preset, role: string): Promise<{ orgId: string; membershipId: string; client: Client }> {
  const orgId = orgs.get(preset)!;
  const persons = people.get(preset)!;
  const { membershipId, email } = await harness.make.member(orgId, role, { personId: persons.get('own record')! });
  for (const [relation, from, until] of [
    ['assigned', '-1 day', '1 day'],
    ['assigned before', '-2 days', '-1 day'],
    ['announced', '1 day', '2 days'],
  ] as const) {
    const id = await harness.make.assignment(orgId, membershipId, persons.get(relation)!);
    await harness.database.superuser(
      'UPDATE assignments SET starts_at = now() + $2::interval, ends_at = now() + $3::interval WHERE id = $1',
      [id, from, until],
    );
  }
  return { orgId, membershipId, client: await harness.signIn(email) };
}

/** Applies the setting to every permission. The triggers of the database compute the result. */
async function set(
  orgId: string,
  membershipId: string,
  roleKey: string,
  { role, member, grant }: Setting,
): Promise<void> {
  const scopes =
    grant === '–' ? null : JSON.stringify(Object.fromEntries(PERMISSIONS.map((permission) => [permission, grant])));
  const quoted = (value: string) => (value === '–' ? 'NULL' : `'${value}'`);
  await harness.database.superuser(`DO $$ BEGIN
    SET LOCAL session_replication_role = replica;
    DELETE FROM role_overrides WHERE org_id = '${orgId}';
    DELETE FROM member_overrides WHERE org_id = '${orgId}';
    DELETE FROM access_grants WHERE org_id = '${orgId}';
    INSERT INTO role_overrides (org_id, role, permission, scope) SELECT '${orgId}', '${roleKey}', key, ${quoted(role)}
      FROM permissions WHERE ${quoted(role)} IS NOT NULL;
    INSERT INTO member_overrides (org_id, membership_id, permission, scope)
      SELECT '${orgId}', '${membershipId}', key, ${quoted(member)} FROM permissions WHERE ${quoted(member)} IS NOT NULL;
    ${
      scopes === null
        ? ''
        : `INSERT INTO access_grants (org_id, id, membership_id, scopes, reason, minutes,
        state, decided_by, decided_at,
        expires_at)
      SELECT org_id, gen_random_uuid(), id, '${scopes}', 'Synthetic reason of a test', 60, 'approved',
        gen_random_uuid(), now(), now() + interval '1 hour' FROM memberships WHERE id = '${membershipId}';`
    }
    SET LOCAL session_replication_role = origin;
    UPDATE memberships SET role = role WHERE id = '${membershipId}';
  END $$`);
}

/** Returns, for each permission, the relations whose row the member's own session finds, and the effective scope. */
async function readScopes(
  secret: string,
  persons: ReadonlyMap<RelationName, string>,
): Promise<{ relations: Map<string, RelationName[]>; granted: Map<string, string> }> {
  await raw.enter(secret);
  const all = (
    await raw.outcome(PROBES.map(([table], i) => `SELECT ${i} AS n, person_id FROM ${table}`).join(' UNION ALL '))
  ).rows as { n: number; person_id: string }[];
  const granted = (
    await raw.outcome('SELECT p, app.granted_scope(p) AS scope FROM unnest($1::text[]) p', [PERMISSIONS])
  ).rows as {
    p: string;
    scope: string;
  }[];
  await raw.rollback();
  const relationOf = new Map([...persons].map(([relation, id]) => [id, relation]));
  const byPermission = Map.groupBy(all, ({ n }) => PERMISSIONS[n]!);
  return {
    relations: new Map(
      PERMISSIONS.map((permission) => [
        permission,
        (byPermission.get(permission) ?? []).map(({ person_id }) => relationOf.get(person_id)!),
      ]),
    ),
    granted: new Map(granted.map(({ p, scope }) => [p, scope])),
  };
}

describe('role × permission × relation × setting', () => {
  it('is in a reviewed file for every scope and every combination of levels', () => {
    expect([...RELATIONS_BY_SCOPE.keys()].toSorted()).toEqual(
      ['people', 'other']
        .flatMap((kind) => ['org', 'assigned', 'own', 'none'].map((scope) => `${kind} ${scope}`))
        .toSorted(),
    );
    const scopes = ['–', 'org', 'assigned', 'own', 'none'];
    const wanted = scopes.flatMap((role) =>
      scopes.flatMap((member) => scopes.slice(0, -1).map((grant) => [role, member, grant].join())),
    );
    expect(SETTINGS.map(({ role, member, grant }) => [role, member, grant].join()).toSorted()).toEqual(
      wanted.toSorted(),
    );
  });

  it.each(ROLES_UNDER_TEST)(
    '%s %s: the code and the database decide as the file says',
    async (preset, role) => {
      const { orgId, membershipId, client } = await signIn(preset, role);
      const secret = sessionSecret(client);
      const persons = people.get(preset)!;
      const mismatches: string[] = [];
      for (const setting of SETTINGS) {
        await set(orgId, membershipId, role, setting);
        const { relations, granted } = await readScopes(secret, persons);
        for (const [i, permission] of PERMISSIONS.entries()) {
          const scope = setting.scope === 'default' ? defaultScope(role, permission) : setting.scope;
          const expected = expectedRelations(permission, scope);
          const { role: byRole, member, grant } = setting;
          const where = `${role} ${permission} with role ${byRole}, member ${member}, grant ${grant}`;
          if (granted.get(permission) !== scope)
            mismatches.push(`${where}: ${granted.get(permission)} instead of ${scope}`);
          for (const relation of RELATIONS) {
            const inCode =
              FACTS[relation] !== undefined &&
              decide(ruleOf(PROBES[i]![1], 'select'), new Map([[permission, scope]]), FACTS[relation]).length > 0;
            const inDatabase = relations.get(permission)!.includes(relation);
            cells += 2;
            if (inCode !== expected.has(relation) || inDatabase !== expected.has(relation))
              mismatches.push(
                `${where}: ${relation}: the file says ${expected.has(relation)}, the code ${inCode}, the ` +
                  `database ${inDatabase}`,
              );
          }
        }
      }
      await set(orgId, membershipId, role, { role: '–', member: '–', grant: '–', scope: 'default' });
      expect(mismatches.slice(0, 20)).toEqual([]);
    },
    60_000,
  );

  it('is the same over HTTP', async () => {
    const { orgId, membershipId, client } = await signIn('gme', 'mentor');
    const mismatches: string[] = [];
    for (const setting of SETTINGS.filter(
      ({ role, member, grant }) => [role, member, grant].filter((one) => one === '–').length >= 2,
    )) {
      await set(orgId, membershipId, 'mentor', setting);
      const scope = setting.scope === 'default' ? 'assigned' : setting.scope;
      for (const [relation, id] of people.get('gme')!) {
        const expected = scope === 'none' ? 403 : RELATIONS_BY_SCOPE.get(`people ${scope}`)!.has(relation) ? 200 : 404;
        const { status } = await client.get(`/v1/people/${id}`);
        cells += 1;
        if (status !== expected) mismatches.push(`${JSON.stringify(setting)} ${relation}: ${status}`);
      }
    }
    await set(orgId, membershipId, 'mentor', SETTINGS[0]!);
    expect(mismatches).toEqual([]);
  });

  it('leaves the read-only role with document:download only', () => {
    expect(PERMISSIONS.filter((permission) => defaultScope('read_only', permission) !== 'none')).toEqual([
      'document:download',
    ]);
  });
});

describe('the decision in the code', () => {
  it('equals the row policy for rules of every shape, random rows, and random organizations', async () => {
    await fc.assert(
      fc.asyncProperty(plans(), fc.infiniteStream(fc.nat(99)), async (plan, numbers) => {
        const organization = await realize(harness.database, plan);
        const facts = await factsOf(organization);
        const randomRows = [...SHAPES.keys()].flatMap((shape) =>
          Array.from({ length: 6 }, () => randomRow(shape, organization, numbers)),
        );
        for (const [shape, ofShape] of Map.groupBy(randomRows, (row) => row.shape)) {
          await harness.database.superuser(
            `INSERT INTO ${SHAPES[shape]![0]} SELECT $1, r.id, r.person_id, r.owner_id, r.opens
               FROM jsonb_to_recordset($2) AS r (id uuid, person_id uuid, owner_id uuid, opens text)`,
            [organization.orgId, JSON.stringify(ofShape)],
          );
        }
        for (const { membershipId, secret, ended } of organization.members) {
          if (ended) continue;
          const { grants, personId, assigned } = facts.get(membershipId)!;
          const expected = randomRows
            .filter(
              ({ shape, person_id, owner_id, opens }) =>
                decide(ruleOfRow(SHAPES[shape]![1], opens), grants, {
                  assigned: person_id !== null && assigned.has(person_id),
                  own: person_id !== null && person_id === personId,
                  ownRow: owner_id === membershipId,
                }).length > 0,
            )
            .map(({ id }) => id);
          await raw.enter(secret);
          const visible = (
            await raw.outcome(SHAPES.map(([table]) => `SELECT id FROM ${table}`).join(' UNION ALL '))
          ).rows.map(({ id }) => id as string);
          await raw.rollback();
          rows += randomRows.length;
          expect(visible.toSorted()).toEqual(expected.toSorted());
        }
      }),
      { numRuns: 12, endOnFailure: true },
    );
  });
});

function randomRow(
  shape: number,
  { people: persons, members }: RandomOrganization,
  numbers: Iterator<number>,
): { shape: number; id: string; person_id: string | null; owner_id: string | null; opens: string | null } {
  const one = <T>(things: readonly T[]): T | null => {
    const n = numbers.next().value as number;
    return n % 4 === 0 ? null : things[n % things.length]!;
  };
  return {
    shape,
    id: newId(),
    person_id: one(persons),
    owner_id: one(members)?.membershipId ?? null,
    opens: one([...named(SHAPES[shape]![1].select), 'role:update']),
  };
}

/** Returns the input of the decision, read from the tables. */
async function factsOf({ orgId }: RandomOrganization): Promise<Map<string, EffectiveMember>> {
  type Row = { id: string; grants: Record<string, string>; person_id: string | null; assigned: string[] };
  const members = await harness.database.superuser<Row>(
    `SELECT m.id, app_private.effective_grants(m.org_id, m.id, m.role) AS grants, m.person_id,
            ARRAY(SELECT a.person_id FROM assignments a WHERE a.membership_id = m.id AND a.starts_at <= now()
              AND (a.ends_at IS NULL OR a.ends_at > now())) AS assigned
       FROM memberships m WHERE m.org_id = $1`,
    [orgId],
  );
  return new Map(
    members.map(({ id, grants, person_id, assigned }) => [
      id,
      { grants: new Map(Object.entries(grants)), personId: person_id, assigned: new Set(assigned) },
    ]),
  );
}
