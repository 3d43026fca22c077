/**
 * This file changes the handlers of all controllers, so it does not share its modules with other files.
 *
 * @jest-environment node
 */
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

/** Routes whose response has no class. A new entry requires a review of its content. */
const WITHOUT_CLASS: Record<string, string> = {
  'GET /': 'redirects to the account page',
  'GET /metrics': 'numbers for the operator, behind a token',
  'GET /v1/events': 'a stream of events as LiveEventResponse with ids and types only: test/e2e/realtime.spec.ts',
  'GET /v1/exports/:id/file': 'a file for its requester; the export omits staff-only fields itself',
  'GET /v1/sso/oidc/:connectionId/login': 'redirects the browser to the provider',
  'GET /v1/sso/oidc/:connectionId/callback': 'redirects the browser to its original page',
  'GET /v1/sso/oidc/:connectionId/logout': "redirects the browser to the provider's logout endpoint",
  'GET /v1/sso/oidc/:connectionId/frontchannel-logout': 'an empty page',
  'GET /v1/sso/saml/:connectionId/login': 'redirects the browser to the identity provider',
  'POST /v1/sso/saml/:connectionId/acs': 'redirects the browser to its original page',
  'GET /v1/sso/saml/:connectionId/form': "a form with the application's own message to the identity provider",
  'GET /v1/sso/saml/:connectionId/logout': 'redirects the browser to the identity provider or to the signed-out page',
  'POST /v1/sso/saml/:connectionId/logout': 'redirects the browser to the identity provider or to the signed-out page',
  'GET /v1/sso/saml/:connectionId/metadata': 'contains only public keys and URLs',
};
/** Field names that suggest data about other members or about internals. */
const SENSITIVE = new RegExp(
  '^(?!has).*(userId|membershipId|personId|externalId|requestId|jobId|By|[eE]mail|^ip|userAgent|version|secret|' +
    '[hH]ash|[cC]ount|due|rows|outbox|meta)$',
);
/** Fields with such a name that a record subject may receive. A new entry requires a review. */
const REVIEWED: Record<string, string> = {
  'MeUser.email': "the member's own",
  'MeResponse.membershipId': "the member's own",
  'SessionResponse.ip': "the member's own sessions",
  'SessionResponse.userAgent': "the member's own sessions",
  'DeviceResponse.ip': "the member's own devices",
  'DeviceResponse.userAgent': "the member's own devices",
  'TotpEnrolmentResponse.secret': "the member's own, for the authenticator app",
  'IdentityResponse.providerEmail': "the member's own identities; others need sso:read",
  'LinkResponse.email': 'the account that the user must prove',
  'ContactResponse.email': 'the purpose of the contact unlock',
  'AssignmentResponse.personId': 'the person of the request',
  'AcceptedInviteResponse.membershipId': "the member's own",
  'ScimDocumentResponse.meta': 'for SCIM clients only',
  'ScimMeta.version': 'for SCIM clients only',
  'ScimGroupResponse.externalId': 'for SCIM clients only',
  'ScimGroupResponse.meta': 'for SCIM clients only',
  'ScimUserResponse.externalId': 'for SCIM clients only',
  'ScimUserResponse.meta': 'for SCIM clients only',
};
/** The sign-in and account pages of the user, the same for staff and portals: test/e2e/pages.spec.ts. */
const PAGES = /^\S+ \/(sign-in|signed-out|sso-test|account|assets|invites\/accept)(\/|$)/;
const UNLISTED = 'planted-by-a-later-column';

let harness: Harness;
let api: NestExpressApplication;
let routes: Route[];
let metadata: string;
let cells = 0;

/** Adds a field that no class lists to every handler's result, before the serializer runs. */
const unlistedField = {
  intercept: (_context: ExecutionContext, next: CallHandler) => next.handle().pipe(map(addUnlistedField)),
};

beforeAll(async () => {
  harness = await Harness.start();
  metadata = await providerMetadata();
  const config = loadConfig(harness.env, 'api');
  for (const { metatype } of harness.api.get(DiscoveryService).getControllers())
    UseInterceptors(unlistedField)(metatype as Type);
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

describe('every response', () => {
  it('has a class that lists its fields, or a reviewed reason', () => {
    const others = routes
      .filter(({ handler }) => !['item', 'list', 'nothing'].includes(responseTypeOf(handler)?.kind ?? 'undeclared'))
      .map(keyOf)
      .filter((key) => !PAGES.test(key));
    expect(others.toSorted()).toEqual(Object.keys(WITHOUT_CLASS).toSorted());
    expect(withClass().length).toBeGreaterThan(routes.length / 2);
  });

  it('has one of at least twenty classes, with unique names and at least one field', () => {
    const classes = responseClasses();
    expect(classes.length).toBeGreaterThanOrEqual(20);
    expect(new Set(classes.map(({ name }) => name)).size).toBe(classes.length);
    expect(classes.filter((type) => fieldsOf(type).length === 0)).toEqual([]);
  });

  it('is staff-only for fields with a sensitive name, unless reviewed', () => {
    const shown = shownToPortals().filter((field) => SENSITIVE.test(field.split('.')[1]!));
    expect(
      shown
        .filter((field) => !(field in REVIEWED))
        .map((field) => `${field}: mark it with @StaffOnly(), or add the reason why portals may have it to REVIEWED`),
    ).toEqual([]);
    expect(Object.keys(REVIEWED).filter((field) => !shown.includes(field))).toEqual([]);
  });

  it('omits staff-only fields for portals, and unlisted fields for all audiences', () => {
    for (const route of withClass()) {
      const { kind, type, shape } = responseTypeOf(route.handler)!;
      for (const audience of ['portal', 'staff'] as const) {
        const value = addUnlistedField(filled(type!));
        const answer = shape(
          kind === 'list' ? { items: [value, value], nextCursor: 'next', total: UNLISTED } : value,
          audience,
        );
        cells += 1;
        expect([keyOf(route), audience, breaches(route, answer, audience)]).toEqual([keyOf(route), audience, []]);
      }
    }
  });

  it('is documented with the fields that portals do not get', () => {
    for (const type of responseClasses()) {
      const { properties, required } = fieldsIn(type.name);
      const described = Object.keys(properties).filter((name) =>
        properties[name]!.description?.endsWith('Portal roles do not receive this field.'),
      );
      const staffFields = fieldsOf(type)
        .filter(({ staffOnly }) => staffOnly)
        .map(({ name }) => name);
      expect([type.name, described.toSorted(), required.filter((name) => staffFields.includes(name))]).toEqual([
        type.name,
        staffFields.toSorted(),
        [],
      ]);
    }
  });
});

describe.each(['gme', 'enrollment'] as const)('a record subject of a %s organization', (preset) => {
  let tenant: Tenant;
  let client: Client;
  let membershipId: string;
  let signIn: () => Promise<void>;

  beforeAll(async () => {
    tenant = await makeTenant(harness, metadata, preset);
    await tenant.director.delete(`/v1/roles/${tenant.roles.subject}/permissions/person:read`);
    const member = await harness.make.member(tenant.ids.org, tenant.roles.subject, { personId: tenant.ids.person });
    membershipId = member.membershipId;
    client = new Client(await api.getUrl());
    signIn = async () => {
      await client.post('/v1/auth/login', { email: member.email, password: Factories.PASSWORD });
    };
    await signIn();
  });

  /** Sends every request with a response class. Returns the leaks and the routes that returned data. */
  async function sendAll(): Promise<{ leaks: string[]; reached: string[] }> {
    const [leaks, reached]: [string[], string[]] = [[], []];
    for (const route of guardedOf(withClass())) {
      const { params, query, body: sent } = await sampleFor(route, tenant);
      // Request the whole list first, so that it contains rows.
      const list = await send(client, route, { params, body: sent });
      const { status, body, text } =
        // Some routes require a query.
        list.status === 400 ? await send(client, route, { params, query, body: sent }) : list;
      cells += 1;
      if (keyOf(route) === 'POST /v1/auth/logout') await signIn();
      if (status >= 300) continue;
      if (body.items?.length !== 0) reached.push(keyOf(route));
      leaks.push(...breaches(route, body, 'portal'));
      if (text.includes(tenant.directorMember.email))
        leaks.push(`${keyOf(route)}: shows another member's e-mail address`);
    }
    return { leaks, reached };
  }

  it('receives no staff-only field on any route open to the role', async () => {
    const { leaks, reached } = await sendAll();
    expect(leaks).toEqual([]);
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

  it('receives no additional field with every permission', async () => {
    await harness.database.superuser(
      `INSERT INTO member_overrides (org_id, membership_id, permission, scope) SELECT $1, $2, p, 'org'
         FROM unnest($3::text[]) p`,
      [tenant.ids.org, membershipId, [...declared('permissions').keys()]],
    );
    const { leaks, reached } = await sendAll();
    expect(leaks).toEqual([]);
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

/** Returns a value with content in every field of a class, including nested classes. */
function filled(type: ResponseClass): Record<string, unknown> {
  return Object.fromEntries(
    fieldsOf(type).map(({ property, type: held }) => [
      property,
      held === undefined || held === Object ? `${type.name}.${property}` : [filled(held as ResponseClass)],
    ]),
  );
}

function addUnlistedField(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(addUnlistedField);
  if (
    typeof value !== 'object' ||
    value === null ||
    value instanceof Date ||
    Buffer.isBuffer(value) ||
    value instanceof StreamableFile
  )
    return value;
  return {
    ...Object.fromEntries(Object.entries(value).map(([key, held]) => [key, addUnlistedField(held)])),
    planted: UNLISTED,
  };
}

/** Returns `Class.field` for every field that portals can receive. */
function shownToPortals(): string[] {
  const classes = new Set(withClass().map(({ handler }) => responseTypeOf(handler)!.type!));
  return [...classes.keys()].flatMap((type) => shownOf(type, classes));
}

function shownOf(type: ResponseClass, visited: Set<ResponseClass>): string[] {
  return fieldsOf(type)
    .filter(({ staffOnly }) => !staffOnly)
    .flatMap(({ name, type: held }) => {
      const isNew = held !== undefined && held !== Object && !visited.has(held as ResponseClass);
      if (isNew) visited.add(held as ResponseClass);
      return [`${type.name}.${name}`, ...(isNew ? shownOf(held as ResponseClass, visited) : [])];
    });
}

/** Returns the fields of a response that its class does not give to the audience, and missing fields. */
function breaches(route: Route, body: unknown, audience: Audience): string[] {
  const { kind, type } = responseTypeOf(route.handler)!;
  const values = kind === 'list' ? (body as { items: unknown[] }).items : [body];
  const planted = JSON.stringify(body).includes(UNLISTED) ? [`${keyOf(route)}: shows what no class lists`] : [];
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
