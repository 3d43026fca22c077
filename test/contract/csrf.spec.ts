import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { newId } from '../../src/platform/clock/id.js';
import type { RoutePolicy } from '../../src/platform/access/decorators.js';
import { allRoutes } from '../../src/platform/boot/routes.js';
import { Harness } from '../harness/app.js';
import type { Client, Send } from '../harness/client.js';

let harness: Harness;
let director: Client;
let cells = 0;

beforeAll(async () => {
  harness = await Harness.start({ takeJobs: false });
  director = await harness.signIn(
    (await harness.make.member(await harness.make.organization('gme'), 'program_director')).email,
  );
});
afterAll(async () => {
  await harness.stop();
  process.stdout.write(`cross-site requests: ${cells} cells\n`);
});

const mutatingRoutes = (kind: 'access' | 'public') =>
  allRoutes(harness.api.get(DiscoveryService), harness.api.get(MetadataScanner))
    .filter(({ mutating, policy }) => mutating && policy?.kind === kind)
    .map(({ method, path, policy }) => ({ method, path: path.replaceAll(/:\w+/g, newId()), policy }));

/** The headers that a browser adds to a cross-site request. */
const CROSS_SITE: Record<string, Record<string, string>> = {
  'with its origin': { origin: 'https://evil.example' },
  'with a null origin': { origin: 'null' },
  'with its fetch site': { 'sec-fetch-site': 'cross-site' },
  'with the fetch site of the same domain': { 'sec-fetch-site': 'same-site' },
};
/**
 * The content types that a form can send, or a script without a preflight (Fetch standard, CORS-safelisted request
 * header).
 */
const FORMS = ['application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'text/plain'];
/** Public routes that verify a signature instead of the origin. Each declares why. */
const OF_OTHER_ORIGINS = [
  'POST /v1/sso/saml/:connectionId/acs',
  'POST /v1/sso/saml/:connectionId/logout',
  'POST /v1/sso/oidc/:connectionId/backchannel-logout',
  'POST /v1/webhooks/:sourceId',
];
/** Returns a body of the format that the route takes, with more headers. */
const bodyOf = (policy: RoutePolicy | undefined, headers: Record<string, string> = {}): Send =>
  policy?.body?.format === 'form'
    ? { raw: 'a=1', headers: { 'content-type': FORMS[0]!, ...headers } }
    : { body: {}, headers };
const acceptsOthers = (policy: RoutePolicy | undefined) =>
  policy?.kind === 'public' && policy.otherOrigins !== undefined;

describe('every mutating route', () => {
  it.each(Object.keys(CROSS_SITE))('rejects a cross-site request with the cookie, sent %s', async (how) => {
    const accepted = [];
    for (const { method, path, policy } of mutatingRoutes('access')) {
      cells += 1;
      const { status, body } = await director.send(method, path, bodyOf(policy, CROSS_SITE[how]));
      if (status !== 403 || body.code !== 'csrf_check_failed')
        accepted.push(`${method} ${path}: ${status} ${body.code}`);
    }
    expect([accepted, cells > 0]).toEqual([[], true]);
  });

  it.each(Object.keys(CROSS_SITE))('rejects a cross-site request before sign-in, sent %s', async (how) => {
    const accepted = [];
    for (const { method, path, policy } of mutatingRoutes('public').filter((route) => !acceptsOthers(route.policy))) {
      cells += 1;
      for (const client of [director, harness.client()]) {
        const { status, headers } = await client.send(method, path, bodyOf(policy, CROSS_SITE[how]));
        if (status !== 403 || headers.getSetCookie().length > 0) accepted.push(`${method} ${path}: ${status}`);
      }
    }
    expect(accepted).toEqual([]);
  });

  it('accepts other origins only where a signature authenticates the sender', () => {
    const routes = allRoutes(harness.api.get(DiscoveryService), harness.api.get(MetadataScanner));
    const declared = routes
      .filter(({ policy }) => acceptsOthers(policy))
      .map(({ method, path }) => `${method} ${path}`);
    expect(declared.toSorted()).toEqual(OF_OTHER_ORIGINS.toSorted());
  });

  it.each(FORMS)('rejects %s with the cookie, and on public routes that open a session', async (type) => {
    const accepted = [];
    for (const { method, path } of [
      ...mutatingRoutes('access'),
      ...mutatingRoutes('public').filter(({ policy }) => !acceptsOthers(policy)),
    ]) {
      cells += 1;
      const { status } = await director.send(method, path, { raw: '{"a":1}', headers: { 'content-type': type } });
      if (![400, 403, 415].includes(status)) accepted.push(`${method} ${path}: ${status}`);
    }
    expect(accepted).toEqual([]);
  });
});
