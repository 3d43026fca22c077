import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { allRoutes, type Route } from '../../src/platform/boot/routes.js';
import { isOneLine } from '../../src/platform/http/one-line.js';
import { makeTenant, providerMetadata, type Tenant } from '../contract/fixtures.js';
import { takenBy, type FieldSchema } from '../contract/openapi.js';
import { sampleFor, send } from '../contract/requests.js';
import { Harness } from '../harness/app.js';

/** Texts that some entry points accepted and others rejected. */
const HOSTILE = [
  ...(JSON.parse(readFileSync(`${import.meta.dirname}/../fixtures/display-names.json`, 'utf8')) as string[]),
  'bell\u0007',
  'next\u0085line',
  'left\u2066isolate',
  'line\u2028separator',
  'not a character\uFFFF',
  '\u3164\u00A0',
].filter((text) => !isOneLine(text));
const ALSO_IN_LINES = ['A\r\nBcc: x@example.org', 'tab\there', 'line\u2028separator'];

/** Fields that people do not read as text, with the reason why they may have any characters. */
const OPAQUE: Readonly<Record<string, string>> = {
  password: 'only its hash is stored',
  currentPassword: 'only its hash is stored',
  newPassword: 'only its hash is stored',
  recoveryCode: 'only its hash is compared',
  token: 'only its hash is compared',
  cursor: 'a signed value',
  returnTo: 'anything but a path on this host leads to the start page',
};
/** Fields of several lines. */
const SEVERAL_LINES = ['description', 'reason', 'note', 'address', 'postalAddress'];

let harness: Harness;
let tenant: Tenant;
let routes: Route[];
beforeAll(async () => {
  harness = await Harness.start();
  tenant = await makeTenant(harness, await providerMetadata());
  routes = allRoutes(harness.api.get(DiscoveryService), harness.api.get(MetadataScanner)).filter(
    ({ policy }) => policy?.kind === 'access',
  );
});
afterAll(() => harness.stop());

const isFreeText = ({ type, enum: values, pattern, format }: FieldSchema): boolean =>
  type === 'string' && values === undefined && pattern === undefined && format === undefined;

describe('text that people read', () => {
  it('is rejected by every field of every route when it has control characters or nothing visible', async () => {
    const accepted: string[] = [];
    const checked = new Set<string>();
    for (const route of routes) {
      const fields = Object.entries(takenBy(route.method, route.path).body ?? {}).filter(
        ([name, schema]) => isFreeText(schema) && !(name in OPAQUE),
      );
      for (const [field] of fields) {
        const sample = await sampleFor(route, tenant);
        for (const text of HOSTILE.filter((one) => !SEVERAL_LINES.includes(field) || !ALSO_IN_LINES.includes(one))) {
          const body = { ...sample.body, [field]: text };
          const { status } = await send(sample.by ?? tenant.director, route, { ...sample, body });
          if (status !== 400)
            accepted.push(`${route.method} ${route.path} ${field}=${JSON.stringify(text)}: ${status}`);
          checked.add(field);
        }
      }
    }
    expect(accepted).toEqual([]);
    expect([...checked]).toEqual(
      expect.arrayContaining(['name', 'givenName', 'reason', 'postalAddress', 'description']),
    );
  });
});

describe('an address in an international domain', () => {
  it('is the same user and the same contact in Unicode and in ASCII', async () => {
    const member = { name: 'Ada Example', role: 'trainee' };
    const spellings = ['ada@BÜCHER.example', 'ada@xn--bcher-kva.example', 'ada@bücher。example'];
    const created = await tenant.director.post('/v1/memberships', { ...member, email: spellings[0] });
    expect([created.status, created.body.email]).toEqual([201, spellings[1]]);
    for (const email of spellings) {
      const again = await tenant.director.post('/v1/memberships', { ...member, email });
      expect([again.status, again.body.code]).toEqual([409, 'membership_exists']);
    }
    const person = { kind: 'trainee', givenName: 'Ada', familyName: 'Example', email: spellings[0] };
    const { body } = await tenant.director.post('/v1/people', person);
    for (const email of spellings) {
      const found = await tenant.director.get(`/v1/people?email=${encodeURIComponent(email)}`);
      expect(found.body.items.map(({ id }: { id: string }) => id)).toEqual([body.id]);
    }
  });
});
