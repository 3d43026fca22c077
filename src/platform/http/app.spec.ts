import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import supertest from 'supertest';
import { lines, startHttpApp } from '../../../test/harness/http-app.js';

let app: NestExpressApplication;
let http: ReturnType<typeof supertest>;

beforeAll(async () => {
  app = await startHttpApp();
  http = supertest(app.getHttpServer());
});
afterAll(() => app.close());

const post = (path: string, body: string | Buffer, type = 'application/json') =>
  http
    .post(path)
    .set('Content-Type', type)
    .serialize((bytes) => bytes)
    .send(body);

describe('bad input', () => {
  it.each<[string, number, string, () => supertest.Test]>([
    ['malformed JSON', 400, 'malformed_json', () => post('/v1/things', '{"age":')],
    ['a JSON scalar', 400, 'invalid_request', () => post('/v1/things', '7')],
    ['an absent body', 400, 'invalid_request', () => http.post('/v1/things')],
    ['a NUL byte in a string', 400, 'invalid_text', () => post('/v1/things', '{"age":"a\\u0000b"}')],
    ['a NUL byte in a key', 400, 'invalid_text', () => post('/v1/things', '{"a\\u0000":1}')],
    ['a lone surrogate', 400, 'invalid_text', () => post('/v1/things', '{"age":["\\ud800"]}')],
    ['bytes that are not UTF-8', 400, 'invalid_text', () => post('/v1/things', Buffer.from('7b2261ff223a317d', 'hex'))],
    ['__proto__', 400, 'invalid_request', () => post('/v1/things', '{"__proto__":{"age":1}}')],
    ['constructor', 400, 'invalid_request', () => post('/v1/things', '{"inner":{"constructor":1}}')],
    ['deep nesting', 400, 'invalid_request', () => post('/v1/things', '['.repeat(40) + ']'.repeat(40))],
    ['an unknown field', 400, 'invalid_request', () => post('/v1/things', '{"age":1,"isAdmin":true}')],
    ['a wrong type', 400, 'invalid_request', () => post('/v1/things', '{"age":"1"}')],
    ['an array for an object', 400, 'invalid_request', () => post('/v1/things', '[1]')],
    ['a body over the cap', 413, 'payload_too_large', () => post('/v1/things', `{"a":"${'x'.repeat(300_000)}"}`)],
    [
      'a form on a JSON route',
      415,
      'unsupported_media_type',
      () => post('/v1/things', 'age=1', 'application/x-www-form-urlencoded'),
    ],
    ['text on a JSON route', 415, 'unsupported_media_type', () => post('/v1/things', '{}', 'text/plain')],
    [
      'another charset',
      415,
      'unsupported_media_type',
      () => post('/v1/things', '{}', 'application/json; charset=utf-16'),
    ],
    [
      'a compressed body',
      415,
      'unsupported_media_type',
      () => post('/v1/things', '{}').set('Content-Encoding', 'gzip'),
    ],
    ['a repeated parameter', 400, 'duplicate_parameter', () => http.get('/v1/things?limit=1&limit=2')],
    ['a repeated parameter, encoded', 400, 'duplicate_parameter', () => http.get('/v1/things?limit=1&%6cimit=2')],
    ['an array parameter', 400, 'duplicate_parameter', () => http.get('/v1/things?limit[]=1')],
    ['an unknown parameter', 400, 'invalid_request', () => http.get('/v1/things?limt=1')],
    ['a parameter out of range', 400, 'invalid_request', () => http.get('/v1/things?limit=201')],
    ['NUL in the query', 400, 'invalid_text', () => http.get('/v1/things?cursor=%00')],
    ['NUL in the path', 400, 'invalid_text', () => http.get('/v1/things/a%00b')],
    ['bad percent-encoding in the path', 400, 'invalid_text', () => http.get('/v1/things/%E0%A4%A')],
    ['an encoded surrogate in the query', 400, 'invalid_text', () => http.get('/v1/things?cursor=%ED%A0%80')],
    ['an unknown path', 404, 'not_found', () => http.get('/v1/other/../../etc/passwd')],
    ['a wrong method', 405, 'method_not_allowed', () => http.delete('/v1/things')],
    ['an id that Postgres rejects', 400, 'invalid_request', () => http.get('/v1/fail/uuid')],
    ['text that Postgres rejects', 400, 'invalid_text', () => http.get('/v1/fail/nul')],
  ])('answers %s with %i %s', async (_name, status, code, send) => {
    const response = await send();
    expect(response.headers['content-type']).toBe('application/problem+json');
    expect(response.body).toMatchObject({
      type: `urn:vouchsafe:problem:${code}`,
      status,
      code,
      requestId: response.headers['x-request-id'],
    });
    expect(response.status).toBe(status);
  });

  it('names invalid fields by path and without their values', async () => {
    const response = await post('/v1/things', '{"age":"planted-value","inner":{"street":5}}');
    expect(response.body.errors).toEqual([
      { field: 'age', message: 'must be an integer number' },
      { field: 'inner.street', message: 'must be a string' },
    ]);
    expect(response.text).not.toContain('planted');
  });

  it('says that a missing field is required', async () => {
    const response = await post('/v1/things', '{"inner":{}}');
    expect(response.body.errors).toEqual([
      { field: 'age', message: 'is required' },
      { field: 'inner.street', message: 'is required' },
    ]);
  });

  it('names unknown fields before it validates the others', async () => {
    const response = await post('/v1/things', '{"age":"planted-value","inner":{"x":1},"extra":"planted-value"}');
    expect(response.body.errors).toEqual([
      { field: 'inner.x', message: 'is not a known field' },
      { field: 'extra', message: 'is not a known field' },
    ]);
    expect(response.text).not.toContain('planted');
  });

  it.each([
    ['a public route', '/v1/small', `{"x":"${'a'.repeat(5_000)}"}`, 'at most 4096 bytes'],
    ['a route without a limit of its own', '/v1/things', `{"x":"${'a'.repeat(263_000)}"}`, 'at most 262144 bytes'],
    ['any route by its values', '/v1/things', `{"x":[${'{},'.repeat(60_000)}{}]}`, 'at most 10000 values'],
  ])('limits the body of %s', async (_route, path, body, detail) => {
    const response = await post(path, body);
    expect([response.status, response.body.code]).toEqual([413, 'payload_too_large']);
    expect(response.body.detail).toContain(detail);
  });

  it('limits the parameters of a form and of a query', async () => {
    const pairs = (count: number) => Array.from({ length: count }, (_, i) => `p${i}=1`).join('&');
    const form = (text: string) => post('/v1/sso/saml/1/acs', text, 'application/x-www-form-urlencoded');
    expect([(await form(pairs(100))).status, (await form(pairs(101))).status]).toEqual([200, 400]);
    expect((await form('&'.repeat(400_000))).status).toBe(400);
    expect((await http.get(`/v1/things?${pairs(101)}`)).body.detail).toBe('at most 100 parameters');
  });

  it('lists the allowed methods of a path', async () => {
    expect((await http.delete('/v1/things')).headers.allow).toBe('GET, HEAD, POST');
  });

  it('rejects an endless body and closes the connection', async () => {
    const { port } = app.getHttpServer().address() as AddressInfo;
    const socket = connect(port, '127.0.0.1');
    socket.write(
      'POST /v1/things HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 999999999\r\n\r\n{',
    );
    let answer = '';
    for await (const chunk of socket) answer += String(chunk);
    expect(answer).toContain('413 Payload Too Large');
    expect(answer).toContain('Connection: close');
  });
});

/** Sends a request line, headers, and a body. Returns the complete response. */
async function raw(requestLine: string, headers: readonly string[], body = ''): Promise<string> {
  const { port } = app.getHttpServer().address() as AddressInfo;
  const socket = connect(port, '127.0.0.1');
  const length = body === '' ? [] : [`Content-Length: ${body.length}`];
  socket.write([`${requestLine} HTTP/1.1`, ...headers, ...length, 'Connection: close', '', body].join('\r\n'));
  if (body === '') socket.write('\r\n');
  let answer = '';
  for await (const chunk of socket) answer += String(chunk);
  return answer;
}

describe('a request', () => {
  it.each(['/V1/things', '/v1/Things', '/HEALTH/live', '/Docs', '/v1/WEBHOOKS/1', '/V1/SSO/SAML/1/ACS'])(
    'finds no route in another case: %s',
    async (path) => {
      for (const method of ['get', 'post'] as const) {
        const { status, body } = await http[method](path).set('Content-Type', 'application/json').send();
        expect([method, status, body.code]).toEqual([method, 404, 'not_found']);
      }
    },
  );

  it.each(['//v1/webhooks/1', '/v1//webhooks/1', '/v1%2Fwebhooks/1', '/v1/%77ebhooks/1', '/v1/webhooks/1/2'])(
    'finds no signed route at %s',
    async (path) => {
      expect(await raw(`POST ${path}`, ['Host: a'], '{}')).toContain('404 Not Found');
    },
  );

  it.each(['/v1/webhooks/1', '/v1/webhooks/1/', 'http://other.example/v1/webhooks/1', '/v1/webhooks/1?a=1'])(
    'brings the received bytes to the signed route by every URL that finds it: %s',
    async (target) => {
      expect(await raw(`POST ${target}`, ['Host: a'], '{}')).toContain('"id":"7b7d"');
    },
  );

  it.each([
    ['Host: a', 'Host: b'],
    ['Host: a', 'host: a'],
    ['Host: a', 'Authorization: Bearer a', 'Authorization: Bearer b'],
    ['Host: a', 'Content-Type: application/json', 'CONTENT-TYPE: text/plain'],
  ])('is rejected with a repeated header: %s, %s', async (...headers) => {
    const answer = await raw('GET /health/live', headers);
    expect(answer).toContain('400 Bad Request');
    expect(answer).toContain('must occur once');
  });

  it('is rejected with too many headers, so that none is lost that a proxy appends', async () => {
    const headers = (count: number) => Array.from({ length: count }, (_, i) => `X-A${i}: 1`);
    expect(await raw('GET /health/live', ['Host: a', ...headers(97)])).toContain('200 OK');
    expect(await raw('GET /v1/caller', ['Host: a', ...headers(99), 'X-Forwarded-For: 203.0.113.7'])).toContain('431');
  });

  it('has the IP that the trusted proxies report', async () => {
    const callerOf = async (forwarded: string) => (await http.get('/v1/caller').set('X-Forwarded-For', forwarded)).body;
    expect(await callerOf('192.0.2.1, 203.0.113.7:51234, "[2001:DB8:FFFF::7]:443"')).toMatchObject({
      id: '203.0.113.7',
    });
    expect((await callerOf('203.0.113.7, unknown')).code).toBe('client_ip_unreadable');
  });
});

describe('character sets', () => {
  const bom = Buffer.from([0xef, 0xbb, 0xbf]);
  it.each([
    'application/json; charset=utf-8',
    'application/json; charset=utf8',
    'application/json;charset=UTF8',
    'application/json; charset="utf8"',
    'application/json; charset = UTF-8',
    'application/json; charset=us-ascii',
    'application/json; odata=verbose; charset=utf8',
    'application/cloudevents+json; charset=utf8',
    'application/json;',
    'application/json; q=";charset=utf-16"',
  ])('accept UTF-8 by its names: %s', async (type) => {
    expect((await post('/v1/things', '{"age":3}', type)).status).toBe(201);
    expect((await post('/v1/webhooks/1', '{}', type)).body.id).toBe('7b7d');
  });

  it.each([
    'application/json; charset=utf-16',
    'application/json; charset=iso-8859-1',
    'application/json; charset="utf-8, utf-16"',
    'application/json; charset=utf-7',
    'application/jsonp',
    'application/json, text/plain',
    'text/plain; x=application/json',
  ])('reject other ones: %s', async (type) => {
    expect((await post('/v1/things', '{"age":3}', type)).body.code).toBe('unsupported_media_type');
  });

  it('ignore a byte order mark, except in signed bytes', async () => {
    const body = Buffer.concat([bom, Buffer.from('{"age":3}')]);
    expect((await post('/v1/things', body)).body.id).toBe('3');
    expect((await post('/v1/webhooks/1', body)).body.id).toBe(body.toString('hex'));
    expect((await post('/v1/things', Buffer.concat([bom, body]))).body.code).toBe('malformed_json');
  });
});

describe('failures', () => {
  it('returns only the request id of an unknown exception and logs its stack without personal data', async () => {
    lines.length = 0;
    const response = await http.get('/v1/fail/unknown').set('X-Request-Id', 'caller-chose-1');
    expect(response.status).toBe(500);
    expect(response.body).toEqual({
      type: 'urn:vouchsafe:problem:internal',
      title: 'Internal server error',
      status: 500,
      code: 'internal',
      requestId: 'caller-chose-1',
    });
    const log = lines.join('');
    expect(log).toContain('http-app.ts');
    expect(log).not.toContain('jane@example.org');
  });

  it('returns 503 with Retry-After when the database is unavailable', async () => {
    const response = await http.get('/v1/fail/database');
    expect(response.status).toBe(503);
    expect(response.headers['retry-after']).toBe('2');
  });

  it('returns the detail and fields of a declared problem', async () => {
    expect((await http.get('/v1/fail/problem')).body).toMatchObject({
      code: 'conflict',
      detail: 'seen already',
      errors: [{ field: 'a', message: 'is taken' }],
    });
  });

  it('returns nothing from a route without a response class', async () => {
    const response = await http.get('/v1/undeclared');
    expect(response.status).toBe(500);
    expect(response.text).not.toContain('everything');
  });
});

describe('responses', () => {
  it('contain the exposed fields only', async () => {
    expect((await http.get('/v1/things/7')).body).toEqual({ id: '7', at: '1970-01-01T00:00:00.000Z' });
    expect((await http.get('/v1/things?limit=1')).body).toEqual({
      items: [{ id: 'a', at: '1970-01-01T00:00:00.000Z' }],
      nextCursor: null,
    });
    expect((await post('/v1/things', '{"age":3}')).status).toBe(201);
    const nothing = await http.post('/v1/nothing');
    expect([nothing.status, nothing.text]).toEqual([204, '']);
  });

  it('contain the security headers, also for errors', async () => {
    for (const path of ['/v1/things', '/nowhere', '/v1/things?a=1&a=2', '/health/live', '/docs', '/openapi.json']) {
      const { headers } = await http.get(path);
      expect(headers).toMatchObject({
        'strict-transport-security': 'max-age=63072000; includeSubDomains',
        'x-frame-options': 'DENY',
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'strict-origin-when-cross-origin',
        'permissions-policy': 'camera=(), microphone=(), geolocation=(), payment=()',
        'content-security-policy': "default-src 'self';frame-ancestors 'none';base-uri 'self';form-action 'self'",
        'cross-origin-opener-policy': 'same-origin',
        'cache-control': 'no-store',
      });
      expect(headers).not.toHaveProperty('x-powered-by');
    }
  });

  it('echo a valid request id and replace an invalid one', async () => {
    expect((await http.get('/health/live').set('X-Request-Id', 'abc.DEF-123')).headers['x-request-id']).toBe(
      'abc.DEF-123',
    );
    for (const id of ['short', 'x'.repeat(65), 'has space in', '<script>alert']) {
      expect((await http.get('/health/live').set('X-Request-Id', id)).headers['x-request-id']).toMatch(
        /^[0-9a-f-]{36}$/,
      );
    }
  });

  it('log one line with the route pattern and without the path', async () => {
    lines.length = 0;
    await http.get('/v1/things/planted-id');
    await http.get('/v1/planted-unknown?email=jane@example.org');
    await new Promise((resolve) => setImmediate(resolve));
    const requests = lines
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter(({ msg }) => msg === 'request');
    expect(requests).toMatchObject([
      { method: 'GET', route: '/v1/things/:id', status: 200 },
      { method: 'GET', route: 'none', status: 404 },
    ]);
    expect(lines.join('')).not.toMatch(/planted|jane/);
  });
});

describe('signed and form routes', () => {
  it('keep the exact bytes of a webhook of any content type', async () => {
    const bytes = Buffer.from('7b 22 61 22 3a ff 00 7d'.replaceAll(' ', ''), 'hex');
    expect((await post('/v1/webhooks/1', bytes, 'application/octet-stream')).body.id).toBe(bytes.toString('hex'));
  });

  it('accept a SAML form of up to 512 kB on its own routes only', async () => {
    const form = `SAMLResponse=${'A'.repeat(400_000)}`;
    expect((await post('/v1/sso/saml/1/acs', form, 'application/x-www-form-urlencoded')).body.id).toBe('400000');
    expect((await post('/v1/sso/saml/1/acs', form + form, 'application/x-www-form-urlencoded')).status).toBe(413);
    expect((await post('/v1/sso/saml/1/acs', 'a=1&a=2', 'application/x-www-form-urlencoded')).body.code).toBe(
      'duplicate_parameter',
    );
  });
});
