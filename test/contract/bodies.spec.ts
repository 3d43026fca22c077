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
/** Sends a body without a session from a new IP and returns the status. */
async function send({ method, path, policy }: Route, body: Buffer<ArrayBuffer>): Promise<number> {
  cells += 1;
  const { status } = await harness.client().send(method, path.replaceAll(IDS, newId()), {
    raw: body,
    headers: {
      'content-type': policy?.body?.format === 'form' ? FORM : 'application/json',
      'x-forwarded-for': `10.${(lastIp += 1) >> 8}.${lastIp & 0xff}.1`,
    },
  });
  return status;
}

/** Observes the parser. Returns a function that returns the sizes of the hostile JSON that the server parsed. */
function observeParser(): () => number[] {
  const parser = jest.spyOn(JSON, 'parse');
  return () => parser.mock.calls.filter(([text]) => text.includes('hostile')).map(([text]) => text.length);
}

describe('a body without a session', () => {
  it.each(['access', 'scim'])('is never parsed for a route with the access rule %s', async (kind) => {
    const parsed = observeParser();
    const body = hostileBodies(10_000)['one long text']!;
    const guarded = routes.filter(({ policy }) => policy?.kind === kind);
    const answers = await Promise.all(
      guarded.map(async (route) => ({ route: `${route.method} ${route.path}`, status: await send(route, body) })),
    );
    expect(answers.filter(({ status }) => ![401, 403].includes(status))).toEqual([]);
    expect([parsed(), guarded.length > 0]).toEqual([[], true]);
  });

  it('is parsed for a public route only up to a few kilobytes, for every content', async () => {
    const parsed = observeParser();
    const found: string[] = [];
    for (const route of routes.filter(({ policy }) => policy?.kind === 'public'))
      for (const size of [4_000, 250_000, 1_000_000]) {
        const sent = Object.entries(hostileBodies(size)).map(async ([name, body]) => {
          const status = await send(route, body);
          if (status >= 500 || status < 400)
            found.push(`${route.method} ${route.path} ${name} of ${size} bytes: ${status}`);
        });
        await Promise.all(sent);
      }
    expect(found).toEqual([]);
    expect(parsed().length).toBeGreaterThan(0);
    expect(Math.max(...parsed())).toBeLessThanOrEqual(MOST_PUBLIC_BYTES);
  });
});
