import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { HealthCheckService, HealthIndicatorService } from '@nestjs/terminus';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import supertest from 'supertest';
import { lines, startHttpApp } from '../../../test/harness/http-app.js';
import { DatabaseUnavailable } from '../database/errors.js';
import { HealthController } from '../health/health.controller.js';
import { Readiness, type HealthProbe } from '../health/readiness.js';

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
    const response = await post('/v1/things', '{"age":"planted-value","inner":{"street":5},"extra":"planted-value"}');
    expect(response.body.errors).toEqual([
      { field: 'extra', message: 'is not a known field' },
      { field: 'age', message: 'must be an integer number' },
      { field: 'inner.street', message: 'must be a string' },
    ]);
    expect(response.text).not.toContain('planted');
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

describe('operations', () => {
  const readiness = (probe: HealthProbe) =>
    new HealthController(
      new Readiness(
        app.get(HealthCheckService, { strict: false }),
        app.get(HealthIndicatorService, { strict: false }),
        [probe],
      ),
    );

  it('is ready while the probes respond', async () => {
    expect((await http.get('/health/ready')).body).toEqual({ status: 'ok', checks: ['database'] });
  });

  it('is not ready when a probe fails, and names the probe without the reason', async () => {
    const probe = { name: 'redis', check: () => Promise.reject(new Error('connect to redis.internal')) };
    await expect(readiness(probe).ready()).rejects.toMatchObject({
      code: 'unavailable',
      detail: 'not ready: redis',
      headers: { 'Retry-After': '2' },
    });
  });

  it('tells how long the circuit breaker of the database stays open', async () => {
    const check = () => Promise.reject(new DatabaseUnavailable({ retryAfterSeconds: 29 }));
    await expect(readiness({ name: 'other database', check }).ready()).rejects.toMatchObject({
      headers: { 'Retry-After': '29' },
    });
  });

  it('counts requests by route pattern', async () => {
    await http.get('/v1/things/5');
    const { text, headers } = await http.get('/metrics');
    expect(headers['content-type']).toContain('text/plain');
    expect(text).toMatch(
      /http_request_duration_seconds_count\{method="GET",route="\/v1\/things\/:id",status="200"\} \d/,
    );
    expect(text).toContain('process_cpu_seconds_total');
  });

  it('documents every route with its problem response', async () => {
    const { body } = await http.get('/openapi.json');
    expect(Object.keys(body.paths)).toEqual(expect.arrayContaining(['/v1/things/{id}', '/metrics', '/health/ready']));
    expect(body.paths['/v1/things'].get.responses.default.content).toHaveProperty('application/problem+json');
    expect(
      body.paths['/v1/things'].get.responses['200'].content['application/json'].schema.properties.items.items.$ref,
    ).toBe('#/components/schemas/Output');
  });

  it('serves the documentation page without inline or external code', async () => {
    const { text } = await http.get('/docs');
    expect(text).not.toMatch(/<script>|<style|https?:/);
    for (const [, path] of text.matchAll(/(?:src|href)="([^"]+)"/g)) expect((await http.get(path!)).status).toBe(200);
  });
});
