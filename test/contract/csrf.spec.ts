import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { newId } from '../../src/platform/clock/id.js';
import { allRoutes } from '../../src/platform/boot/routes.js';
import { Harness } from '../harness/app.js';
import type { Client } from '../harness/client.js';

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
    .map(({ method, path }) => ({ method, path: path.replaceAll(/:\w+/g, newId()) }));

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
/** These routes verify a signature instead of a cookie. */
const SIGNED = /^\/v1\/(webhooks|sso)\//;

describe('every mutating route', () => {
  it.each(Object.keys(CROSS_SITE))('rejects a cross-site request with the cookie, sent %s', async (how) => {
    const accepted = [];
    for (const { method, path } of mutatingRoutes('access')) {
      cells += 1;
      const { status, body } = await director.send(method, path, { body: {}, headers: CROSS_SITE[how] });
      if (status !== 403 || body.code !== 'csrf_check_failed')
        accepted.push(`${method} ${path}: ${status} ${body.code}`);
    }
    expect([accepted, cells > 0]).toEqual([[], true]);
  });

  it.each(FORMS)('rejects %s with the cookie, and on public routes that open a session', async (type) => {
    const accepted = [];
    for (const { method, path } of [
      ...mutatingRoutes('access'),
      ...mutatingRoutes('public').filter((route) => !SIGNED.test(route.path)),
    ]) {
      cells += 1;
      const { status } = await director.send(method, path, { raw: '{"a":1}', headers: { 'content-type': type } });
      if (![400, 403, 415].includes(status)) accepted.push(`${method} ${path}: ${status}`);
    }
    expect(accepted).toEqual([]);
  });
});
