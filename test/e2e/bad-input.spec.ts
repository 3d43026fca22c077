import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { allRoutes, type Route } from '../../src/platform/boot/routes.js';
import { startCaptured, type CapturedApi } from '../contract/captured.js';
import { takenBy } from '../contract/openapi.js';
import { sampleFor } from '../contract/requests.js';
import { makeTenant, providerMetadata, type Tenant } from '../contract/fixtures.js';
import { Harness } from '../harness/app.js';
import { Client, type Answer } from '../harness/client.js';
import { Factories } from '../harness/factories.js';

/** Planted in everything that is sent: it may come back to its sender, and is never in the log. */
const MARK = 'Planted7Marker';

let harness: Harness;
let api: CapturedApi;
let tenant: Tenant;
let routes: Route[];
let cells = 0;

beforeAll(async () => {
  harness = await Harness.start();
  tenant = await makeTenant(harness, await providerMetadata());
  api = await startCaptured(harness);
  routes = allRoutes(harness.api.get(DiscoveryService), harness.api.get(MetadataScanner)).filter(
    ({ policy }) => policy?.kind === 'access',
  );
});
afterAll(async () => {
  await api.stop();
  await harness.stop();
  process.stdout.write(`bad input: ${cells} cells\n`);
});

const post = (path: string, raw: string | Buffer<ArrayBuffer>, headers: Record<string, string> = {}) =>
  tenant.director.post(`${api.url}${path}`, undefined, {
    raw,
    headers: { 'content-type': 'application/json', ...headers },
  });
const get = (path: string, headers: Record<string, string> = {}) =>
  tenant.director.get(`${api.url}${path}`, { headers });

/** No fault of ours, and, where it is a refusal, problem details that tell nothing of the inside. */
function sound(what: string, { status, body, text: whole, headers }: Answer): string[] {
  cells += 1;
  if (status >= 500) return [`${what}: ${status} ${whole.slice(0, 200)}`];
  if (status < 400) return [];
  const problem =
    headers.get('content-type') === 'application/problem+json' &&
    /^[a-z_]+$/.test(body.code) &&
    body.requestId === headers.get('x-request-id');
  return problem && !/Error:|at .*\.ts|node_modules|SELECT |syntax/.test(whole)
    ? []
    : [`${what}: ${status} ${whole.slice(0, 300)}`];
}

const HOSTILE: unknown[] = [
  null,
  '',
  ' ',
  MARK,
  `${MARK}${'x'.repeat(20_000)}`,
  `${MARK}\u202e\u0007\u001b[31m`,
  '\ufe0f'.repeat(150),
  `a${'\ufe0f'.repeat(99)}`,
  '😀'.repeat(90),
  'é'.normalize('NFD').repeat(60),
  `${MARK}'; DROP TABLE people; --`,
  `${MARK}\r\nSet-Cookie: a=b`,
  '../../../etc/passwd',
  '{{7*7}}${7*7}<script>',
  '%00',
  '%s%n',
  'true',
  '0x10',
  '١٢٣',
  '2009-W01-1',
  '2009-366',
  '2026-02-30',
  '+275760-09-13T00:00:00Z',
  '0000-00-00',
  '9999-12-31T23:59:60Z',
  '2026-01-01T00:00:00+99:99',
  '99999-01-01',
  0,
  -1,
  1,
  2 ** 31,
  2 ** 53,
  1e308,
  0.1,
  true,
  false,
  [],
  [null],
  [[[]]],
  [MARK],
  {},
  { a: MARK },
  { length: 3 },
  { toString: MARK },
];

describe('every route that takes a body', () => {
  it('answers hostile values without a fault', async () => {
    const found: string[] = [];
    for (const { method, path } of routes) {
      const { body } = takenBy(method, path);
      if (body === null) continue;
      const sample = await sampleFor({ method, path }, tenant);
      const filled = path.replaceAll(/:(\w+)/g, (_, name: string) => encodeURIComponent(sample.params?.[name] ?? ''));
      const target = `${api.url}${filled}`;
      for (const field of Object.keys(body)) {
        const answers = await Promise.all(
          HOSTILE.map((value) =>
            (sample.by ?? tenant.director).send(method, target, { body: { ...sample.body, [field]: value } }),
          ),
        );
        found.push(
          ...answers.flatMap((answer, i) =>
            sound(`${method} ${path} ${field}=${JSON.stringify(HOSTILE[i]).slice(0, 60)}`, answer),
          ),
        );
      }
    }
    expect(found).toEqual([]);
  }, 120_000);
});

describe('every route', () => {
  it('answers hostile queries and ids without a fault', async () => {
    const found: string[] = [];
    for (const { method, path } of routes.filter((route) => route.method === 'GET')) {
      const sample = await sampleFor({ method, path }, tenant);
      const fill = (params: Record<string, string>) => path.replaceAll(/:(\w+)/g, (_, name: string) => params[name]!);
      const plain = fill(
        Object.fromEntries(
          Object.entries(sample.params ?? {}).map(([name, value]) => [name, encodeURIComponent(value)]),
        ),
      );
      const texts = HOSTILE.filter((value) => typeof value === 'string').map((value) =>
        encodeURIComponent(value.slice(0, 4_000)),
      );
      const raws = [
        ...texts,
        '%00',
        '%',
        '%zz',
        '%ff',
        '%ED%A0%80',
        '%C0%AF',
        '..%2f..%2fetc%2fpasswd',
        '%2e%2e',
        `${'0'.repeat(8)}-0000-7000-8000-${'0'.repeat(12)}`,
      ];
      const addresses = [
        ...Object.keys(takenBy(method, path).query).flatMap((name) => raws.map((value) => `${plain}?${name}=${value}`)),
        ...[
          'limit=1&limit=2',
          'limit[]=1',
          'limit[a]=1',
          'a'.repeat(4_000),
          '&&==&',
          '__proto__=1',
          'constructor[prototype]=1',
          'limit=1;limit=2',
        ].map((query) => `${plain}?${query}`),
        ...Object.keys(sample.params ?? {}).flatMap((name) =>
          raws.filter((raw) => raw !== '' && raw !== '%20').map((value) => fill({ ...sample.params, [name]: value })),
        ),
      ];
      const answers = await Promise.all(addresses.map((address) => get(address)));
      found.push(...answers.flatMap((answer, i) => sound(addresses[i]!.slice(0, 120), answer)));
    }
    expect(found).toEqual([]);
  });
});

describe('a request', () => {
  const bodies: Record<string, [raw: string | Buffer<ArrayBuffer>, status: number, code: string]> = {
    'too large': [JSON.stringify({ givenName: MARK + 'x'.repeat(300_000) }), 413, 'payload_too_large'],
    'cut off': [`{"givenName":"${MARK}`, 400, 'malformed_json'],
    'of two values': ['{}{}', 400, 'malformed_json'],
    'in JavaScript': [`{givenName:'${MARK}'}`, 400, 'malformed_json'],
    'with a trailing comma': ['{"kind":"trainee",}', 400, 'malformed_json'],
    'with a number that is none': ['{"kind":NaN}', 400, 'malformed_json'],
    'with a NUL': [`{"givenName":"${MARK}\\u0000"}`, 400, 'invalid_text'],
    'with a lone surrogate': [`{"givenName":"${MARK}\\ud800"}`, 400, 'invalid_text'],
    'with a surrogate the wrong way round': ['{"givenName":"\\udc00\\ud800"}', 400, 'invalid_text'],
    'with a NUL in a name': ['{"a\\u0000":1}', 400, 'invalid_text'],
    'in UTF-16': [Buffer.from('{}', 'utf16le'), 400, 'malformed_json'],
    'in no encoding': [Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d]), 400, 'invalid_text'],
    'nested ten thousand deep': ['{"a":'.repeat(10_000) + '1' + '}'.repeat(10_000), 400, 'invalid_request'],
    'a list ten thousand deep': ['['.repeat(10_000) + ']'.repeat(10_000), 400, 'invalid_request'],
    'with a prototype': ['{"__proto__":{"isAdmin":true}}', 400, 'invalid_request'],
    'with a constructor': ['{"constructor":{"prototype":{"isAdmin":true}}}', 400, 'invalid_request'],
    'of text': [`"${MARK}"`, 400, 'invalid_request'],
    'of a number': ['1', 400, 'invalid_request'],
    'of nothing but white space': [' \n ', 400, 'malformed_json'],
  };

  it.each(Object.keys(bodies))('with a body %s is refused by name', async (name) => {
    const [raw, status, code] = bodies[name]!;
    const answer = await post('/v1/people', raw);
    expect([answer.status, answer.body.code]).toEqual([status, code]);
    expect(answer.text).not.toContain(MARK);
  });

  it.each([
    ['compressed', { 'content-encoding': 'gzip' }],
    ['in another alphabet', { 'content-type': 'application/json; charset=utf-16' }],
    ['of another type', { 'content-type': 'application/xml' }],
    ['of a form', { 'content-type': 'application/x-www-form-urlencoded' }],
  ])('that is %s is refused', async (_what, headers) => {
    expect((await post('/v1/people', '{}', headers as Record<string, string>)).status).toBe(415);
  });

  it.each([
    '/v1/people?limit=1&limit=2',
    '/v1/people?limit[]=1',
    '/v1/people?kind=trainee&kind=provider',
    '/v1/audit?type=a&type=a',
  ])('with a parameter twice is refused: %s', async (path) => {
    expect((await get(path)).body).toMatchObject({ status: 400, code: 'duplicate_parameter' });
  });

  it('takes over a harmless request id and no other', async () => {
    for (const id of ['x'.repeat(65), 'short', 'with space here', 'a"b;c=d,e{f}', '../../../etc/x']) {
      expect((await get('/health/live', { 'x-request-id': id })).headers.get('x-request-id')).not.toBe(id);
    }
    expect((await get('/health/live', { 'x-request-id': 'harmless-1' })).headers.get('x-request-id')).toBe(
      'harmless-1',
    );
  });

  it("sends no browser to a place of the caller's choosing", async () => {
    await tenant.director.patch(`/v1/sso/connections/${tenant.ids.connection}`, { enabled: true });
    for (const returnTo of [
      '//evil.example',
      'https://evil.example',
      '/\\evil.example',
      '/\r\nSet-Cookie:a=b',
      'javascript:alert(1)',
    ]) {
      const { status, headers } = await get(
        `/v1/sso/saml/${tenant.ids.connection}/login?returnTo=${encodeURIComponent(returnTo)}`,
      );
      expect([returnTo, status]).toEqual([returnTo, 400]);
      expect(headers.get('location')).toBeNull();
    }
  });
});

/** Sends bytes as no client library would, and reads the answer until the server closes. */
async function speak(bytes: string): Promise<string> {
  const { hostname, port } = new URL(api.url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  socket.write(bytes, 'latin1');
  const answer = text(socket);
  cells += 1;
  return answer;
}

describe('bytes that are hardly HTTP', () => {
  const cookie = () => tenant.director.cookieHeader;
  const close = 'Connection: close\r\n\r\n';
  it.each<[string, () => string, RegExp]>([
    [
      'a path that climbs',
      () => `GET /v1/people/../../../../etc/passwd HTTP/1.1\r\nHost: a\r\nCookie: ${cookie()}\r\n${close}`,
      /^HTTP\/1\.1 (400|401|404)/,
    ],
    [
      'an encoded path that climbs',
      () => `GET /v1/exports/..%2f..%2f..%2fetc%2fpasswd HTTP/1.1\r\nHost: a\r\nCookie: ${cookie()}\r\n${close}`,
      /^HTTP\/1\.1 (400|404)/,
    ],
    [
      'an absolute address',
      () => `GET http://evil.example/v1/auth/me HTTP/1.1\r\nHost: a\r\n${close}`,
      /^HTTP\/1\.1 (400|401|404)/,
    ],
    [
      'a header with a bare CR',
      () => `GET /health/live HTTP/1.1\r\nHost: a\r\nX-Request-Id: abcdefgh\rSet-Cookie: a=b\r\n${close}`,
      /^HTTP\/1\.1 400/,
    ],
    ['a header with a NUL', () => `GET /health/live HTTP/1.1\r\nHost: a\r\nX-A: a\0b\r\n${close}`, /^HTTP\/1\.1 400/],
    [
      'a folded header',
      () => `GET /health/live HTTP/1.1\r\nHost: a\r\nX-A: a\r\n b\r\n${close}`,
      /^HTTP\/1\.1 (200|400)/,
    ],
    [
      'two lengths',
      () => `POST /v1/auth/login HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 3\r\n${close}{}`,
      /^HTTP\/1\.1 400/,
    ],
    [
      'a length and chunks',
      () =>
        `POST /v1/auth/login HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nTransfer-Encoding: ` +
        `chunked\r\n${close}0\r\n\r\n`,
      /^HTTP\/1\.1 400/,
    ],
    [
      'a chunk that lies',
      () =>
        `POST /v1/auth/login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: ` +
        `chunked\r\n${close}zz\r\n{}\r\n0\r\n\r\n`,
      /^HTTP\/1\.1 400/,
    ],
    [
      'headers without end',
      () => `GET /health/live HTTP/1.1\r\nHost: a\r\n${`X-A: ${'a'.repeat(4_000)}\r\n`.repeat(10)}${close}`,
      /^HTTP\/1\.1 431/,
    ],
    [
      'an address without end',
      () => `GET /${'a'.repeat(20_000)} HTTP/1.1\r\nHost: a\r\n${close}`,
      /^HTTP\/1\.1 (414|431)/,
    ],
    ['no host', () => `GET /health/live HTTP/1.1\r\n${close}`, /^HTTP\/1\.1 400/],
    ['a method of its own', () => `STEAL /v1/people HTTP/1.1\r\nHost: a\r\n${close}`, /^HTTP\/1\.1 (400|404|405)/],
    [
      'TRACE',
      () => `TRACE /v1/people HTTP/1.1\r\nHost: a\r\nCookie: ${cookie()}\r\n${close}`,
      /^HTTP\/1\.1 (400|404|405)/,
    ],
    ['another protocol', () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', /^HTTP\/1\.1 400/],
    ['no protocol', () => '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', /^(HTTP\/1\.1 400|$)/],
    [
      'a cookie of noise',
      () =>
        `GET /v1/auth/me HTTP/1.1\r\nHost: a\r\nCookie: vouchsafe_test=\xff\xfe%00%zz; a; =b; ` +
        `vouchsafe_test\r\n${close}`,
      /^HTTP\/1\.1 401/,
    ],
    [
      'an address in bytes',
      () => `GET /v1/people/\xff\xfe HTTP/1.1\r\nHost: a\r\n${close}`,
      /^HTTP\/1\.1 (400|401|404)/,
    ],
  ])('are refused: %s', async (_what, bytes, expected) => {
    const answer = await speak(bytes());
    expect(answer).toMatch(expected);
    expect(answer).not.toMatch(/^set-cookie: a=b/im);
    expect(answer).not.toMatch(/root:|Error:|node_modules/);
  });
});

describe('an address that a proxy reports', () => {
  it('is no fault of the sign-in, whatever it says', async () => {
    const proxied = await startCaptured(harness, { TRUST_PROXY: 'loopback' });
    // whom no hostile password has locked
    const { email, userId } = await harness.make.member(tenant.ids.org, tenant.roles.helper);
    for (const forwarded of [
      'unknown',
      '_hidden',
      '999.1.1.1',
      'fe80::1%eth0',
      '[::1]:80',
      '1.2.3.4:5678',
      '',
      'a'.repeat(3_000),
      '203.0.113.9',
    ]) {
      const { status } = await new Client(proxied.url).post(
        '/v1/auth/login',
        { email, password: Factories.PASSWORD },
        { headers: { 'x-forwarded-for': forwarded } },
      );
      expect([forwarded.slice(0, 20), status]).toEqual([forwarded.slice(0, 20), 200]);
    }
    await proxied.stop();
    const rows = await harness.database.superuser(
      `SELECT host(ip) AS ip FROM sessions WHERE user_id = $1 AND revoked_at IS NULL AND ip = '203.0.113.9'`,
      [userId],
    );
    expect(rows).toHaveLength(1);
  });
});

it('leaves nothing that was planted in the log', () => {
  expect(api.lines.length).toBeGreaterThan(1_000);
  expect(api.lines.filter((line) => line.includes(MARK))).toEqual([]);
  expect(api.lines.filter((line) => /"level":"(error|fatal)"/.test(line))).toEqual([]);
});
