import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { declared, isResourceType } from '../../src/platform/feature/registry.js';
import { allRoutes, type Route } from '../../src/platform/boot/routes.js';
import { Harness } from '../harness/app.js';
import type { Answer } from '../harness/client.js';
import { extensionsIn, takenBy, wrongTypes, type FieldSchema } from './openapi.js';
import { guardedOf, keyOf, ONLY, sampleFor, send } from './requests.js';
import { DIRECTORY, PUBLIC, SAMPLES, type Sample } from './samples.js';
import { fingerprint, makeTenant, providerMetadata, type Tenant } from './fixtures.js';

const TENANT_TABLES = [...declared('tables')].filter(([, { kind }]) => kind === 'tenant').map(([name]) => name);

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
  routes = allRoutes(harness.api.get(DiscoveryService), harness.api.get(MetadataScanner));
});
afterAll(async () => {
  await harness.stop();
  process.stdout.write(`routes: ${cells} cells over ${routes.length} routes\n`);
});

const guarded = () => guardedOf(routes);
const sampleOf = (route: Route) => sampleFor(route, mine);
const withPermission = () =>
  guarded().filter(({ policy }) => policy?.kind === 'access' && policy.permission !== 'signed-in');

/** Returns no finding if the response is a problem with one of the statuses. */
function checkRejected(what: string, { status, body, headers }: Answer, statuses: readonly number[]): string[] {
  cells += 1;
  const problem =
    statuses.includes(status) &&
    headers.get('content-type') === 'application/problem+json' &&
    typeof body.code === 'string' &&
    typeof body.requestId === 'string' &&
    body.status === status;
  return problem ? [] : [`${what}: ${status} ${headers.get('content-type')} ${JSON.stringify(body).slice(0, 200)}`];
}

/** Runs a check on each item in turn and collects the findings. */
async function collect<T>(things: readonly T[], check: (thing: T) => Promise<string[]>): Promise<string[]> {
  const found: string[] = [];
  for (const thing of things) found.push(...(await check(thing)));
  return found;
}

/** Fields that accept any list of words, so the one-letter word among the wrong types is valid. */
const FREE_TEXTS = new Set(['POST /v1/sso/connections/:id/mapping/preview groups']);
const isFreeText = (route: Route, name: string, value: unknown) =>
  FREE_TEXTS.has(`${keyOf(route)} ${name}`) && Array.isArray(value) && value[0] === 'x';

describe('every route', () => {
  it('has a sample or a reviewed reason to be public', async () => {
    const lists = { public: { PUBLIC }, scim: { DIRECTORY } };
    const known = new Set([SAMPLES, PUBLIC, DIRECTORY].flatMap((place) => Object.keys(place)));
    const unlisted = routes.flatMap((route) => {
      const kind = route.policy?.kind ?? 'access';
      if (kind === 'access') return [];
      return Object.entries(lists[kind])
        .filter(([, place]) => !(keyOf(route) in place))
        .map(([name]) => `${keyOf(route)}: add it to ${name} in test/contract/samples.ts`);
    });
    const withoutSample = await collect(guarded(), async (route) => {
      try {
        await sampleOf(route);
        return [];
      } catch (error) {
        return [`${keyOf(route)}: ${(error as Error).message}`];
      }
    });
    const stale = [...known]
      .filter((key) => !routes.some((route) => keyOf(route) === key))
      .map((key) => `${key} is in test/contract/samples.ts and is not a route`);
    expect([...unlisted, ...withoutSample, ...stale]).toEqual([]);
  });

  it('documents the policy of its guard in OpenAPI: its permission, its access, or why it is public', () => {
    const expected = ({ policy }: Route) => {
      if (policy?.kind === 'public') return { 'x-public': policy.reason };
      if (policy?.kind === 'scim') return { 'x-access': 'scim' };
      const age = policy?.stepUpMinutes === undefined ? {} : { 'x-step-up-minutes': policy.stepUpMinutes };
      return policy?.permission === 'signed-in'
        ? { 'x-access': 'signed-in', ...age }
        : { 'x-permission': policy?.permission, ...age };
    };
    cells += routes.length;
    expect(Object.fromEntries(routes.map((route) => [keyOf(route), extensionsIn(route.method, route.path)]))).toEqual(
      Object.fromEntries(routes.map((route) => [keyOf(route), expected(route)])),
    );
  });

  it('returns 401 without a session', async () => {
    expect(
      await collect(guarded(), async (route) =>
        checkRejected(keyOf(route), await send(harness.client(), route, await sampleOf(route)), [401]),
      ),
    ).toEqual([]);
  });

  it('returns 401 with a forged session', async () => {
    const cookie = mine.director.cookieHeader;
    const forged = [
      cookie.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A')),
      cookie.replace(/=.*/, '='),
      cookie.replace(/\.[^.]*$/, '.'),
    ];
    expect(
      await collect(guarded(), async (route) =>
        collect(forged, async (value) =>
          checkRejected(
            keyOf(route),
            await harness
              .client()
              .send(route.method, route.path.replaceAll(/:\w+/g, mine.ids.person), { headers: { cookie: value } }),
            [401],
          ),
        ),
      ),
    ).toEqual([]);
  });

  it('returns 403 to a member without its permission, and records the denial', async () => {
    expect(
      await collect(withPermission(), async (route) => {
        const answer = await send(mine.powerless, route, await sampleOf(route));
        const permission = route.policy?.kind === 'access' ? route.policy.permission : '';
        const events = await harness.database.superuser(
          `SELECT 1 FROM audit_events WHERE org_id = $1 AND type = 'access.denied' AND outcome = 'denied'
             AND request_id = $2 AND meta ->> 'permission' = $3 AND meta ->> 'route' = $4`,
          [mine.ids.org, answer.headers.get('x-request-id'), permission, route.where],
        );
        cells += 1;
        return [
          ...checkRejected(keyOf(route), answer, [403]),
          ...(events.length === 1 ? [] : [`${keyOf(route)}: ${events.length} denials in the audit log`]),
        ];
      }),
    ).toEqual([]);
  });

  it('returns nothing for ids of another tenant, in any position', async () => {
    expect(
      await collect(guarded(), async (route) => {
        const sample = await sampleOf(route);
        return collect(swaps(sample), async ([where, swapped]) => {
          const answer = await send(mine.director, route, swapped);
          const what = `${keyOf(route)} with another tenant's id in ${where}`;
          const leak = answer.text.includes(theirs.label) ? [`${what}: the response contains their data`] : [];
          if (where.startsWith('query') && answer.status === 200 && Array.isArray(answer.body.items)) {
            cells += 1;
            return [...leak, ...(answer.body.items.length === 0 ? [] : [`${what}: ${answer.body.items.length} items`])];
          }
          return [...leak, ...checkRejected(what, answer, [404])];
        });
      }),
    ).toEqual([]);
  });

  it('rejects unknown fields and wrong types: 400', async () => {
    expect(
      await collect(guarded(), async (route) => {
        const { body, query } = takenBy(route.method, route.path);
        const sample = await sampleOf(route);
        const bodies =
          body === null
            ? []
            : [
                ...['unknown', 'orgId', 'org_id', 'id', 'createdAt']
                  .filter((name) => !(name in body))
                  .map((name) => ({ ...sample.body, [name]: theirs.ids.org })),
                ...Object.entries(body).flatMap(([name, schema]) =>
                  wrongTypes(schema)
                    .filter((value) => !isFreeText(route, name, value))
                    .map((value) => ({ ...sample.body, [name]: value })),
                ),
              ];
        const queries =
          Object.keys(query).length === 0 ? [] : [{ unknown: 'x' }, { orgId: theirs.ids.org }, ...wrongQueries(query)];
        return [
          ...(await collect(bodies, async (wrong) =>
            checkRejected(
              `${keyOf(route)} ${JSON.stringify(wrong).slice(0, 120)}`,
              await send(mine.director, route, { ...sample, body: wrong }),
              [400],
            ),
          )),
          ...(await collect(queries, async (wrong) =>
            checkRejected(
              `${keyOf(route)}?${JSON.stringify(wrong)}`,
              await send(mine.director, route, { ...sample, query: { ...sample.query, ...wrong } }),
              [400],
            ),
          )),
        ];
      }),
    ).toEqual([]);
  });

  it('rejects a body that is not an object, and an invalid id: 400', async () => {
    expect(
      await collect(guarded(), async (route) => {
        const sample = await sampleOf(route);
        const raws = takenBy(route.method, route.path).body === null ? [] : ['[]', '"x"', 'null', '{', '[1]', 'true'];
        const path = (params: Record<string, string>) =>
          route.path.replaceAll(/:(\w+)/g, (_, name: string) => params[name]!);
        const ids = Object.entries(sample.params ?? {}).filter(([, value]) => value.includes('-'));
        return [
          ...(await collect(raws, async (raw) =>
            checkRejected(
              `${keyOf(route)} ${raw}`,
              await mine.director.send(route.method, path(sample.params ?? {}), {
                raw,
                headers: { 'content-type': 'application/json' },
              }),
              [400],
            ),
          )),
          ...(await collect(ids, async ([name]) =>
            collect(
              ['0', 'x'.repeat(3_000), `${theirs.ids.org}'--`, '00000000-0000-0000-0000-00000000000g'],
              async (id) =>
                checkRejected(
                  `${keyOf(route)} ${name}=${id.slice(0, 40)}`,
                  await send(mine.director, route, { ...sample, params: { ...sample.params, [name]: id } }),
                  [400, 404, 414],
                ),
            ),
          )),
        ];
      }),
    ).toEqual([]);
  });

  it('with pages accepts only cursors of this tenant and this list', async () => {
    const lists = guarded().filter(({ method, path }) => 'cursor' in takenBy(method, path).query);
    expect(lists.length).toBeGreaterThan(ONLY === '' ? 5 : 0);
    const theirCursor = (await theirs.director.get('/v1/memberships?limit=1')).body.nextCursor as string;
    const ours = (await mine.director.get('/v1/memberships?limit=1')).body.nextCursor as string;
    const forged = [
      theirCursor,
      ours,
      `${ours}x`,
      ours.slice(1),
      ours.split('.')[0]!,
      `.${ours.split('.')[1]}`,
      Buffer.from(`["${theirs.ids.person}"]`).toString('base64url'),
      '',
      'null',
      '../../etc',
    ];
    expect(
      await collect(lists, async (route) => {
        const sample = await sampleOf(route);
        const foreign = keyOf(route) === 'GET /v1/memberships' ? forged.filter((cursor) => cursor !== ours) : forged;
        return collect(foreign, async (cursor) =>
          checkRejected(
            `${keyOf(route)} cursor=${cursor}`,
            await send(mine.director, route, { ...sample, query: { ...sample.query, cursor } }),
            [400],
          ),
        );
      }),
    ).toEqual([]);
  });

  it('left the other tenant unchanged', async () => {
    expect(await fingerprint(harness, theirs.ids.org, TENANT_TABLES)).toEqual(before);
  });

  it('succeeds for permitted callers and records its declared events', async () => {
    const samples = await Promise.all(
      guarded().map(async (route) => ({ route, last: (await sampleOf(route)).last === true })),
    );
    const inOrder = [...samples.filter(({ last }) => !last), ...samples.filter(({ last }) => last).toReversed()].map(
      ({ route }) => route,
    );
    expect(
      await collect(inOrder, async (route) => {
        const sample = await sampleOf(route);
        const answer = await send(sample.by ?? mine.director, route, sample);
        cells += 1;
        if (answer.status >= 400) return [`${keyOf(route)}: ${answer.status} ${answer.text}`];
        const emits = route.policy?.emits ?? [];
        if (emits.length === 0) return [];
        const events = await harness.database.superuser<{ type: string }>(
          'SELECT type FROM audit_events WHERE org_id = $1 AND request_id = $2',
          [sample.log ?? mine.ids.org, answer.headers.get('x-request-id')],
        );
        cells += 1;
        return events.some(({ type }) => (emits as string[]).includes(type))
          ? []
          : [`${keyOf(route)}: the audit log has none of ${emits.join(', ')}`];
      }),
    ).toEqual([]);
  });

  it('has only declared resource types as audit targets', async () => {
    const targets = await harness.database.superuser<{ type: string }>(
      'SELECT DISTINCT target_type AS type FROM audit_events WHERE target_type IS NOT NULL',
    );
    cells += targets.length;
    expect(targets.length).toBeGreaterThan(ONLY === '' ? 15 : 0);
    expect(targets.filter(({ type }) => !isResourceType(type))).toEqual([]);
  });
});

/** Returns copies of the sample, each with one id replaced by the other tenant's id of the same kind. */
function swaps({ params = {}, query = {}, body = {}, ...rest }: Sample): [where: string, sample: Sample][] {
  const foreign = new Map(Object.entries(mine.ids).map(([kind, id]) => [id, theirs.ids[kind as keyof Tenant['ids']]]));
  const changed = <V>(part: Record<string, V>, name: 'params' | 'query' | 'body') =>
    Object.entries(part)
      .filter(([, value]) => foreign.has(String(value)))
      .map(([key, value]): [string, Sample] => [
        `${name}.${key}`,
        {
          params,
          query,
          ...(Object.keys(body).length > 0 && { body }),
          ...rest,
          [name]: { ...part, [key]: foreign.get(String(value)) },
        },
      ]);
  return [...changed(params, 'params'), ...changed(query, 'query'), ...changed(body, 'body')];
}

/** Returns values that the query parameters do not accept. */
function wrongQueries(query: Record<string, FieldSchema>): Record<string, string>[] {
  return Object.entries(query).flatMap(([name, { type, enum: words, format, pattern }]) => {
    if (type === 'number' || type === 'integer')
      return ['x', '-1', '0', '1.5', '1e9', 'NaN', '201', ' '].map((value) => ({ [name]: value }));
    if (words !== undefined || format !== undefined || pattern !== undefined)
      return ['?', 'x'.repeat(2_000)].map((value) => ({ [name]: value }));
    return [{ [name]: 'x'.repeat(2_000) }];
  });
}
