/**
 * This file registers its own declarations, so it does not share its modules with other files.
 *
 * @jest-environment node
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Module } from '@nestjs/common';
import { AppModule } from '../../src/app.module.js';
import { loadConfig } from '../../src/platform/config/config.js';
import { defineFeature } from '../../src/platform/feature/define-feature.js';
import { createApp } from '../../src/platform/http/index.js';
import { Harness } from '../harness/app.js';
import type { FeatureDeclaration } from '../../src/platform/feature/declarations.js';

let harness: Harness;

async function boot() {
  @Module({})
  class Root {}
  const config = loadConfig(harness.env, 'api');
  return createApp({ module: Root, imports: [AppModule.forRoot(config)] }, config);
}

beforeAll(async () => {
  harness = await Harness.start({ takeJobs: false });
});
afterAll(() => harness.stop());

describe('the application rejects', () => {
  const feature = (more: Partial<FeatureDeclaration>) => () =>
    defineFeature({ name: `again-${Math.random()}`, description: 'Twice.', ...more });

  it.each<[string, () => unknown, RegExp]>([
    [
      'a feature twice',
      () => defineFeature({ name: 'people', description: 'Twice.' }),
      /feature "people" is declared twice/,
    ],
    [
      'a permission twice',
      feature({ permissions: { 'person:read': { category: 'x', description: 'x', scopes: {} } } }),
      /permissions "person:read" is declared twice, the second time by feature "again/,
    ],
    [
      'an event twice',
      feature({ events: { 'person.created': { category: 'x', severity: 'info', description: 'x' } } }),
      /events "person\.created" is declared twice/,
    ],
    [
      'a problem twice',
      feature({ errors: { not_found: { status: 404, title: 'x' } } }),
      /errors "not_found" is declared twice/,
    ],
    [
      'a table twice',
      feature({ tables: { people: { kind: 'tenant', rows: {}, retention: { reason: 'x' } } } }),
      /tables "people" is declared twice/,
    ],
  ])('%s', (_what, declare, message) => {
    expect(declare).toThrow(message);
  });

  it('reports all unused and contradictory declarations at once, each with its fix', async () => {
    defineFeature({
      name: 'unused',
      description: ' ',
      permissions: { 'unused:do': { category: 'x', description: 'x', scopes: {} } },
      events: {
        'unused.done': {
          category: 'x',
          severity: 'info',
          description: 'x',
          realtime: { permission: 'unused:do', person: 'whom' },
        },
      },
      jobs: { 'unused.work': { description: 'x', attempts: 1, backoffSeconds: 1, timeoutSeconds: 1, concurrency: 1 } },
      schedules: {
        'unused.tick': {
          description: 'x',
          cron: '* * * * *',
          timezone: 'UTC',
          job: 'unused.nothing',
          per: 'installation',
        },
        'unused.never': {
          description: 'x',
          cron: '0 0 30 2 *',
          timezone: 'UTC',
          job: 'unused.work',
          per: 'installation',
        },
      },
      retention: {
        'unused.short': { description: 'x', table: 'unused', ageColumn: 'x', days: 1, floorDays: 2, action: 'delete' },
        'unused.astray': {
          description: 'x',
          table: 'nowhere',
          ageColumn: 'x',
          days: 2,
          floorDays: 2,
          action: 'delete',
        },
      },
      tables: {
        unused: {
          kind: 'tenant',
          rows: { select: 'unused:nothing' },
          retention: { policies: ['unused.short', 'unused.astray'] },
        },
      },
    });
    const message = await boot().then(
      () => 'started',
      (error: Error) => error.message,
    );
    for (const line of [
      'permission "unused:do" is declared but never used: use it in @Access of a route, or in the rules ' +
        'of a table, or remove it',
      'event "unused.done" is declared but never used: add it to emits of the route or job that records it, ' +
        'or remove it',
      'event "unused.done" is sent in real time to members with "unused:do", but the rows of table ' +
        '"realtime_events" are not readable with it: add the permission to select of its rows',
      'event "unused.done" has the person field "whom": declare it in meta as an id',
      'job "unused.work" is declared but never used: add a provider method with @OnJob, or remove it',
      'schedule "unused.tick" runs the job "unused.nothing", which no feature declares',
      'schedule "unused.never" never runs: correct its cron expression (five fields) or its IANA time zone',
      'table "unused" names the retention policy "unused.astray", which is not declared for it',
      'retention policy "unused.astray" refers to the table "nowhere", which no feature declares',
      'retention policy "unused.short" keeps rows for less than its floor',
      'feature "unused" has no description',
      'the rules of table "unused" name the permission "unused:nothing", which no feature declares',
    ])
      expect(message).toContain(line);
  });
});
