import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { named, ROW_COMMANDS } from '../../src/platform/policies/row-policies.js';
import type { RowRules } from '../../src/platform/feature/declarations.js';
import { declared } from '../../src/platform/feature/registry.js';
import { allRoutes, type Route } from '../../src/platform/boot/routes.js';
import { Harness } from '../harness/app.js';
import type { Answer, Client } from '../harness/client.js';
import { KeyClient, madeKey, type MadeKey } from '../harness/keys.js';
import { RawSql } from './raw-sql.js';
import { guardedOf, keyOf, sampleFor, send as sendSample } from './requests.js';
import { makeTenant, providerMetadata, type Tenant } from './fixtures.js';

const PERMISSIONS = [...declared('permissions').keys()];
/**
 * Routes that grant or revoke permissions. The caller also needs those permissions, which a key with one permission
 * lacks.
 */
const GRANTING_ROUTES = new Set([
  'POST /v1/invites',
  'POST /v1/invites/:id/resend',
  'POST /v1/assignments',
  'POST /v1/memberships',
  'PATCH /v1/memberships/:id',
  'DELETE /v1/memberships/:id',
  'POST /v1/roles',
  'PUT /v1/roles/:role/permissions/:permission',
  'POST /v1/sso/connections',
  'POST /v1/sso/domains',
  'DELETE /v1/roles/:role/permissions/:permission',
  'PUT /v1/memberships/:id/permissions/:permission',
  'DELETE /v1/memberships/:id/permissions/:permission',
]);
/**
 * Routes that also read their resource, with the permission to read it. Without that permission they find nothing.
 */
const REQUIRED_READ_PERMISSION: Record<string, string> = {
  'GET /v1/people/:id/contact': 'person:read',
  'GET /v1/people/:id/history': 'person:read',
  'POST /v1/people': 'person:read',
  'PATCH /v1/people/:id': 'person:read',
  'DELETE /v1/assignments/:id': 'assignment:read',
  'PATCH /v1/sso/connections/:id': 'sso:read',
  'DELETE /v1/sso/connections/:id': 'sso:read',
  'POST /v1/sso/connections/:id/identity-move/preview': 'sso:read',
  'GET /v1/webhook-sources/:id/deliveries': 'webhook:read',
  'POST /v1/webhook-sources': 'webhook:read',
  'POST /v1/webhook-sources/:id/secrets': 'webhook:read',
  'PATCH /v1/webhook-sources/:id': 'webhook:read',
  'DELETE /v1/webhook-sources/:id': 'webhook:read',
  'GET /v1/access/who-can': 'person:read',
  'POST /v1/sso/connections/:id/refresh': 'sso:read',
  'POST /v1/sso/connections/:id/mapping/preview': 'sso:read',
  'POST /v1/sso/domains/:id/verify': 'sso:read',
  'DELETE /v1/sso/domains/:id': 'sso:read',
};

let harness: Harness;
let mine: Tenant;
let theirs: Tenant;
let routes: Route[];
let raw: RawSql;
const only = new Map<string, MadeKey>();
const without = new Map<string, MadeKey>();
let specialKeys: Record<'expired' | 'revoked' | 'elsewhere' | 'foreign' | 'full', MadeKey>;
let ips = 0;
let cells = 0;

beforeAll(async () => {
  harness = await Harness.start({ env: { TRUST_PROXY: 'loopback' } });
  const metadata = await providerMetadata();
  mine = await makeTenant(harness, metadata);
  theirs = await makeTenant(harness, metadata);
  routes = allRoutes(harness.api.get(DiscoveryService), harness.api.get(MetadataScanner));
  raw = await RawSql.open(harness.env.DATABASE_URL!);
  const granted = (await mine.director.get('/v1/auth/me')).body.permissions as string[];
  await Promise.all(
    granted.map(async (permission) => {
      only.set(permission, await madeKey(mine.director, [permission]));
      without.set(
        permission,
        await madeKey(
          mine.director,
          granted.filter((other) => other !== permission),
        ),
      );
    }),
  );
  const full = (more?: object) => madeKey(mine.director, granted, more);
  specialKeys = {
    expired: await full(),
    revoked: await full(),
    elsewhere: await full({ allowedRanges: ['203.0.113.0/24'] }),
    full: await full(),
    foreign: await madeKey(theirs.director, granted),
  };
  await harness.database.superuser(`UPDATE api_keys SET expires_at = now() - interval '1 second' WHERE id = $1`, [
    specialKeys.expired.id,
  ]);
  await mine.director.delete(`/v1/api-keys/${specialKeys.revoked.id}`);
});
afterAll(async () => {
  await raw.end();
  await harness.stop();
  process.stdout.write(`api keys: ${cells} cells, ${routes.length} routes, ${PERMISSIONS.length} permissions\n`);
});

const guarded = () => guardedOf(routes);
const permissionOf = ({ policy }: Route) => (policy?.kind === 'access' ? (policy.permission as string) : '');
const isInteractiveOnly = ({ policy }: Route) => policy?.interactiveOnly === true;

/** Returns a client with an IP that was not used before, so that no limit by IP applies. */
function caller({ key }: MadeKey): Client {
  ips += 1;
  return new KeyClient(harness.url, key, `10.${ips >> 16}.${(ips >> 8) & 255}.${ips & 255}`);
}

async function send(key: MadeKey, route: Route): Promise<Answer> {
  cells += 1;
  return sendSample(caller(key), route, await sampleFor(route, mine));
}

const outcomeOf = ({ status, body }: Answer) =>
  status < 300 ? 'success' : status === 404 ? 'not found' : `${status} ${body.code}`;

/** Returns the routes with an unexpected outcome. */
async function mismatches(
  selected: readonly Route[],
  key: (route: Route) => MadeKey,
  expected: (route: Route) => string,
): Promise<string[]> {
  const found: string[] = [];
  for (const route of selected) {
    const answer = outcomeOf(await send(key(route), route));
    if (answer !== expected(route)) found.push(`${keyOf(route)}: ${answer} instead of ${expected(route)}`);
  }
  return found;
}

const anyOther = () => only.get('organization:read')!;

describe('every route', () => {
  it.each([
    ['expired', '401 api_key_expired'],
    ['revoked', '401 unauthenticated'],
    ['elsewhere', '403 ip_not_allowed'],
  ] as const)('rejects a key that is %s', async (kind, answer) => {
    expect(
      await mismatches(
        guarded(),
        () => specialKeys[kind],
        () => answer,
      ),
    ).toEqual([]);
  });

  it('rejects a key without its permission, and every key if it is interactive only', async () => {
    const asking = guarded().filter((route) => permissionOf(route) !== 'signed-in' || isInteractiveOnly(route));
    expect(
      await mismatches(
        asking,
        (route) => without.get(permissionOf(route)) ?? specialKeys.full,
        (route) => (isInteractiveOnly(route) ? '403 api_key_not_allowed' : '403 forbidden'),
      ),
    ).toEqual([]);
  });

  it('returns nothing of this organization to a key of another one', async () => {
    const found: string[] = [];
    for (const route of guarded().filter((one) => !isInteractiveOnly(one) && one.path.includes('/:id'))) {
      const answer = await send(specialKeys.foreign, route);
      if (answer.status !== 404 || answer.text.includes(mine.label))
        found.push(`${keyOf(route)}: ${outcomeOf(answer)}`);
    }
    for (const route of guarded().filter(({ method, path }) => method === 'GET' && !path.includes(':'))) {
      if ((await send(specialKeys.foreign, route)).text.includes(mine.label))
        found.push(`${keyOf(route)} shows data of another organization`);
    }
    expect(found).toEqual([]);
  });

  it('works for a key with its one permission, which can neither grant nor read anything else', async () => {
    const needsMore = (route: Route) => keyOf(route) in REQUIRED_READ_PERMISSION || GRANTING_ROUTES.has(keyOf(route));
    const expected = (route: Route) =>
      isInteractiveOnly(route)
        ? '403 api_key_not_allowed'
        : GRANTING_ROUTES.has(keyOf(route))
          ? '403 insufficient_privileges_to_grant'
          : 'not found';
    const one = (route: Route) => only.get(permissionOf(route)) ?? anyOther();
    expect(
      await mismatches(
        guarded().filter((route) => isInteractiveOnly(route) || needsMore(route)),
        one,
        expected,
      ),
    ).toEqual([]);
    const reading = new Map<Route, MadeKey>();
    for (const route of guarded())
      if (keyOf(route) in REQUIRED_READ_PERMISSION)
        reading.set(
          route,
          await madeKey(mine.director, [permissionOf(route), REQUIRED_READ_PERMISSION[keyOf(route)]!]),
        );
    const sufficientKey = (route: Route) =>
      reading.get(route) ?? (GRANTING_ROUTES.has(keyOf(route)) ? specialKeys.full : one(route));
    expect(
      await mismatches(
        guarded().filter((route) => !isInteractiveOnly(route)),
        sufficientKey,
        () => 'success',
      ),
    ).toEqual([]);
  });
});

it('an API key enters with the columns of a session, so that no later code misses one', async () => {
  const columns = async (enterFunction: string) =>
    (
      await harness.database.superuser<{ name: string }>(
        `SELECT a.name FROM pg_proc p, unnest(p.proargnames, p.proargmodes) AS a (name, mode)
           WHERE p.oid = $1::regproc AND a.mode = 'o'`,
        [enterFunction],
      )
    ).map(({ name }) => name);
  expect(await columns('app.enter_api_key')).toEqual([...(await columns('app.enter_session')), 'api_key_id']);
});

/** Returns whether the rules of a table allow a command to a key with one permission. */
const isAllowed = (rules: RowRules, command: (typeof ROW_COMMANDS)[number], permission: string) =>
  named(rules[command]).some((name) => name === 'signed-in' || name === permission);
const TABLES = [...declared('tables')].flatMap(([table, declaration]) =>
  declaration.kind === 'tenant' ? [[table, declaration.rows] as const] : [],
);
const hasEffect = ({ code, rowCount }: { code: string | null; rowCount: number }) => code === null && rowCount > 0;

describe('raw SQL in the context of a key', () => {
  it.each(PERMISSIONS.filter((permission) => permission !== 'document:download'))(
    'reaches only rows that %s allows',
    async (permission) => {
      const updatable = await harness.database.superuser<{ table: string; column: string }>(
        `SELECT DISTINCT ON (c.table_name) c.table_name AS table, c.column_name AS column
           FROM information_schema.columns c
        WHERE c.table_schema = 'public' AND has_column_privilege('vouchsafe_app',
          'public.' || quote_ident(c.table_name), c.column_name, 'UPDATE')`,
      );
      await raw.enterByKey(only.get(permission)!.key);
      const found: string[] = [];
      for (const [table, rules] of TABLES) {
        const column = updatable.find((one) => one.table === table)?.column;
        const statements = [
          ['select', `SELECT ${table === 'organizations' ? 'id' : 'org_id'} FROM ${table}`],
          ...(column === undefined ? [] : [['update', `UPDATE ${table} SET ${column} = ${column}`] as const]),
          ['delete', `DELETE FROM ${table}`],
        ] as const;
        for (const [command, statement] of statements) {
          cells += 1;
          await raw.client.query('SAVEPOINT cell');
          if (hasEffect(await raw.attempt(statement)) && !isAllowed(rules, command, permission))
            found.push(`${command} of ${table}`);
          await raw.client.query('ROLLBACK TO SAVEPOINT cell');
        }
      }
      await raw.rollback();
      expect(found).toEqual([]);
    },
  );

  it('finds rows for matching permissions, so that the test above does not pass because of missing rows', async () => {
    for (const [permission, table] of [
      ['person:read', 'people'],
      ['audit:read', 'audit_events'],
      ['api-key:read', 'api_keys'],
      ['membership:read', 'memberships'],
    ] as const) {
      await raw.enterByKey(only.get(permission)!.key);
      expect([table, (await raw.attempt(`SELECT org_id FROM ${table}`)).rowCount > 0]).toEqual([table, true]);
      await raw.rollback();
    }
  });

  it('has exactly the permissions of the key that its member also has, in every function', async () => {
    for (const [permission, { key }] of only) {
      await raw.enterByKey(key);
      const { rows } = await raw.attempt(
        `SELECT p AS permission, app.granted_scope(p) AS granted, app.has_permission(p) AS permitted,
           app.org_if_unscoped(p) = app.org_id() AS unscoped FROM unnest($1::text[]) p`,
        [PERMISSIONS],
      );
      cells += rows.length;
      for (const row of rows) {
        const own = row.permission === permission;
        const personScoped = declared('permissions').get(row.permission as string)?.personScoped === true;
        expect(row).toEqual({
          permission: row.permission,
          granted: own ? 'org' : 'none',
          permitted: own,
          unscoped: own && personScoped ? true : null,
        });
      }
      await raw.rollback();
    }
  });
});
