import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { allRoutes, type Route } from '../../src/platform/boot/routes.js';
import { UNSAFE_logRequestBody } from '../../src/platform/logging/logger.js';
import { startCaptured, type CapturedApi } from '../contract/captured.js';
import { takenBy } from '../contract/openapi.js';
import { sessionSecret } from '../contract/raw-sql.js';
import { sampleFor } from '../contract/requests.js';
import { PUBLIC, type Sample } from '../contract/samples.js';
import { makeTenant, providerMetadata, type Tenant } from '../contract/fixtures.js';
import { Harness } from '../harness/app.js';
import { Factories } from '../harness/factories.js';

/** Holds values that must never appear in a log line. Names have no pattern, so no filter can catch them. */
const PLANTED = {
  email: 'planted.person@hospital.example',
  ssn: '219-09-9999',
  ssnPlain: '219099999',
  phone: '+1 (202) 555-0187',
  dateOfBirth: '1987-06-05',
  npi: '1245319599',
  address: '42 Plantation Terrace, Springfield',
  name: 'Plantagenet Zephyrine',
  secret: 'whsec_UGxhbnRlZFNlY3JldFZhbHVlSGVyZQ==',
  password: 'Planted-Password-77',
  token: 'eyJhbGciOiJIUzI1NiJ9.eyJwbGFudGVkIjoxfQ.c2lnbmF0dXJlLXBsYW50ZWQ',
  key: 'sk_live_51Planted0000000000000000',
};
const PLANTED_VALUES = Object.values(PLANTED);

let harness: Harness;
let tenant: Tenant;
let api: CapturedApi;
let routes: Route[];

beforeAll(async () => {
  harness = await Harness.start();
  tenant = await makeTenant(harness, await providerMetadata());
  api = await startCaptured(harness);
  routes = allRoutes(harness.api.get(DiscoveryService), harness.api.get(MetadataScanner));
});
afterAll(async () => {
  await api.stop();
  await harness.stop();
});

/** Returns the log lines that contain a planted value or the caller's session secret. */
function leaks(): string[] {
  const forbidden = [
    ...PLANTED_VALUES,
    ...PLANTED_VALUES.map(encodeURIComponent),
    ...PLANTED_VALUES.map((value) => JSON.stringify(value).slice(1, -1)),
    sessionSecret(tenant.director),
    tenant.director.cookieHeader,
  ];
  return api.lines.filter((line) => forbidden.some((value) => line.includes(value)));
}

const headers = {
  'user-agent': PLANTED.name,
  referer: `https://a.example/?email=${PLANTED.email}`,
  'x-patient': PLANTED.ssn,
  'x-api-key': PLANTED.key,
};

describe('the log lines', () => {
  it('of every route contain no value from path, query, headers, or body', async () => {
    for (const route of routes) {
      const { method, path, policy } = route;
      const sample: Sample = policy?.kind === 'access' ? await sampleFor(route, tenant) : {};
      if (sample.last) continue;
      const { body, query } =
        `${method} ${path}` in PUBLIC && path === '/metrics' ? { body: null, query: {} } : takenBy(method, path);
      await Promise.all(
        PLANTED_VALUES.map(async (value) => {
          const search = new URLSearchParams(
            Object.fromEntries([...Object.keys(query), 'q', 'email'].map((name) => [name, value])),
          );
          const filled = path.replaceAll(/:(\w+)/g, encodeURIComponent(value));
          const validPath = path.replaceAll(/:(\w+)/g, (_, name: string) =>
            encodeURIComponent(sample.params?.[name] ?? tenant.ids.connection),
          );
          const planted =
            body === null
              ? undefined
              : { ...sample.body, ...Object.fromEntries(Object.keys(body).map((name) => [name, value])) };
          const hasBody = method !== 'GET' && method !== 'DELETE';
          await Promise.all([
            tenant.director.send(method, `${api.url}${filled}?${search.toString()}`, {
              headers,
              ...(hasBody && { body: planted ?? { value } }),
            }),
            tenant.director.send(method, `${api.url}${validPath}`, {
              headers,
              ...(hasBody && { body: planted ?? { [value]: value } }),
            }),
            harness
              .client()
              .send(method, `${api.url}${validPath}`, { headers: { ...headers, authorization: `Bearer ${value}` } }),
          ]);
        }),
      );
    }
    expect(api.lines.length).toBeGreaterThan(500);
    expect(leaks()).toEqual([]);
  });

  it('of successful requests contain no personal data', async () => {
    const { email, phone, address, dateOfBirth, name, ssn, npi } = PLANTED;
    const created = await tenant.director.post(
      `${api.url}/v1/people`,
      {
        kind: 'trainee',
        givenName: name,
        familyName: name,
        email,
        phone,
        address,
        dateOfBirth,
        ssn,
        npi,
        externalId: name,
      },
      { headers },
    );
    expect(created.status).toBe(201);
    await tenant.director.get(`${api.url}/v1/people/${created.body.id}/contact`);
    await tenant.director.get(`${api.url}/v1/people?email=${encodeURIComponent(email)}`);
    await tenant.director.post(`${api.url}/v1/memberships`, { email, name, role: 'trainee' });
    await harness.client().post(`${api.url}/v1/auth/login`, { email, password: PLANTED.password });
    expect(leaks()).toEqual([]);
  });

  it('of a database error contain no row, parameter, or statement value', async () => {
    await harness.database.superuser(`CREATE FUNCTION public.fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      RAISE EXCEPTION 'cannot store %', NEW.given_name USING DETAIL = NEW::text, HINT = NEW.family_name; END $$`);
    await harness.database.superuser(
      'CREATE TRIGGER fail BEFORE INSERT ON people FOR EACH ROW EXECUTE FUNCTION public.fail()',
    );
    const { email, name } = PLANTED;
    const before = api.lines.length;
    const { status, text } = await tenant.director.post(`${api.url}/v1/people`, {
      kind: 'trainee',
      givenName: name,
      familyName: PLANTED.address,
      externalId: name,
      title: name,
      email,
    });
    await harness.database.superuser('DROP TRIGGER fail ON people');
    expect(status).toBe(500);
    expect(PLANTED_VALUES.filter((value) => text.includes(value))).toEqual([]);
    expect(api.lines.slice(before).filter((line) => line.includes('"error"'))).toHaveLength(1);
    expect(leaks()).toEqual([]);
  });

  it('identify each request by its id and route pattern', async () => {
    const before = api.lines.length;
    const { headers: responseHeaders } = await tenant.director.get(
      `${api.url}/v1/people/${tenant.ids.person}?x=${PLANTED.name}`,
    );
    const lines = api.lines.slice(before).map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines).toContainEqual(
      expect.objectContaining({
        msg: 'request',
        requestId: responseHeaders.get('x-request-id'),
        method: 'GET',
        route: '/v1/people/:id',
        status: 200,
      }),
    );
  });

  it('cannot contain a request body', () => {
    expect(UNSAFE_logRequestBody).toThrow('request bodies are never logged');
  });
});

it('stores no planted value in the audit log', async () => {
  const rows = await harness.database.superuser<{ line: string }>(
    `SELECT e::text || convert_from(canonical, 'UTF8') AS line FROM audit_events e`,
  );
  expect(rows.length).toBeGreaterThan(100);
  expect(
    rows.filter(({ line }) => [...PLANTED_VALUES, Factories.PASSWORD].some((value) => line.includes(value))),
  ).toEqual([]);
});
