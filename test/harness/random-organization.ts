import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { PRESETS, type Preset } from '../../src/platform/feature/roles.js';
import { newId } from '../../src/platform/clock/id.js';
import { declared } from '../../src/platform/feature/registry.js';
import type { TestDatabase } from './database.js';

const SCOPES = ['org', 'assigned', 'own', 'none'] as const;
const WHEN = {
  open: ['-1 day', null],
  now: ['-1 day', '1 day'],
  past: ['-2 days', '-1 day'],
  future: ['1 day', '2 days'],
} as const;
const STATES = ['requested', 'in force', 'expired', 'ended', 'declined'] as const;

interface Setting {
  permission: string;
  scope: string;
}

/** A random plan of an organization. Members and people have numbers; a role number is taken modulo the roles. */
export interface Plan {
  preset: Preset;
  customRoles: Setting[][];
  people: number;
  roleOverrides: (Setting & { role: number })[];
  members: {
    role: number;
    person: number | null;
    ended: boolean;
    overrides: Setting[];
    accessGrant: { state: (typeof STATES)[number]; grants: Setting[] } | null;
  }[];
  assignments: { member: number; person: number; when: keyof typeof WHEN }[];
  exports: { member: number; person: number }[];
}

/** A member of a random organization, with the secret of the member's session. */
export interface RandomMember {
  membershipId: string;
  userId: string;
  ended: boolean;
  secret: string;
}

export interface RandomOrganization {
  orgId: string;
  members: RandomMember[];
  /** The member with every permission for the whole organization, who runs the queries. */
  leader: RandomMember;
  people: string[];
}

/**
 * Returns random plans: presets, custom roles, overrides at both levels, and past, current, and future assignments and
 * access grants.
 */
export function plans(): fc.Arbitrary<Plan> {
  const all = [...declared('permissions')];
  const personScoped = all.filter(([, { personScoped: isPersonScoped }]) => isPersonScoped).map(([key]) => key);
  const setting = fc.record({
    permission: fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom(...personScoped) },
      { weight: 2, arbitrary: fc.constantFrom(...all.map(([key]) => key)) },
    ),
    scope: fc.constantFrom(...SCOPES),
  });
  const member = fc.record({
    role: fc.nat(9),
    person: fc.option(fc.nat(3), { freq: 2 }),
    ended: fc.nat(5).map((n) => n === 0),
    overrides: fc.array(setting, { maxLength: 4 }),
    accessGrant: fc.option(
      fc.record({
        state: fc.constantFrom(...STATES),
        grants: fc.array(
          setting.filter(({ scope }) => scope !== 'none'),
          { minLength: 1, maxLength: 3 },
        ),
      }),
      { freq: 2 },
    ),
  });
  return fc.record({
    preset: fc.constantFrom(...(Object.keys(PRESETS) as Preset[])),
    customRoles: fc.array(fc.array(setting, { minLength: 1, maxLength: 5 }), { maxLength: 2 }),
    people: fc.integer({ min: 1, max: 4 }),
    roleOverrides: fc.array(
      setting.chain((drawn) => fc.nat(9).map((role) => ({ ...drawn, role }))),
      { maxLength: 5 },
    ),
    members: fc.array(member, { minLength: 2, maxLength: 5 }),
    assignments: fc.array(
      fc.record({
        member: fc.nat(4),
        person: fc.nat(3),
        when: fc.constantFrom(...(Object.keys(WHEN) as (keyof typeof WHEN)[])),
      }),
      { maxLength: 8 },
    ),
    exports: fc.array(fc.record({ member: fc.nat(4), person: fc.nat(3) }), { maxLength: 3 }),
  });
}

/** Inserts the rows of a plan, with a session for each member. */
export async function realize({ superuser }: TestDatabase, plan: Plan): Promise<RandomOrganization> {
  const orgId = newId();
  await superuser(`INSERT INTO organizations (id, name, preset) VALUES ($1, 'Random Organization', $2)`, [
    orgId,
    plan.preset,
  ]);
  const custom = plan.customRoles.map((_, i) => `custom_${'ab'[i]}`);
  const roles = [...Object.keys(PRESETS[plan.preset]), ...custom];
  const people = Array.from({ length: plan.people }, () => newId());
  const at = <T>(list: readonly T[], n: number): T => list[n % list.length]!;
  const insert = (table: string, rows: object[]) =>
    superuser(
      `INSERT INTO ${table} (${['org_id', ...Object.keys(rows[0] ?? {})].join(', ')})
         SELECT ${['$1', ...Object.keys(rows[0] ?? {}).map((column) => `r.${column}`)].join(', ')}
       FROM jsonb_populate_recordset(NULL::${table}, $2::jsonb) r ON CONFLICT DO NOTHING`,
      [orgId, JSON.stringify(rows)],
    );
  const put = async (table: string, rows: object[]) => void (rows.length > 0 && (await insert(table, rows)));
  const inDays = (days: string | null): string | null =>
    days === null ? null : new Date(Date.now() + Number.parseInt(days, 10) * 86_400_000).toISOString();

  await put(
    'roles',
    custom.map((key) => ({ key, name: key, description: '', portal: false, created_at: inDays('-1 day') })),
  );
  await put('role_overrides', [
    ...plan.customRoles.flatMap((settings, i) =>
      settings.map((setting) => ({ role: custom[i], ...setting, set_at: inDays('-1 day') })),
    ),
    ...plan.roleOverrides.map(({ role, ...setting }) => ({
      role: at(roles, role),
      ...setting,
      set_at: inDays('-1 day'),
    })),
  ]);
  await put(
    'people',
    people.map((id) => ({
      id,
      kind: 'trainee',
      given_name: 'Random',
      family_name: 'Person',
      status: 'active',
      version: 1,
      created_at: inDays('-1 day'),
      updated_at: inDays('-1 day'),
    })),
  );
  const leaderRole = at(roles, 0);
  const drawn = [
    ...plan.members.map(({ role, person, ended }) => ({
      role: at(roles, role),
      personId: person === null ? null : at(people, person),
      ended,
    })),
    { role: leaderRole, personId: null, ended: false },
  ];
  const members = drawn.map(({ ended }) => ({
    membershipId: newId(),
    userId: newId(),
    ended,
    secret: createHash('sha256').update(newId()).digest('base64url'),
  }));
  await superuser(`INSERT INTO users (id, email) SELECT id, id || '@random.example' FROM unnest($1::uuid[]) id`, [
    members.map(({ userId }) => userId),
  ]);
  for (const [i, { membershipId, userId, secret }] of members.entries()) {
    const { role, personId } = drawn[i]!;
    await superuser(
      `INSERT INTO memberships (org_id, id, user_id, name, role, person_id)
         VALUES ($1, $2, $3, 'Random Member', $4, $5)`,
      [orgId, membershipId, userId, role, personId],
    );
    await superuser(
      `INSERT INTO sessions (org_id, id, membership_id, user_id, secret_hash, method, expires_at)
         VALUES ($1, $2, $3, $4, sha256(convert_to($5, 'UTF8')), 'password', now() + interval '1 hour')`,
      [orgId, newId(), membershipId, userId, secret],
    );
  }
  const leader = members.at(-1)!;
  const id = (n: number) => at(members.slice(0, -1), n).membershipId;
  await put('member_overrides', [
    ...plan.members.flatMap(({ overrides }, n) =>
      overrides.map((setting) => ({ membership_id: id(n), ...setting, set_at: inDays('-1 day') })),
    ),
    ...[...declared('permissions').keys()].map((permission) => ({
      membership_id: leader.membershipId,
      permission,
      scope: 'org',
      set_at: inDays('-1 day'),
    })),
  ]);
  await put(
    'assignments',
    plan.assignments.map(({ member, person, when }) => ({
      id: newId(),
      person_id: at(people, person),
      membership_id: id(member),
      starts_at: inDays(WHEN[when][0]),
      ends_at: inDays(WHEN[when][1]),
      created_at: inDays('-1 day'),
    })),
  );
  await put(
    'exports',
    plan.exports.map(({ member, person }) => ({
      id: newId(),
      kind: 'person_pdf',
      person_id: at(people, person),
      requested_by: id(member),
      filter: {},
      state: 'failed',
      rows: 0,
      created_at: inDays('-1 day'),
    })),
  );
  for (const [n, { accessGrant }] of plan.members.entries())
    if (accessGrant !== null) await grantAccess({ superuser }, orgId, id(n), leader.membershipId, accessGrant);
  await superuser(`UPDATE memberships SET status = 'ended', ended_at = now() WHERE org_id = $1 AND id = ANY ($2)`, [
    orgId,
    members.filter(({ ended }) => ended).map(({ membershipId }) => membershipId),
  ]);
  return { orgId, members, leader, people };
}

/** Inserts an access grant in the given state. An active or expired grant was approved, as the triggers require. */
async function grantAccess(
  { superuser }: Pick<TestDatabase, 'superuser'>,
  orgId: string,
  membershipId: string,
  decidedBy: string,
  { state, grants }: { state: string; grants: Setting[] },
): Promise<void> {
  const id = newId();
  await superuser(
    `INSERT INTO access_grants (org_id, id, membership_id, scopes, reason, minutes)
       VALUES ($1, $2, $3, $4, 'Random reason of a test', 60)`,
    [
      orgId,
      id,
      membershipId,
      JSON.stringify(Object.fromEntries(grants.map(({ permission, scope }) => [permission, scope]))),
    ],
  );
  if (state === 'requested') return;
  const stored = { 'in force': 'approved', expired: 'approved', ended: 'ended', declined: 'declined' }[state];
  await superuser(
    `UPDATE access_grants SET state = $3, decided_by = $4, decided_at = now(), expires_at = now() + $5::interval
       WHERE org_id = $1 AND id = $2`,
    [orgId, id, stored, decidedBy, '30 minutes'],
  );
  if (state !== 'expired') return;
  // Only the expiry changes. The triggers must not apply its effects.
  await superuser(`DO $$ BEGIN
    SET LOCAL session_replication_role = replica;
    UPDATE access_grants SET expires_at = now() - interval '1 second' WHERE id = '${id}';
    UPDATE memberships SET grants_change_at = now() - interval '1 second' WHERE id = '${membershipId}';
  END $$`);
}
