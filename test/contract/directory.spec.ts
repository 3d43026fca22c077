import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { newScimToken } from '../../src/platform/access/scim-token.js';
import { declared } from '../../src/platform/feature/registry.js';
import { allRoutes, type Route } from '../../src/platform/boot/routes.js';
import { Harness } from '../harness/app.js';
import type { Answer } from '../harness/client.js';
import { RawSql } from './raw-sql.js';
import { keyOf } from './requests.js';
import { DIRECTORY, type Sample } from './samples.js';
import { fingerprint, makeTenant, providerMetadata, type Ids, type Tenant } from './fixtures.js';

const TENANT_TABLES = [...declared('tables')].filter(([, { kind }]) => kind === 'tenant').map(([name]) => name);
const SHARED_TABLES = [...declared('tables')].filter(([, { kind }]) => kind === 'installation').map(([name]) => name);
const ERROR = 'urn:ietf:params:scim:api:messages:2.0:Error';
const ORDER = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];

let harness: Harness;
let mine: Tenant;
let theirs: Tenant;
let routes: Route[];
let before: Record<string, string>;
let cells = 0;

beforeAll(async () => {
  harness = await Harness.start();
  const metadata = await providerMetadata();
  mine = await makeTenant(harness, metadata);
  theirs = await makeTenant(harness, metadata);
  before = await fingerprint(harness, theirs.ids.org, TENANT_TABLES);
  routes = allRoutes(harness.api.get(DiscoveryService), harness.api.get(MetadataScanner))
    .filter(({ policy }) => policy?.kind === 'scim')
    .toSorted((a, b) => ORDER.indexOf(a.method) - ORDER.indexOf(b.method));
});
afterAll(async () => {
  await harness.stop();
  process.stdout.write(`scim: ${cells} cells over ${routes.length} routes and ${TENANT_TABLES.length} tables\n`);
});

const sampleOf = (route: Route, ids: Ids = mine.ids): Sample => DIRECTORY[keyOf(route)]!(ids);

function sendSample(
  route: Route,
  { params = {}, query = {}, body }: Sample,
  headers: Record<string, string>,
): Promise<Answer> {
  const path = route.path.replaceAll(/:(\w+)/g, (_, name: string) => encodeURIComponent(params[name] ?? ''));
  return harness.client().send(route.method, `${path}?${new URLSearchParams(query).toString()}`, {
    ...(body !== undefined && { body }),
    headers,
  });
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

/** Returns no finding if the response is a SCIM error (RFC 7644 section 3.12) with one of the statuses. */
function checkRejected(what: string, { status, body, headers, text }: Answer, statuses: readonly number[]): string[] {
  cells += 1;
  const isRejected =
    statuses.includes(status) &&
    body.schemas?.[0] === ERROR &&
    body.status === String(status) &&
    headers.get('content-type') === 'application/scim+json';
  return isRejected && !text.includes(theirs.label) ? [] : [`${what}: ${status} ${text.slice(0, 160)}`];
}

async function collect<T>(things: readonly T[], check: (thing: T) => Promise<string[]>): Promise<string[]> {
  const found: string[] = [];
  for (const thing of things) found.push(...(await check(thing)));
  return found;
}

describe('every SCIM route', () => {
  it('returns 401 without a token and with an invalid token', async () => {
    const token = mine.directoryToken;
    const forged: Record<string, string>[] = [
      {},
      { cookie: mine.director.cookieHeader },
      bearer(''),
      bearer(newScimToken()),
      bearer(`${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`),
      bearer(token.slice(1)),
      bearer(`${token}x`),
      bearer(`${token}, Bearer ${token}`),
      { authorization: token },
      { authorization: `Basic ${Buffer.from(`x:${token}`).toString('base64')}` },
      bearer(token.toUpperCase()),
      bearer('vs_scim_'),
    ];
    expect(
      await collect(routes, (route) =>
        collect(forged, async (headers) =>
          checkRejected(
            `${keyOf(route)} ${JSON.stringify(headers).slice(0, 60)}`,
            await sendSample(route, sampleOf(route), headers),
            [401, 429],
          ),
        ),
      ),
    ).toEqual([]);
    expect(routes.length).toBe(Object.keys(DIRECTORY).length);
  });

  it('returns nothing of another SCIM directory', async () => {
    const foreignIds = new Map(Object.entries(mine.ids).map(([kind, id]) => [id, theirs.ids[kind as keyof Ids]]));
    expect(
      await collect(routes, (route) => {
        const { params = {}, query = {}, body } = sampleOf(route);
        const foreign = Object.entries(params)
          .filter(([, value]) => foreignIds.has(value))
          .map(([name, value]): Sample => ({
            params: { ...params, [name]: foreignIds.get(value)! },
            query,
            ...(body && { body }),
          }));
        return collect(foreign, async (sample) =>
          checkRejected(
            `${keyOf(route)} with a foreign id`,
            await sendSample(route, sample, bearer(mine.directoryToken)),
            [404],
          ),
        );
      }),
    ).toEqual([]);
    for (const [kind, filter] of [
      ['Users', `id eq "${theirs.ids.scimUser}"`],
      ['Users', `userName co "${theirs.label}"`],
      ['Users', `id eq "${theirs.ids.scimUser}" or id pr`],
      ['Groups', `members eq "${theirs.ids.scimUser}"`],
      ['Groups', `displayName eq "${theirs.label}"`],
    ]) {
      const { status, text } = await harness
        .client()
        .get(`/scim/v2/${kind}?filter=${encodeURIComponent(filter!)}`, { headers: bearer(mine.directoryToken) });
      cells += 1;
      expect([filter, status, text.replaceAll(filter!, '').includes(theirs.label)]).toEqual([filter, 200, false]);
    }
    expect(await fingerprint(harness, theirs.ids.org, TENANT_TABLES)).toEqual(before);
  });

  it('succeeds for the SCIM client and records its declared events', async () => {
    const inOrder = routes.toSorted(
      (a, b) =>
        Number(a.method === 'DELETE') - Number(b.method === 'DELETE') ||
        Number(b.path.includes('Groups')) - Number(a.path.includes('Groups')),
    );
    expect(
      await collect(inOrder, async (route) => {
        const answer = await sendSample(route, sampleOf(route), bearer(mine.directoryToken));
        const events = await harness.database.superuser<{ type: string; actor_type: string }>(
          'SELECT type, actor_type FROM audit_events WHERE org_id = $1 AND request_id = $2',
          [mine.ids.org, answer.headers.get('x-request-id')],
        );
        const emits = route.policy?.emits ?? [];
        cells += 2;
        return [
          ...(answer.status < 300 ? [] : [`${keyOf(route)}: ${answer.status} ${answer.text}`]),
          ...(emits.length === 0 ||
          events.some(({ type, actor_type: by }) => by === 'source' && (emits as string[]).includes(type))
            ? []
            : [`${keyOf(route)}: the audit log has none of ${emits.join(', ')}`]),
        ];
      }),
    ).toEqual([]);
  });
});

describe("raw SQL of the application's role in the context of a SCIM client", () => {
  let raw: RawSql;
  beforeAll(async () => {
    raw = await RawSql.open(harness.env.DATABASE_URL!);
    await raw.client.query('BEGIN');
    expect(
      (await raw.client.query('SELECT state FROM app.enter_scim($1, NULL, true)', [theirs.directoryToken])).rows,
    ).toEqual([{ state: 'ok' }]);
  });
  afterAll(() => raw.end());

  it('reads no row of any table and writes none', async () => {
    const found: string[] = [];
    for (const table of [...TENANT_TABLES, 'users']) {
      const column = table === 'users' || table === 'organizations' ? 'id' : 'org_id';
      for (const [what, statement] of [
        ['read', `SELECT ${column} FROM ${table}`],
        ['deleted', `DELETE FROM ${table}`],
        ['changed', `UPDATE ${table} SET ${column} = ${column}`],
      ] as const) {
        const { code, rowCount } = await raw.attempt(statement);
        cells += 1;
        if (code !== '42501' && rowCount > 0) found.push(`${rowCount} rows of ${table} were ${what}`);
      }
    }
    expect(found).toEqual([]);
    expect(SHARED_TABLES).toContain('users');
  });

  it.each([
    `SELECT app.ensure_user(gen_random_uuid(), 'x@test.example')`,
    `INSERT INTO memberships (org_id, id, user_id, name, role)
       SELECT app.audit_org_id(), gen_random_uuid(), gen_random_uuid(), 'x', 'program_director'`,
    `SELECT app.set_password(gen_random_uuid(), NULL, '', '', NULL, false)`,
    `SELECT app.enter_organization(app.audit_org_id())`,
    `INSERT INTO scim_users (org_id) VALUES (app.audit_org_id())`,
    `SELECT app_private.scim_settle(NULL, NULL, true)`,
    `SELECT secret_hash FROM scim_tokens`,
    `SELECT * FROM app.institution_report()`,
    `INSERT INTO audit_events (org_id, occurred_at, id, type, outcome, actor_type, request_id, canonical,
       private_digest) VALUES (app.audit_org_id(), now(), gen_random_uuid(), 'auth.signed_in', 'success', 'user', 'r',
         '', '')`,
    `INSERT INTO audit_events (org_id, occurred_at, id, type, outcome, actor_type, actor_id, request_id, canonical,
       private_digest) VALUES (app.audit_org_id(), now(), gen_random_uuid(), 'scim.user_updated', 'success', 'user',
         gen_random_uuid()::text, 'r', '', '')`,
    `INSERT INTO realtime_events (org_id, id, type, permission, occurred_at)
       VALUES (app.audit_org_id(), gen_random_uuid(), 'membership.ended', 'membership:read', now())`,
  ])('is rejected: %s', async (statement) => {
    cells += 1;
    expect((await raw.attempt(statement)).code).toMatch(/^(42501|42883)$/);
  });

  it('reaches only provisioned resources through the SCIM functions', async () => {
    const { rows } = await raw.attempt('SELECT id FROM app.scim_users()');
    expect(rows).toEqual([{ id: theirs.ids.scimUser }]);
    for (const call of [
      `app.scim_delete_user('${theirs.ids.newOwner}')`,
      `app.scim_delete_user('${mine.ids.membership}')`,
      `app.scim_delete_group('${mine.ids.scimGroup}', 'r')`,
      `app.scim_put_group('${theirs.ids.scimGroup}', false, 'x', NULL, ARRAY['${theirs.ids.newOwner}']::uuid[], 'r')`,
    ]) {
      expect((await raw.attempt(`SELECT ${call}`)).code).toBe('VS409');
    }
  });

  it('the SCIM functions are rejected in any other context', async () => {
    await raw.rollback();
    for (const statement of [
      'SELECT 1',
      `SELECT app.enter_sso_log('${theirs.ids.connection}')`,
      `SELECT set_config('vouchsafe.context', 'scim||||||${theirs.ids.org}|${theirs.ids.directory}|${'0'.repeat(64)}',
         true)`,
    ]) {
      await raw.client.query('BEGIN');
      await raw.client.query(statement);
      for (const call of [
        'app.scim_users()',
        'app.scim_groups()',
        'app.scim_group_members()',
        `app.scim_delete_user('${theirs.ids.scimUser}')`,
        'app.scim_create_user(NULL, NULL, NULL)',
      ]) {
        cells += 1;
        expect([statement, call, (await raw.attempt(`SELECT * FROM ${call}`)).code]).toEqual([
          statement,
          call,
          '42501',
        ]);
      }
      await raw.rollback();
    }
  });

  it('a context from another transaction is rejected', async () => {
    await raw.client.query('BEGIN');
    await raw.client.query('SELECT app.enter_scim($1, NULL, false)', [theirs.directoryToken]);
    const {
      rows: [stored],
    } = await raw.client.query<{ c: string }>(`SELECT current_setting('vouchsafe.context') AS c`);
    await raw.client.query('COMMIT; BEGIN');
    await raw.client.query(`SELECT set_config('vouchsafe.context', $1, true)`, [stored!.c]);
    expect((await raw.attempt('SELECT * FROM app.scim_users()')).code).toBe('42501');
    await raw.rollback();
  });
});
