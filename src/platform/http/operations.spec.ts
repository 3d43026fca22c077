import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { HealthCheckService, HealthIndicatorService } from '@nestjs/terminus';
import supertest from 'supertest';
import { startHttpApp } from '../../../test/harness/http-app.js';
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
    ).toBe('#/components/schemas/SampleOutput');
  });

  it('serves the documentation page without inline or external code', async () => {
    const { text } = await http.get('/docs');
    expect(text).not.toMatch(/<script>|<style|https?:/);
    for (const [, path] of text.matchAll(/(?:src|href)="([^"]+)"/g)) expect((await http.get(path!)).status).toBe(200);
  });
});
