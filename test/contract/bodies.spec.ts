import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { newId } from '../../src/platform/clock/id.js';
import { allRoutes, type Route } from '../../src/platform/boot/routes.js';
import { hostileBodies } from '../../scripts/stall/hostile.mjs';
import { Harness } from '../harness/app.js';

let harness: Harness;
let routes: Route[];
let cells = 0;

beforeAll(async () => {
  harness = await Harness.start({ takeJobs: false, env: { TRUST_PROXY: 'loopback' } });
  routes = allRoutes(harness.api.get(DiscoveryService), harness.api.get(MetadataScanner)).filter(
    ({ mutating }) => mutating,
  );
});
afterEach(() => void jest.restoreAllMocks());
afterAll(async () => {
  await harness.stop();
  process.stdout.write(`hostile bodies without a session: ${cells} cells\n`);
});

/** The largest JSON that a public route may parse. Larger ones are forms or signed bytes. */
const MOST_PUBLIC_BYTES = 16 * 1024;
const IDS = /:\w+/g;
const FORM = 'application/x-www-form-urlencoded';

let lastIp = 0;
/** Sends a body without a session from a new IP. Returns the status and the size of the JSON that the server parsed. */
async function send({ method, path }: Route, body: Buffer<ArrayBuffer>, type: string) {
  const parsed = jest.spyOn(JSON, 'parse');
  const { status } = await harness.client().send(method, path.replaceAll(IDS, newId()), {
    raw: body,
    headers: { 'content-type': type, 'x-forwarded-for': `10.${(lastIp += 1) >> 8}.${lastIp & 0xff}.1` },
  });
  const sizes = parsed.mock.calls.filter(([text]) => String(text).includes('hostile')).map(([text]) => text.length);
  parsed.mockRestore();
  cells += 1;
  return { status, parsedBytes: Math.max(0, ...sizes) };
}

describe('a body without a session', () => {
  it.each(['access', 'scim'])('is never parsed for a route with the access rule %s', async (kind) => {
    const found: string[] = [];
    const [, body] = Object.entries(hostileBodies(20_000)).find(([name]) => name === 'one long text')!;
    const guarded = routes.filter(({ policy }) => policy?.kind === kind);
    for (const route of guarded) {
      const { status, parsedBytes } = await send(route, body, 'application/json');
      if (parsedBytes > 0 || ![401, 403, 413, 415].includes(status))
        found.push(`${route.method} ${route.path}: ${status}`);
    }
    expect([found, guarded.length > 0]).toEqual([[], true]);
  });

  it('is parsed for a public route only up to a few kilobytes, for every content', async () => {
    const found: string[] = [];
    for (const route of routes.filter(({ policy }) => policy?.kind === 'public'))
      for (const size of [4_000, 250_000, 1_000_000])
        for (const [name, body] of Object.entries(hostileBodies(size))) {
          const type = route.policy?.body?.format === 'form' ? FORM : 'application/json';
          const { status, parsedBytes } = await send(route, body, type);
          if (status >= 500 || status < 400 || parsedBytes > MOST_PUBLIC_BYTES)
            found.push(`${route.method} ${route.path} ${name} of ${size} bytes: ${status}, parsed ${parsedBytes}`);
        }
    expect(found).toEqual([]);
  });
});
