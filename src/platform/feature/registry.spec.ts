/**
 * This file registers its own declarations, so it does not share its modules with other files.
 *
 * @jest-environment node
 */
import { describe, expect, it } from '@jest/globals';
import { renderCatalog } from '../boot/catalog.js';
import { defineFeature } from './define-feature.js';
import { allFeatures, declaration, declared, isResourceType } from './registry.js';

class TestingDto {}

const testing = defineFeature({
  name: 'testing',
  description: 'A feature | with a bar.',
  permissions: {
    'testing:do': { category: 'Tests', description: 'Do it.', scopes: { org: ['owner'], own: ['trainee', 'portal'] } },
  },
  events: {
    'testing.done': {
      category: 'tests',
      severity: 'info',
      description: 'It was done.',
      meta: { fields: 'codes' },
      realtime: { permission: 'testing:do' },
    },
  },
  errors: { testing_failed: { status: 418, title: 'It failed' } },
  jobs: {
    'testing.work': { description: 'Works.', attempts: 3, backoffSeconds: 1, timeoutSeconds: 5, concurrency: 2 },
  },
  webhookEvents: {
    'testing.received': {
      description: 'Receives it.',
      dto: TestingDto,
      orderKey: 'number',
      permissions: ['person:update'],
    },
  },
  schedules: {
    'testing.tick': {
      description: 'Ticks.',
      cron: '0 * * * *',
      timezone: 'UTC',
      job: 'testing.work',
      per: 'installation',
    },
  },
  retention: {
    'testing.old': {
      description: 'Old.',
      table: 'testing',
      ageColumn: 'at',
      days: 30,
      floorDays: 7,
      action: { clear: ['body'] },
    },
  },
  personalData: { testing: { name: { class: 'PII', erasure: 'delete' } } },
  tables: { testing: { kind: 'tenant', resource: 'test', rows: {}, retention: { policies: ['testing.old'] } } },
  resources: { 'testing-room': { description: 'A room for tests.' } },
  controls: { 'testing.control': { claims: ['X1', 'X2'], description: 'Controls.' } },
});

describe('the registry', () => {
  it('contains the declarations of features by key', () => {
    expect(allFeatures()).toContain(testing);
    expect(declaration('permissions', 'testing:do')).toBe(testing.permissions['testing:do']);
    expect(declared('retention').get('testing.old')).toBe(testing.retention['testing.old']);
  });

  it('recognizes only resources of tables and standalone resources', () => {
    expect(['test', 'testing-room', 'testing', 'constructor'].map(isResourceType)).toEqual([true, true, false, false]);
  });

  it('explains how to declare a missing key', () => {
    expect(() => declaration('events', 'testing.dun')).toThrow(
      '"testing.dun" is not declared under events of any feature: declare it in the feature file of the module ' +
        'that uses it',
    );
  });

  it('rejects a duplicate key in any section and names the second feature', () => {
    const keyed = [
      'permissions',
      'events',
      'errors',
      'jobs',
      'webhookEvents',
      'schedules',
      'retention',
      'tables',
      'resources',
    ] as const;
    for (const section of keyed) {
      const [key] = Object.keys(testing[section]);
      expect(() => defineFeature({ name: `second ${section}`, description: 'x', [section]: testing[section] })).toThrow(
        `${section} "${key}" is declared twice, the second time by feature "second ${section}"`,
      );
    }
  });
});

describe('the catalog', () => {
  const catalog = renderCatalog({ openapi: '3.0.0', info: { title: '', version: '' }, paths: {} });
  it('lists every declaration of every section', () => {
    for (const line of [
      '| `testing:do` | Tests | org: owner; own: trainee, portal | Do it. |',
      '| `testing.done` | tests | info | fields (codes) | testing:do | It was done. |',
      '| `testing_failed` | 418 | It failed |',
      '| `testing.work` | 3 | 5 s | 2 | Works. |',
      '| `testing.received` | TestingDto | `number` | `person:update` | Receives it. |',
      '| `test` | A row of `testing` |',
      '| `testing-room` | A room for tests. |',
      '| `testing.tick` | `0 * * * *` | UTC | installation | Ticks. |',
      '| `testing.old` | testing | 30 days after at | 7 days | clears columns: body |',
      '| `testing.name` | PII | delete |',
      '| `testing` | tenant | by testing.old |',
      '| `testing.control` | X1, X2 | Controls. |',
    ])
      expect(catalog).toContain(line);
  });

  it('escapes a bar in a text', () => {
    expect(catalog).toContain('| testing | A feature \\| with a bar. |');
  });
});
