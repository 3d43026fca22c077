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
  process.stdout.write(`requests of another site: ${cells} cells\n`);
});

const changing = (kind: 'access' | 'public') =>
  allRoutes(harness.api.get(DiscoveryService), harness.api.get(MetadataScanner))
    .filter(({ mutating, policy }) => mutating && policy?.kind === kind)
    .map(({ method, path }) => ({ method, path: path.replaceAll(/:\w+/g, newId()) }));

/** What a browser says of a request that another site makes it send. */
const FOREIGN: Record<string, Record<string, string>> = {
  'by its origin': { origin: 'https://evil.example' },
  'by an origin it does not name': { origin: 'null' },
  'by its fetch site': { 'sec-fetch-site': 'cross-site' },
  'by the fetch site of a neighbour': { 'sec-fetch-site': 'same-site' },
};
/**
 * The types that a form can send, or a script without asking first (Fetch standard, CORS-safelisted request-header).
 */
const FORMS = ['application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'text/plain'];
/** These answer to whom a signature names, not to a cookie. */
const SIGNED = /^\/v1\/(webhooks|sso)\//;

describe('every route that changes something', () => {
  it.each(Object.keys(FOREIGN))('refuses what another site sends with the cookie, told %s', async (how) => {
    const answers = [];
    for (const { method, path } of changing('access')) {
      cells += 1;
      const { status, body } = await director.send(method, path, { body: {}, headers: FOREIGN[how] });
      if (status !== 403 || body.code !== 'csrf_check_failed')
        answers.push(`${method} ${path}: ${status} ${body.code}`);
    }
    expect([answers, cells > 0]).toEqual([[], true]);
  });

  it.each(FORMS)(
    'takes no %s that comes with the cookie, nor from nobody at a door that opens a session',
    async (type) => {
      const answers = [];
      for (const { method, path } of [
        ...changing('access'),
        ...changing('public').filter((route) => !SIGNED.test(route.path)),
      ]) {
        cells += 1;
        const { status } = await director.send(method, path, { raw: '{"a":1}', headers: { 'content-type': type } });
        if (![400, 403, 415].includes(status)) answers.push(`${method} ${path}: ${status}`);
      }
      expect(answers).toEqual([]);
    },
  );
});
