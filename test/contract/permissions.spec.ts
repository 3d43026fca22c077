import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { PRESETS, type Preset } from '../../src/platform/feature/roles.js';
import { newId } from '../../src/platform/clock/id.js';
import { declared } from '../../src/platform/feature/registry.js';
import { allRoutes, type Route } from '../../src/platform/boot/routes.js';
import { Harness } from '../harness/app.js';
import type { Client } from '../harness/client.js';
import type { Member } from '../harness/factories.js';

const PATH = 'test/contract/expected/permissions.md';
const FILE = `${import.meta.dirname}/expected/permissions.md`;
const ROLES = [...new Set(Object.values(PRESETS).flatMap((roles) => Object.keys(roles)))];
const ROLES_UNDER_TEST = Object.entries(PRESETS).flatMap(([preset, roles]) =>
  Object.keys(roles).map((role) => [preset as Preset, role] as const),
);
const SCOPES = ['org', 'assigned', 'own', 'none'] as const;

let harness: Harness;
let routes: Route[];
const orgs = new Map<string, string>();
let cells = 0;

beforeAll(async () => {
  harness = await Harness.start({ takeJobs: false });
  routes = allRoutes(harness.api.get(DiscoveryService), harness.api.get(MetadataScanner));
  for (const preset of Object.keys(PRESETS) as Preset[]) orgs.set(preset, await harness.make.organization(preset));
});
afterAll(async () => {
  await harness.stop();
  process.stdout.write(
    `permissions: ${cells} cells, ${declared('permissions').size} permissions × ${ROLES_UNDER_TEST.length} roles\n`,
  );
});

/** Returns permission → role → scope, as the features declare it. */
function fromCode(): Map<string, Map<string, string>> {
  return new Map(
    [...declared('permissions')].map(([permission, { scopes }]) => [
      permission,
      new Map(Object.entries(scopes).flatMap(([scope, roles]) => roles.map((role) => [role, scope] as const))),
    ]),
  );
}

/** Formats a row of the table. */
const line = (cellsOfRow: readonly string[]) => `| ${cellsOfRow.join(' | ')} |`;

/** Returns the declared rows in alphabetical order. */
function declaredRows(): string[] {
  return [...fromCode()]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([permission, scopes]) => line([`\`${permission}\``, ...ROLES.map((role) => scopes.get(role) ?? '–')]));
}

function rendered(): string {
  return [
    '# Default permissions of each role',
    '',
    'This file is reviewed by hand. A change here changes the data that members can access. State the reason in ' +
      'the commit.',
    '',
    line(['Permission', ...ROLES]),
    line(['---', ...ROLES.map(() => '---')]),
    ...declaredRows(),
    '',
  ].join('\n');
}

/** Returns the lines to add to the file and to remove from it, ready to paste. */
function corrections(): string {
  const committed = readFileSync(FILE, 'utf8').split('\n');
  const header = line(['Permission', ...ROLES]);
  const added = [...(committed.includes(header) ? [] : [header]), ...declaredRows()].filter(
    (row) => !committed.includes(row),
  );
  const removed = committed.filter((row) => row.startsWith('| `') && !declaredRows().includes(row));
  return [
    ...(added.length > 0 ? [`add to ${PATH}, in alphabetical order:`, ...added] : []),
    ...(removed.length > 0 ? [`remove from ${PATH}:`, ...removed] : []),
  ].join('\n');
}

/** Reads the committed table. */
function fromFile(): Map<string, Map<string, string>> {
  const rows = readFileSync(FILE, 'utf8')
    .split('\n')
    .filter((row) => row.startsWith('| `'));
  return new Map(
    rows.map((row) => {
      const [permission = '', ...scopes] = row
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim());
      return [
        permission.replaceAll('`', ''),
        new Map(ROLES.map((role, i) => [role, scopes[i]!] as const).filter(([, scope]) => scope !== '–')),
      ];
    }),
  );
}

async function createMember(preset: Preset, role: string): Promise<{ member: Member; client: Client }> {
  const member = await harness.make.member(orgs.get(preset)!, role);
  return { member, client: await harness.signIn(member.email) };
}

async function grantsOf(client: Client): Promise<Record<string, string>> {
  const { body } = await client.get<{ grants: { permission: string; scope: string }[] }>('/v1/auth/me');
  return Object.fromEntries(body.grants.map(({ permission, scope }) => [permission, scope]));
}

describe('the default permissions', () => {
  it('match the reviewed table (test/contract/expected/permissions.md)', () => {
    if (corrections() !== '') throw new Error(corrections());
    expect(rendered()).toBe(readFileSync(FILE, 'utf8'));
  });

  it('are at least 23 in at least 5 categories', () => {
    const permissions = [...declared('permissions').values()];
    expect(permissions.length).toBeGreaterThanOrEqual(23);
    expect(new Set(permissions.map(({ category }) => category)).size).toBeGreaterThanOrEqual(5);
  });

  it('let the read-only role download documents and nothing else', () => {
    expect([...fromFile()].filter(([, roles]) => roles.has('read_only'))).toEqual([
      ['document:download', expect.anything()],
    ]);
  });

  it.each(ROLES_UNDER_TEST)('of a %s %s match the table in the database and over HTTP', async (preset, role) => {
    const expected = Object.fromEntries(
      [...fromFile()]
        .filter(([, roles]) => roles.has(role))
        .map(([permission, roles]) => [permission, roles.get(role)]),
    );
    const { member, client } = await createMember(preset, role);
    const [row] = await harness.database.superuser<{ grants: object }>('SELECT grants FROM memberships WHERE id = $1', [
      member.membershipId,
    ]);
    expect(row!.grants).toEqual(expected);
    expect(await grantsOf(client)).toEqual(expected);
    cells += 2 * declared('permissions').size;
  });

  it.each(ROLES_UNDER_TEST)('open to a %s %s exactly the routes of its permissions', async (preset, role) => {
    const { client } = await createMember(preset, role);
    const granted = await grantsOf(client);
    const mismatches: string[] = [];
    for (const { method, path, policy } of routes) {
      if (policy?.kind !== 'access' || policy.permission === 'signed-in') continue;
      const { status, body } = await client.send(
        method,
        path.replaceAll(/:\w+/g, newId()),
        method === 'GET' || method === 'DELETE' ? {} : { body: {} },
      );
      const open = !(status === 403 && body.code === 'forbidden');
      cells += 1;
      if (open !== policy.permission in granted)
        mismatches.push(
          `${method} ${path} is ${open ? 'open' : 'closed'} to ${role}, which has ${policy.permission}: ` +
            (granted[policy.permission] ?? 'none'),
        );
    }
    expect(mismatches).toEqual([]);
  });
});

describe('the precedence of overrides', () => {
  it('is member, then role, then default, from the next request on, for every combination', async () => {
    const { client: director } = await createMember('gme', 'program_director');
    const { member, client } = await createMember('gme', 'mentor');
    const [byRole, byMember] = [
      '/v1/roles/mentor/permissions/person:unlock-contact',
      `/v1/memberships/${member.membershipId}/permissions/person:unlock-contact`,
    ];
    const set = async (path: string, scope: string | undefined) =>
      scope === undefined ? director.delete(path) : director.put(path, { scope });
    for (const roleScope of [undefined, ...SCOPES]) {
      await set(byRole, roleScope);
      for (const memberScope of [undefined, ...SCOPES]) {
        await set(byMember, memberScope);
        const scope = memberScope ?? roleScope ?? 'assigned';
        const [row] = await harness.database.superuser<{ scope: string | null }>(
          `SELECT grants ->> 'person:unlock-contact' AS scope FROM memberships WHERE id = $1`,
          [member.membershipId],
        );
        const where = `role ${roleScope}, member ${memberScope}`;
        expect([where, row!.scope ?? 'none']).toEqual([where, scope]);
        expect([where, (await grantsOf(client))['person:unlock-contact'] ?? 'none']).toEqual([where, scope]);
        expect([where, (await client.get(`/v1/people/${newId()}/contact`)).status]).toEqual([
          where,
          scope === 'none' ? 403 : 404,
        ]);
        cells += 3;
      }
    }
  });

  it('of one organization has no effect in another', async () => {
    const other = await harness.make.organization('gme');
    const theirs = await harness.make.member(other, 'mentor');
    const { client: director } = await createMember('gme', 'program_director');
    await director.put('/v1/roles/mentor/permissions/person:read', { scope: 'none' });
    expect((await grantsOf(await harness.signIn(theirs.email)))['person:read']).toBe('assigned');
    await director.delete('/v1/roles/mentor/permissions/person:read');
  });

  it('never grants more than the caller has, by role or by member', async () => {
    const { member, client } = await createMember('workforce', 'admin');
    const owner = await createMember('workforce', 'owner');
    await owner.client.put(`/v1/memberships/${member.membershipId}/permissions/audit:read`, { scope: 'none' });
    const viewer = await harness.make.member(orgs.get('workforce')!, 'viewer');
    expect(
      (await client.put(`/v1/memberships/${viewer.membershipId}/permissions/audit:read`, { scope: 'org' })).body.code,
    ).toBe('insufficient_privileges_to_grant');
    expect((await client.put('/v1/roles/viewer/permissions/audit:read', { scope: 'org' })).body.code).toBe(
      'insufficient_privileges_to_grant',
    );
    expect(
      (await client.put(`/v1/memberships/${member.membershipId}/permissions/audit:read`, { scope: 'org' })).body.code,
    ).toBe('insufficient_privileges_to_grant');
    expect((await client.patch(`/v1/memberships/${viewer.membershipId}`, { role: 'owner' })).body.code).toBe(
      'insufficient_privileges_to_grant',
    );
    expect((await client.delete(`/v1/memberships/${owner.member.membershipId}`)).body.code).toBe(
      'insufficient_privileges_to_grant',
    );
  });

  it('keeps at least one member who can manage members', async () => {
    const org = await harness.make.organization('gme');
    const only = await harness.make.member(org, 'program_director');
    const client = await harness.signIn(only.email);
    const responses = [
      await client.delete(`/v1/memberships/${only.membershipId}`),
      await client.patch(`/v1/memberships/${only.membershipId}`, { role: 'trainee' }),
      await client.put('/v1/roles/program_director/permissions/membership:update', { scope: 'none' }),
      await client.put(`/v1/memberships/${only.membershipId}/permissions/membership:update`, { scope: 'none' }),
    ];
    expect(responses.map(({ status, body }) => [status, body.code])).toEqual(responses.map(() => [409, 'last_owner']));
  });
});
