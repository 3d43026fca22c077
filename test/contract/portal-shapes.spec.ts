import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { StreamableFile, UseInterceptors, type CallHandler, type ExecutionContext, type Type } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { map } from 'rxjs';
import { AppModule } from '../../src/app.module.js';
import { loadConfig } from '../../src/platform/config/config.js';
import { declared } from '../../src/platform/feature/registry.js';
import { allRoutes, type Route } from '../../src/platform/boot/routes.js';
import { createApp } from '../../src/platform/http/index.js';
import { fieldsOf, type Audience, type ResponseClass } from '../../src/platform/http/serializer.js';
import { responseClasses, responseTypeOf } from '../../src/platform/http/response-type.js';
import { Harness } from '../harness/app.js';
import { Client } from '../harness/client.js';
import { Factories } from '../harness/factories.js';
import { fieldsIn } from './openapi.js';
import { guardedOf, keyOf, sampleFor, send } from './requests.js';
import { makeTenant, providerMetadata, type Tenant } from './fixtures.js';

/** What answers with something else than fields of a class. Whoever adds one has thought about what is in it. */
const WITHOUT_CLASS: Record<string, string> = {
  'GET /metrics': 'numbers for the operator, behind a token',
  'GET /v1/events':
    'a stream whose events leave through LiveEventResponse, ids and types alone: test/e2e/realtime.spec.ts',
  'GET /v1/exports/:id/file': 'a file for whoever asked for it; exports leave out themselves what portals do not get',
  'GET /v1/sso/oidc/:connectionId/login': 'sends the browser to the provider',
  'GET /v1/sso/oidc/:connectionId/callback': 'sends the browser back to where it came from',
  'GET /v1/sso/oidc/:connectionId/logout': "sends the browser to the provider's end of the session",
  'GET /v1/sso/saml/:connectionId/login': 'sends the browser to the identity provider',
  'POST /v1/sso/saml/:connectionId/acs': 'sends the browser back to where it came from',
  'GET /v1/sso/saml/:connectionId/form': 'a form with our own message to the identity provider',
  'GET /v1/sso/saml/:connectionId/logout': 'sends the browser to the identity provider, or to the start page',
  'POST /v1/sso/saml/:connectionId/logout': 'sends the browser to the identity provider, or to the start page',
  'GET /v1/sso/saml/:connectionId/metadata': 'holds public keys and addresses only',
};
/** Names of fields that tell of other members, of who else there is, or of the machinery. */
const SUSPECT = new RegExp(
  '^(?!has).*(userId|membershipId|personId|externalId|requestId|jobId|By|[eE]mail|^ip|userAgent|version|secret|' +
    '[hH]ash|[cC]ount|due|rows|outbox|meta)$',
);
/** Fields that only sound so. Whoever adds one has looked at what a record subject learns by it. */
const LOOKED_AT: Record<string, string> = {
  'MeUser.email': "one's own",
  'MeResponse.membershipId': "one's own",
  'SessionResponse.ip': "one's own sessions",
  'SessionResponse.userAgent': "one's own sessions",
  'DeviceResponse.ip': "one's own devices",
  'DeviceResponse.userAgent': "one's own devices",
  'TotpEnrolmentResponse.secret': "one's own, for the authenticator",
  'ContactResponse.email': 'what the contact unlock is for',
  'AssignmentResponse.personId': 'the person asked about',
  'AcceptedInviteResponse.membershipId': "one's own",
  'ScimDocumentResponse.meta': 'for directories alone',
  'ScimMeta.version': 'for directories alone',
  'ScimGroupResponse.externalId': 'for directories alone',
  'ScimGroupResponse.meta': 'for directories alone',
  'ScimUserResponse.externalId': 'for directories alone',
  'ScimUserResponse.meta': 'for directories alone',
};
/** Pages of one's own sign-in and account, the same for staff and portals: test/e2e/pages.spec.ts. */
const PAGES = /^\S+ \/(sign-in|account|assets|invites\/accept)(\/|$)/;
const PLANTED = 'planted-by-a-later-column';

let harness: Harness;
let api: NestExpressApplication;
let routes: Route[];
let metadata: string;
let cells = 0;

/** Adds to everything a handler returns a field that no class lists, before anything else sees it. */
const planting = { intercept: (_context: ExecutionContext, next: CallHandler) => next.handle().pipe(map(plant)) };

beforeAll(async () => {
  harness = await Harness.start();
  metadata = await providerMetadata();
  const config = loadConfig(harness.env, 'api');
  for (const { metatype } of harness.api.get(DiscoveryService).getControllers())
    UseInterceptors(planting)(metatype as Type);
  api = await createApp(AppModule.forRoot(config), config);
  await api.listen(0, '127.0.0.1');
  routes = allRoutes(api.get(DiscoveryService), api.get(MetadataScanner));
});
afterAll(async () => {
  await api.close();
  await harness.stop();
  process.stdout.write(`portal shapes: ${cells} cells, ${responseClasses().length} response classes\n`);
});

const withClass = () =>
  routes.filter(({ handler }) => ['item', 'list'].includes(responseTypeOf(handler)?.kind ?? 'undeclared'));

describe('every answer', () => {
  it('is made by a class that lists its fields, or was looked at', () => {
    const others = routes
      .filter(({ handler }) => !['item', 'list', 'nothing'].includes(responseTypeOf(handler)?.kind ?? 'undeclared'))
      .map(keyOf)
      .filter((key) => !PAGES.test(key));
    expect(others.toSorted()).toEqual(Object.keys(WITHOUT_CLASS).toSorted());
    expect(withClass().length).toBeGreaterThan(routes.length / 2);
  });

  it('is made by one of at least twenty classes, each of another name and with fields', () => {
    const classes = responseClasses();
    expect(classes.length).toBeGreaterThanOrEqual(20);
    expect(new Set(classes.map(({ name }) => name)).size).toBe(classes.length);
    expect(classes.filter((type) => fieldsOf(type).length === 0)).toEqual([]);
  });

  it('keeps for staff what sounds like the business of others, unless it was looked at', () => {
    const shown = shownToPortals().filter((field) => SUSPECT.test(field.split('.')[1]!));
    expect(
      shown
        .filter((field) => !(field in LOOKED_AT))
        .map((field) => `${field}: mark it with @StaffOnly(), or write into LOOKED_AT why portal roles may have it`),
    ).toEqual([]);
    expect(Object.keys(LOOKED_AT).filter((field) => !shown.includes(field))).toEqual([]);
  });

  it('leaves out for portals what is for staff, and for everybody what no class lists', () => {
    for (const route of withClass()) {
      const { kind, type, shape } = responseTypeOf(route.handler)!;
      for (const audience of ['portal', 'staff'] as const) {
        const value = plant(filled(type!));
        const answer = shape(
          kind === 'list' ? { items: [value, value], nextCursor: 'next', total: PLANTED } : value,
          audience,
        );
        cells += 1;
        expect([keyOf(route), audience, breaches(route, answer, audience)]).toEqual([keyOf(route), audience, []]);
      }
    }
  });

  it('is described with what portals do not get', () => {
    for (const type of responseClasses()) {
      const { properties, required } = fieldsIn(type.name);
      const said = Object.keys(properties).filter((name) =>
        properties[name]!.description?.endsWith('Portal roles do not get this field.'),
      );
      const staffs = fieldsOf(type)
        .filter(({ staffOnly }) => staffOnly)
        .map(({ name }) => name);
      expect([type.name, said.toSorted(), required.filter((name) => staffs.includes(name))]).toEqual([
        type.name,
        staffs.toSorted(),
        [],
      ]);
    }
  });
});

describe.each(['gme', 'enrollment'] as const)('a record subject of a %s organization', (preset) => {
  let tenant: Tenant;
  let client: Client;
  let membershipId: string;

  beforeAll(async () => {
    tenant = await makeTenant(harness, metadata, preset);
    await tenant.director.delete(`/v1/roles/${tenant.roles.subject}/permissions/person:read`);
    const member = await harness.make.member(tenant.ids.org, tenant.roles.subject, { personId: tenant.ids.person });
    membershipId = member.membershipId;
    client = new Client(await api.getUrl());
    await client.post('/v1/auth/login', { email: member.email, password: Factories.PASSWORD });
  });

  /**
   * Sends every request that brings fields back, and gives what is wrong with the answers, and which routes gave any.
   */
  async function tryAll(): Promise<{ wrong: string[]; reached: string[] }> {
    const [wrong, reached]: [string[], string[]] = [[], []];
    for (const route of guardedOf(withClass())) {
      const { params, query, body: sent } = await sampleFor(route, tenant);
      // whole lists, so that there is something in them
      const whole = await send(client, route, { params, body: sent });
      const { status, body, text } =
        // unless a question has to be asked
        whole.status === 400 ? await send(client, route, { params, query, body: sent }) : whole;
      cells += 1;
      if (status >= 300) continue;
      if (body.items?.length !== 0) reached.push(keyOf(route));
      wrong.push(...breaches(route, body, 'portal'));
      if (text.includes(tenant.directorMember.email)) wrong.push(`${keyOf(route)}: tells another member's address`);
    }
    return { wrong, reached };
  }

  it('is shown nothing that is for staff, on any route open to the role', async () => {
    const { wrong, reached } = await tryAll();
    expect(wrong).toEqual([]);
    expect(reached).toEqual(
      expect.arrayContaining([
        'GET /v1/auth/me',
        'GET /v1/organizations/current',
        'GET /v1/people',
        'GET /v1/people/:id',
        'GET /v1/people/:id/contact',
      ]),
    );
  });

  it('is shown nothing more by being granted every permission there is', async () => {
    await harness.database.superuser(
      `INSERT INTO member_overrides (org_id, membership_id, permission, scope) SELECT $1, $2, p, 'org'
         FROM unnest($3::text[]) p`,
      [tenant.ids.org, membershipId, [...declared('permissions').keys()]],
    );
    const { wrong, reached } = await tryAll();
    expect(wrong).toEqual([]);
    const theirs = await Promise.all(
      guardedOf(withClass()).map(
        async (route) => [keyOf(route), (await sampleFor(route, tenant)).by !== undefined] as const,
      ),
    );
    expect(
      theirs.filter(([route, byAnother]) => !byAnother && !reached.includes(route)).map(([route]) => route),
    ).toEqual([]);
  });
});

/** A value with something in every field of a class, those of nested classes too. */
function filled(type: ResponseClass): Record<string, unknown> {
  return Object.fromEntries(
    fieldsOf(type).map(({ property, type: held }) => [
      property,
      held === undefined || held === Object ? `${type.name}.${property}` : [filled(held as ResponseClass)],
    ]),
  );
}

function plant(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plant);
  if (
    typeof value !== 'object' ||
    value === null ||
    value instanceof Date ||
    Buffer.isBuffer(value) ||
    value instanceof StreamableFile
  )
    return value;
  return { ...Object.fromEntries(Object.entries(value).map(([key, held]) => [key, plant(held)])), planted: PLANTED };
}

/** `Class.field` of everything that portals can be answered. */
function shownToPortals(): string[] {
  const classes = new Set(withClass().map(({ handler }) => responseTypeOf(handler)!.type!));
  return [...classes.keys()].flatMap((type) => shownOf(type, classes));
}

function shownOf(type: ResponseClass, seen: Set<ResponseClass>): string[] {
  return fieldsOf(type)
    .filter(({ staffOnly }) => !staffOnly)
    .flatMap(({ name, type: held }) => {
      const isNew = held !== undefined && held !== Object && !seen.has(held as ResponseClass);
      if (isNew) seen.add(held as ResponseClass);
      return [`${type.name}.${name}`, ...(isNew ? shownOf(held as ResponseClass, seen) : [])];
    });
}

/** Fields of an answer that the class does not give to the audience, and fields of it that are missing. */
function breaches(route: Route, body: unknown, audience: Audience): string[] {
  const { kind, type } = responseTypeOf(route.handler)!;
  const values = kind === 'list' ? (body as { items: unknown[] }).items : [body];
  const planted = JSON.stringify(body).includes(PLANTED) ? [`${keyOf(route)}: shows what no class lists`] : [];
  return [
    ...planted,
    ...values.flatMap((value) => differences(type!, value, audience).map((field) => `${keyOf(route)}: ${field}`)),
  ];
}

function differences(type: ResponseClass, value: unknown, audience: Audience): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => differences(type, item, audience));
  if (typeof value !== 'object' || value === null) return [];
  const allowed = fieldsOf(type).filter(({ staffOnly }) => audience === 'staff' || !staffOnly);
  return [
    ...Object.keys(value)
      .filter((key) => !allowed.some(({ name }) => name === key))
      .map((key) => `${type.name}.${key} is shown`),
    ...allowed.flatMap(({ name, type: held }) =>
      held === undefined || held === Object
        ? []
        : differences(held as ResponseClass, (value as Record<string, unknown>)[name], audience),
    ),
  ];
}
