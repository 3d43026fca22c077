import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import type { Response } from 'express';
import fc from 'fast-check';
import { SessionCookies } from '../../src/modules/auth/sessions/session-cookies.js';
import { newId } from '../../src/platform/clock/id.js';
import { declared } from '../../src/platform/feature/registry.js';
import { allRoutes } from '../../src/platform/boot/routes.js';
import { Harness } from '../harness/app.js';
import { Client } from '../harness/client.js';
import { plans, realize, type RandomMember, type RandomOrganization } from '../harness/random-organization.js';
import { walk } from '../harness/walk.js';
import { RawSql } from './raw-sql.js';

/** The resource types and their tables. */
const RESOURCES = [...declared('tables')].flatMap(([table, declaration]) =>
  declaration.kind === 'tenant' && declaration.resource !== undefined ? [{ table, name: declaration.resource }] : [],
);

let harness: Harness;
let raw: RawSql;
let queries = 0;
let trials = 0;

beforeAll(async () => {
  harness = await Harness.start({ takeJobs: false });
  raw = await RawSql.open(harness.env.DATABASE_URL!);
});
afterAll(async () => {
  await raw.end();
  await harness.stop();
  process.stdout.write(
    `access explained: ${queries} queries on random organizations, compared with ${trials} trials\n`,
  );
});

/** Returns a client with a member's session. */
function clientOf({ secret }: RandomMember): Client {
  let cookie = '';
  const response = {
    append: (_name: string, value: string) => {
      cookie = value.split(';')[0]!;
    },
  } as unknown as Response;
  harness.api.get(SessionCookies, { strict: false }).set(response, secret, new Date(Date.now() + 3_600_000));
  return Client.withCookie(harness.url, cookie);
}

/** Runs an attempt as each member in turn. Returns "membership id" for each id on which the attempt succeeds. */
async function collectAllowed(members: readonly RandomMember[], attempt: () => Promise<string[]>): Promise<string[]> {
  const found: string[] = [];
  for (const { membershipId, secret, ended } of members) {
    trials += 1;
    if (ended) {
      await expect(raw.enter(secret)).rejects.toThrow('ended');
    } else {
      await raw.enter(secret);
      found.push(...(await attempt()).map((thing) => `${membershipId} ${thing}`));
    }
    await raw.rollback();
  }
  return found.toSorted();
}

const idsOf = async (statement: string): Promise<string[]> =>
  (await raw.attempt(statement)).rows.map(({ id }) => id as string);

/** Returns the answers of `who-can` for each id in the same form. */
async function whoCan(owner: Client, resource: string, ids: readonly string[], permission?: string): Promise<string[]> {
  const found: string[] = [];
  for (const id of ids) {
    queries += 1;
    const items = await walk<{ membershipId: string }>(
      owner,
      `/v1/access/who-can?limit=2&resource=${resource}&id=${id}` +
        (permission === undefined ? '' : `&permission=${permission}`),
    );
    found.push(...items.map(({ membershipId }) => `${membershipId} ${id}`));
  }
  return found.toSorted();
}

async function idsIn(table: string, orgId: string): Promise<string[]> {
  const column = table === 'organizations' ? 'id' : 'org_id';
  return (
    await harness.database.superuser<{ id: string }>(`SELECT id FROM ${table} WHERE ${column} = $1`, [orgId])
  ).map(({ id }) => id);
}

async function forRandomOrganizations(
  runs: number,
  property: (organization: RandomOrganization) => Promise<void>,
): Promise<void> {
  await fc.assert(
    fc.asyncProperty(plans(), async (plan) => property(await realize(harness.database, plan))),
    { numRuns: runs, endOnFailure: true },
  );
}

describe('who-can of random organizations', () => {
  it('names exactly the members whose own session finds the row, for every resource type', async () => {
    await forRandomOrganizations(8, async ({ orgId, members, leader: owner }) => {
      for (const { name, table } of RESOURCES) {
        const allowed = await collectAllowed(members, () => idsOf(`SELECT id FROM ${table}`));
        expect([name, await whoCan(clientOf(owner), name, await idsIn(table, orgId))]).toEqual([name, allowed]);
      }
    });
  });

  it('names exactly the members who can update the row or unlock it', async () => {
    await forRandomOrganizations(8, async ({ orgId, members, leader: owner, people }) => {
      const client = clientOf(owner);
      const changed = await collectAllowed(members, () => idsOf('UPDATE people SET title = title RETURNING id'));
      expect(await whoCan(client, 'person', people, 'person:update')).toEqual(changed);
      const ended = await collectAllowed(members, () => idsOf('UPDATE assignments SET ends_at = ends_at RETURNING id'));
      expect(await whoCan(client, 'assignment', await idsIn('assignments', orgId), 'assignment:end')).toEqual(ended);
      const unlocked = await overHttp(
        members,
        people,
        (caller, person) => caller.get(`/v1/people/${person}/contact`),
        200,
      );
      expect(await whoCan(client, 'person', people, 'person:unlock-contact')).toEqual(unlocked);
      const exported = await overHttp(
        members,
        people,
        (caller, person) => caller.post('/v1/exports', { kind: 'person_pdf', personId: person }),
        202,
      );
      expect(await whoCan(client, 'person', people, 'export:create')).toEqual(exported);
    });
  });

  it('without an id names exactly the members who can use the route', async () => {
    await forRandomOrganizations(6, async ({ members, leader: owner }) => {
      for (const [resource, permission, method, path] of [
        ['person', 'person:read', 'GET', '/v1/people'],
        ['person', 'person:create', 'POST', '/v1/people'],
        ['assignment', 'assignment:read', 'GET', '/v1/assignments'],
        ['membership', 'membership:read', 'GET', '/v1/memberships'],
        ['sso-connection', 'sso:read', 'GET', '/v1/sso/connections'],
      ] as const) {
        const open: string[] = [];
        for (const member of members)
          if ((await clientOf(member).send(method, path, method === 'POST' ? { body: {} } : {})).status < 401)
            open.push(member.membershipId);
        const items = await walk<{ membershipId: string }>(
          clientOf(owner),
          `/v1/access/who-can?resource=${resource}&permission=${permission}`,
        );
        expect([permission, items.map(({ membershipId }) => membershipId).toSorted()]).toEqual([
          permission,
          open.toSorted(),
        ]);
      }
    });
  });
});

async function overHttp(
  members: readonly RandomMember[],
  people: readonly string[],
  attempt: (caller: Client, person: string) => Promise<{ status: number }>,
  success: number,
): Promise<string[]> {
  const found: string[] = [];
  for (const member of members) {
    for (const person of people) {
      trials += 1;
      if ((await attempt(clientOf(member), person)).status === success) found.push(`${member.membershipId} ${person}`);
    }
  }
  return found.toSorted();
}

interface Preview {
  signInRestrictions: string[];
  permissions: { permission: string; scope: string; people: number | null }[];
  assignments: { personId: string; inForce: boolean }[];
  routes: { method: string; path: string }[];
}

async function previewOf(owner: Client, { userId }: RandomMember): Promise<Preview> {
  queries += 1;
  return (await owner.get<Preview>(`/v1/access/preview?userId=${userId}`)).body;
}

describe('a preview of random organizations', () => {
  it("returns the scope of every permission and the number of people that the member's own session finds", async () => {
    const permissions = [...declared('permissions').keys()];
    await forRandomOrganizations(12, async ({ members, leader: owner, people }) => {
      for (const member of members) {
        const preview = await previewOf(clientOf(owner), member);
        const scopes = Object.fromEntries(preview.permissions.map(({ permission, scope }) => [permission, scope]));
        const counts = Object.fromEntries(
          preview.permissions.map(({ permission, people: count }) => [permission, count]),
        );
        if (member.ended) {
          expect([preview.signInRestrictions, new Set(Object.values(scopes)), preview.routes]).toEqual([
            ['membership_ended'],
            new Set(['none']),
            [],
          ]);
          continue;
        }
        await raw.enter(member.secret);
        const granted = (
          await raw.attempt('SELECT p, app.granted_scope(p) AS scope FROM unnest($1::text[]) p', [permissions])
        ).rows;
        const now = (await raw.attempt('SELECT id FROM people WHERE id = ANY (app.assigned_people())')).rows;
        const reached = [
          await idsOf('SELECT id FROM people'),
          await idsOf('UPDATE people SET title = title RETURNING id'),
        ].map(({ length }) => length);
        await raw.rollback();
        const contacts = await overHttp(
          [member],
          people,
          (caller, person) => caller.get(`/v1/people/${person}/contact`),
          200,
        );
        trials += 3;
        expect(scopes).toEqual(Object.fromEntries(granted.map(({ p, scope }) => [p, scope])));
        expect([counts['person:read'], counts['person:update'], counts['person:unlock-contact']]).toEqual([
          ...reached,
          contacts.length,
        ]);
        const inForce = preview.assignments.filter((assignment) => assignment.inForce).map(({ personId }) => personId);
        if (['org', 'assigned'].includes(scopes['person:read']!))
          expect(new Set(inForce)).toEqual(new Set(now.map(({ id }) => id)));
      }
    });
  });

  it('lists exactly the routes that the member can use', async () => {
    const guarded = allRoutes(harness.api.get(DiscoveryService), harness.api.get(MetadataScanner)).filter(
      ({ policy }) => policy?.kind === 'access' && policy.permission !== 'signed-in',
    );
    await forRandomOrganizations(4, async ({ members, leader: owner }) => {
      const member = members.find(({ ended }) => !ended)!;
      const preview = await previewOf(clientOf(owner), member);
      const listed = new Set(preview.routes.map(({ method, path }) => `${method} ${path}`));
      const caller = clientOf(member);
      const mismatches: string[] = [];
      for (const { method, path } of guarded) {
        trials += 1;
        const { status, body } = await caller.send(
          method,
          path.replaceAll(/:\w+/g, newId()),
          method === 'GET' || method === 'DELETE' ? {} : { body: {} },
        );
        const open = !(status === 403 && body.code === 'forbidden');
        if (open !== listed.has(`${method} ${path}`)) mismatches.push(`${method} ${path}: ${status}`);
      }
      expect(mismatches).toEqual([]);
    });
  });
});
