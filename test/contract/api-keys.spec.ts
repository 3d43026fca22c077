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
 * Routes that give or take away rights: whoever calls them needs those rights as well, and a key of one permission has
 * none.
 */
const GIVING = new Set([
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
/** Routes that also show what they are about: the permission to read it, without which nothing is there. */
const READING: Record<string, string> = {
  'GET /v1/people/:id/contact': 'person:read',
  'GET /v1/people/:id/history': 'person:read',
  'POST /v1/people': 'person:read',
  'PATCH /v1/people/:id': 'person:read',
  'DELETE /v1/assignments/:id': 'assignment:read',
  'PATCH /v1/sso/connections/:id': 'sso:read',
  'DELETE /v1/sso/connections/:id': 'sso:read',
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
let spent: Record<'expired' | 'revoked' | 'elsewhere' | 'foreign' | 'full', MadeKey>;
let addresses = 0;
let cells = 0;

beforeAll(async () => {
  harness = await Harness.start({ env: { TRUST_PROXY: 'loopback' } });
  const metadata = await providerMetadata();
  mine = await makeTenant(harness, metadata);
  theirs = await makeTenant(harness, metadata);
  routes = allRoutes(harness.api.get(DiscoveryService), harness.api.get(MetadataScanner));
  raw = await RawSql.open(harness.env.DATABASE_URL!);
  const held = (await mine.director.get('/v1/auth/me')).body.permissions as string[];
  await Promise.all(
    held.map(async (permission) => {
      only.set(permission, await madeKey(mine.director, [permission]));
      without.set(
        permission,
        await madeKey(
          mine.director,
          held.filter((other) => other !== permission),
        ),
      );
    }),
  );
  const full = (more?: object) => madeKey(mine.director, held, more);
  spent = {
    expired: await full(),
    revoked: await full(),
    elsewhere: await full({ allowedRanges: ['203.0.113.0/24'] }),
    full: await full(),
    foreign: await madeKey(theirs.director, held),
  };
  await harness.database.superuser(`UPDATE api_keys SET expires_at = now() - interval '1 second' WHERE id = $1`, [
    spent.expired.id,
  ]);
  await mine.director.delete(`/v1/api-keys/${spent.revoked.id}`);
}, 120_000);
afterAll(async () => {
  await raw.end();
  await harness.stop();
  process.stdout.write(`api keys: ${cells} cells, ${routes.length} routes, ${PERMISSIONS.length} permissions\n`);
});

const guarded = () => guardedOf(routes);
const permissionOf = ({ policy }: Route) => (policy?.kind === 'access' ? (policy.permission as string) : '');
const forPeople = ({ policy }: Route) => policy?.interactiveOnly === true;

/** From an address that nobody had before, so that no limit by address is met. */
function caller({ key }: MadeKey): Client {
  addresses += 1;
  return new KeyClient(harness.url, key, `10.${addresses >> 16}.${(addresses >> 8) & 255}.${addresses & 255}`);
}

async function send(key: MadeKey, route: Route): Promise<Answer> {
  cells += 1;
  return sendSample(caller(key), route, await sampleFor(route, mine));
}

const told = ({ status, body }: Answer) =>
  status < 300 ? 'done' : status === 404 ? 'nothing there' : `${status} ${body.code}`;

/** What routes answered otherwise than was expected. */
async function surprises(
  over: readonly Route[],
  key: (route: Route) => MadeKey,
  expected: (route: Route) => string,
): Promise<string[]> {
  const found: string[] = [];
  for (const route of over) {
    const answer = told(await send(key(route), route));
    if (answer !== expected(route)) found.push(`${keyOf(route)}: ${answer}, and not ${expected(route)}`);
  }
  return found;
}

const anyOther = () => only.get('organization:read')!;

describe('every route', () => {
  it.each([
    ['expired', '401 api_key_expired'],
    ['revoked', '401 unauthenticated'],
    ['elsewhere', '403 ip_not_allowed'],
  ] as const)('refuses a key that is %s', async (kind, answer) => {
    expect(
      await surprises(
        guarded(),
        () => spent[kind],
        () => answer,
      ),
    ).toEqual([]);
  });

  it('refuses a key that lacks only its permission, and is closed to keys where it is for people', async () => {
    const asking = guarded().filter((route) => permissionOf(route) !== 'signed-in' || forPeople(route));
    expect(
      await surprises(
        asking,
        (route) => without.get(permissionOf(route)) ?? spent.full,
        (route) => (forPeople(route) ? '403 api_key_not_allowed' : '403 forbidden'),
      ),
    ).toEqual([]);
  });

  it("knows nothing of this organization's ids by a key of another", async () => {
    const found: string[] = [];
    for (const route of guarded().filter((one) => !forPeople(one) && one.path.includes('/:id'))) {
      const answer = await send(spent.foreign, route);
      if (answer.status !== 404 || answer.text.includes(mine.mark)) found.push(`${keyOf(route)}: ${told(answer)}`);
    }
    for (const route of guarded().filter(({ method, path }) => method === 'GET' && !path.includes(':'))) {
      if ((await send(spent.foreign, route)).text.includes(mine.mark))
        found.push(`${keyOf(route)} shows what is not theirs`);
    }
    expect(found).toEqual([]);
  });

  it('works for a key with its one permission, which neither gives rights nor shows what may not be read', async () => {
    const wanting = (route: Route) => keyOf(route) in READING || GIVING.has(keyOf(route));
    const expected = (route: Route) =>
      forPeople(route)
        ? '403 api_key_not_allowed'
        : GIVING.has(keyOf(route))
          ? '403 insufficient_privileges_to_grant'
          : 'nothing there';
    const one = (route: Route) => only.get(permissionOf(route)) ?? anyOther();
    expect(
      await surprises(
        guarded().filter((route) => forPeople(route) || wanting(route)),
        one,
        expected,
      ),
    ).toEqual([]);
    const reading = new Map<Route, MadeKey>();
    for (const route of guarded())
      if (keyOf(route) in READING)
        reading.set(route, await madeKey(mine.director, [permissionOf(route), READING[keyOf(route)]!]));
    const enough = (route: Route) => reading.get(route) ?? (GIVING.has(keyOf(route)) ? spent.full : one(route));
    expect(
      await surprises(
        guarded().filter((route) => !forPeople(route)),
        enough,
        () => 'done',
      ),
    ).toEqual([]);
  });
});

it("enters by a row that is named as a session's is, so that nothing behind it misses a column", async () => {
  const columns = async (entrance: string) =>
    (
      await harness.database.superuser<{ name: string }>(
        `SELECT a.name FROM pg_proc p, unnest(p.proargnames, p.proargmodes) AS a (name, mode)
           WHERE p.oid = $1::regproc AND a.mode = 'o'`,
        [entrance],
      )
    ).map(({ name }) => name);
  expect(await columns('app.enter_api_key')).toEqual([...(await columns('app.enter_session')), 'api_key_id']);
});

/** What the rules of a table leave to a key of one permission. */
const left = (rules: RowRules, command: (typeof ROW_COMMANDS)[number], permission: string) =>
  named(rules[command]).some((who) => who === 'signed-in' || who === permission);
const TABLES = [...declared('tables')].flatMap(([table, declaration]) =>
  declaration.kind === 'tenant' ? [[table, declaration.rows] as const] : [],
);
const touched = ({ code, rowCount }: { code: string | null; rowCount: number }) => code === null && rowCount > 0;

describe('raw SQL in the context of a key', () => {
  it.each(PERMISSIONS.filter((permission) => permission !== 'document:download'))(
    'reaches no row that %s does not name',
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
        const tries = [
          ['select', `SELECT ${table === 'organizations' ? 'id' : 'org_id'} FROM ${table}`],
          ...(column === undefined ? [] : [['update', `UPDATE ${table} SET ${column} = ${column}`] as const]),
          ['delete', `DELETE FROM ${table}`],
        ] as const;
        for (const [command, statement] of tries) {
          cells += 1;
          await raw.client.query('SAVEPOINT cell');
          if (touched(await raw.attempt(statement)) && !left(rules, command, permission))
            found.push(`${command} of ${table}`);
          await raw.client.query('ROLLBACK TO SAVEPOINT cell');
        }
      }
      await raw.rollback();
      expect(found).toEqual([]);
    },
  );

  it('finds rows where the permission names them, so that nothing above passes for want of rows', async () => {
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

  it('holds what the key lists of what its member holds, by every function that is asked', async () => {
    for (const [permission, { key }] of only) {
      await raw.enterByKey(key);
      const { rows } = await raw.attempt(
        `SELECT p AS permission, app.granted_scope(p) AS held, app.has_permission(p) AS holds,
           app.org_if_unscoped(p) = app.org_id() AS everybody FROM unnest($1::text[]) p`,
        [PERMISSIONS],
      );
      cells += rows.length;
      for (const row of rows) {
        const own = row.permission === permission;
        const personScoped = declared('permissions').get(row.permission as string)?.personScoped === true;
        expect(row).toEqual({
          permission: row.permission,
          held: own ? 'org' : 'none',
          holds: own,
          everybody: own && personScoped ? true : null,
        });
      }
      await raw.rollback();
    }
  });
});
