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
import type { Answer } from '../harness/client.js';

/** Is part of every request. A response may repeat it, a log line may not. */
const MARKER = 'Planted7Marker';

let harness: Harness;
let api: CapturedApi;
let tenant: Tenant;
let routes: Route[];
let checks = 0;

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
  process.stdout.write(`bad input: ${checks} checks\n`);
});

const post = (path: string, raw: string | Buffer<ArrayBuffer>, headers: Record<string, string> = {}) =>
  tenant.director.post(`${api.url}${path}`, undefined, {
    raw,
    headers: { 'content-type': 'application/json', ...headers },
  });
const get = (path: string, headers: Record<string, string> = {}) =>
  tenant.director.get(`${api.url}${path}`, { headers });

/** Returns a finding for a server error and for an error response that is no problem or reveals internals. */
function findings(what: string, { status, body, text: responseText, headers }: Answer): string[] {
  checks += 1;
  if (status >= 500) return [`${what}: ${status} ${responseText.slice(0, 200)}`];
  if (status < 400) return [];
  const problem =
    headers.get('content-type') === 'application/problem+json' &&
    /^[a-z_]+$/.test(body.code) &&
    body.requestId === headers.get('x-request-id');
  return problem && !/Error:|at .*\.ts|node_modules|SELECT |syntax/.test(responseText)
    ? []
    : [`${what}: ${status} ${responseText.slice(0, 300)}`];
}

const HOSTILE: unknown[] = [
  null,
  '',
  ' ',
  MARKER,
  `${MARKER}${'x'.repeat(20_000)}`,
  `${MARKER}\u202e\u0007\u001b[31m`,
  '\ufe0f'.repeat(150),
  `a${'\ufe0f'.repeat(99)}`,
  '😀'.repeat(90),
  'é'.normalize('NFD').repeat(60),
  `${MARKER}'; DROP TABLE people; --`,
  `${MARKER}\r\nSet-Cookie: a=b`,
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
  [MARKER],
  {},
  { a: MARKER },
  { length: 3 },
  { toString: MARKER },
];

describe('every route with a request body', () => {
  it('answers hostile values without a server error', async () => {
    const problems: string[] = [];
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
        problems.push(
          ...answers.flatMap((answer, i) =>
            findings(`${method} ${path} ${field}=${JSON.stringify(HOSTILE[i]).slice(0, 60)}`, answer),
          ),
        );
      }
    }
    expect(problems).toEqual([]);
  });
});

describe('every route', () => {
  it('answers hostile queries and ids without a server error', async () => {
    const problems: string[] = [];
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
      const urls = [
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
      const answers = await Promise.all(urls.map((target) => get(target)));
      problems.push(...answers.flatMap((answer, i) => findings(urls[i]!.slice(0, 120), answer)));
    }
    expect(problems).toEqual([]);
  });
});

describe('a request', () => {
  const bodies: Record<string, [raw: string | Buffer<ArrayBuffer>, status: number, code: string]> = {
    'above the size limit': [JSON.stringify({ givenName: MARKER + 'x'.repeat(300_000) }), 413, 'payload_too_large'],
    truncated: [`{"givenName":"${MARKER}`, 400, 'malformed_json'],
    'with two values': ['{}{}', 400, 'malformed_json'],
    'in JavaScript syntax': [`{givenName:'${MARKER}'}`, 400, 'malformed_json'],
    'with a trailing comma': ['{"kind":"trainee",}', 400, 'malformed_json'],
    'with NaN': ['{"kind":NaN}', 400, 'malformed_json'],
    'with a NUL': [`{"givenName":"${MARKER}\\u0000"}`, 400, 'invalid_text'],
    'with a lone surrogate': [`{"givenName":"${MARKER}\\ud800"}`, 400, 'invalid_text'],
    'with reversed surrogates': ['{"givenName":"\\udc00\\ud800"}', 400, 'invalid_text'],
    'with a NUL in a field name': ['{"a\\u0000":1}', 400, 'invalid_text'],
    'in UTF-16': [Buffer.from('{}', 'utf16le'), 400, 'malformed_json'],
    'with invalid UTF-8': [Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d]), 400, 'invalid_text'],
    'with ten thousand nested objects': ['{"a":'.repeat(10_000) + '1' + '}'.repeat(10_000), 400, 'invalid_request'],
    'with ten thousand nested lists': ['['.repeat(10_000) + ']'.repeat(10_000), 400, 'invalid_request'],
    'with a prototype': ['{"__proto__":{"isAdmin":true}}', 400, 'invalid_request'],
    'with a constructor': ['{"constructor":{"prototype":{"isAdmin":true}}}', 400, 'invalid_request'],
    'with a string only': [`"${MARKER}"`, 400, 'invalid_request'],
    'with a number only': ['1', 400, 'invalid_request'],
    'with white space only': [' \n ', 400, 'malformed_json'],
  };

  it.each(Object.keys(bodies))('is rejected with the documented code for a body: %s', async (name) => {
    const [raw, status, code] = bodies[name]!;
    const answer = await post('/v1/people', raw);
    expect([answer.status, answer.body.code]).toEqual([status, code]);
    expect(answer.text).not.toContain(MARKER);
  });

  it.each([
    ['compressed body', { 'content-encoding': 'gzip' }],
    ['other character set', { 'content-type': 'application/json; charset=utf-16' }],
    ['other content type', { 'content-type': 'application/xml' }],
    ['form body', { 'content-type': 'application/x-www-form-urlencoded' }],
  ])('is rejected with 415: %s', async (_what, headers) => {
    expect((await post('/v1/people', '{}', headers as Record<string, string>)).status).toBe(415);
  });

  it.each([
    '/v1/people?limit=1&limit=2',
    '/v1/people?limit[]=1',
    '/v1/people?kind=trainee&kind=provider',
    '/v1/audit?type=a&type=a',
  ])('is rejected when it repeats a parameter: %s', async (path) => {
    expect((await get(path)).body).toMatchObject({ status: 400, code: 'duplicate_parameter' });
  });

  it('keeps a well-formed request id and replaces any other', async () => {
    for (const id of ['x'.repeat(65), 'short', 'with space here', 'a"b;c=d,e{f}', '../../../etc/x']) {
      expect((await get('/health/live', { 'x-request-id': id })).headers.get('x-request-id')).not.toBe(id);
    }
    expect((await get('/health/live', { 'x-request-id': 'harmless-1' })).headers.get('x-request-id')).toBe(
      'harmless-1',
    );
  });

  it('never redirects to a URL that the caller chose', async () => {
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

/** Sends raw bytes that no client library sends and reads the response until the server closes. */
async function sendRaw(bytes: string): Promise<string> {
  const { hostname, port } = new URL(api.url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  socket.write(bytes, 'latin1');
  const answer = text(socket);
  checks += 1;
  return answer;
}

describe('malformed HTTP', () => {
  const cookie = () => tenant.director.cookieHeader;
  const close = 'Connection: close\r\n\r\n';
  it.each<[string, () => string, RegExp]>([
    [
      'a path traversal',
      () => `GET /v1/people/../../../../etc/passwd HTTP/1.1\r\nHost: a\r\nCookie: ${cookie()}\r\n${close}`,
      /^HTTP\/1\.1 (400|401|404)/,
    ],
    [
      'an encoded path traversal',
      () => `GET /v1/exports/..%2f..%2f..%2fetc%2fpasswd HTTP/1.1\r\nHost: a\r\nCookie: ${cookie()}\r\n${close}`,
      /^HTTP\/1\.1 (400|404)/,
    ],
    [
      'an absolute URL',
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
      'two Content-Length headers',
      () => `POST /v1/auth/login HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 3\r\n${close}{}`,
      /^HTTP\/1\.1 400/,
    ],
    [
      'Content-Length with chunked encoding',
      () =>
        `POST /v1/auth/login HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nTransfer-Encoding: ` +
        `chunked\r\n${close}0\r\n\r\n`,
      /^HTTP\/1\.1 400/,
    ],
    [
      'an invalid chunk size',
      () =>
        `POST /v1/auth/login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: ` +
        `chunked\r\n${close}zz\r\n{}\r\n0\r\n\r\n`,
      /^HTTP\/1\.1 400/,
    ],
    [
      'too many header bytes',
      () => `GET /health/live HTTP/1.1\r\nHost: a\r\n${`X-A: ${'a'.repeat(4_000)}\r\n`.repeat(10)}${close}`,
      /^HTTP\/1\.1 431/,
    ],
    ['an overlong path', () => `GET /${'a'.repeat(20_000)} HTTP/1.1\r\nHost: a\r\n${close}`, /^HTTP\/1\.1 (414|431)/],
    ['a missing Host header', () => `GET /health/live HTTP/1.1\r\n${close}`, /^HTTP\/1\.1 400/],
    ['an unknown method', () => `STEAL /v1/people HTTP/1.1\r\nHost: a\r\n${close}`, /^HTTP\/1\.1 (400|404|405)/],
    [
      'TRACE',
      () => `TRACE /v1/people HTTP/1.1\r\nHost: a\r\nCookie: ${cookie()}\r\n${close}`,
      /^HTTP\/1\.1 (400|404|405)/,
    ],
    ['the HTTP/2 preface', () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', /^HTTP\/1\.1 400/],
    ['a TLS handshake', () => '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', /^(HTTP\/1\.1 400|$)/],
    [
      'a malformed cookie',
      () =>
        `GET /v1/auth/me HTTP/1.1\r\nHost: a\r\nCookie: vouchsafe_test=\xff\xfe%00%zz; a; =b; ` +
        `vouchsafe_test\r\n${close}`,
      /^HTTP\/1\.1 401/,
    ],
    [
      'a path with raw bytes',
      () => `GET /v1/people/\xff\xfe HTTP/1.1\r\nHost: a\r\n${close}`,
      /^HTTP\/1\.1 (400|401|404)/,
    ],
  ])('is rejected: %s', async (_what, bytes, expected) => {
    const answer = await sendRaw(bytes());
    expect(answer).toMatch(expected);
    expect(answer).not.toMatch(/^set-cookie: a=b/im);
    expect(answer).not.toMatch(/root:|Error:|node_modules/);
  });
});

it('never logs the marker', () => {
  expect(api.lines.length).toBeGreaterThan(1_000);
  expect(api.lines.filter((line) => line.includes(MARKER))).toEqual([]);
  expect(api.lines.filter((line) => /"level":"(error|fatal)"/.test(line))).toEqual([]);
});
