/**
 * This file registers its own declarations, so it does not share its modules with other files.
 *
 * @jest-environment node
 */
import { describe, expect, it } from '@jest/globals';
import { defineFeature } from '../feature/define-feature.js';
import { createPolicy, rowPolicies } from './row-policies.js';

const JOB = { description: 'For the test.', attempts: 1, backoffSeconds: 1, timeoutSeconds: 1, concurrency: 1 };

defineFeature({
  name: 'specimens',
  description: 'For the test.',
  permissions: {
    'specimen:read': { category: 'Specimens', description: 'About people.', personScoped: true, scopes: {} },
    'specimen:audit': { category: 'Specimens', description: 'About the organization.', scopes: {} },
  },
  jobs: {
    'specimens.weigh': { ...JOB, enqueuePermissions: ['specimen:audit'] },
    'specimens.count': { ...JOB, enqueuePermissions: ['specimen:read'] },
  },
  tables: {
    outbox: { kind: 'tenant', retention: { reason: 'a test' }, rows: {} },
    specimens: {
      kind: 'tenant',
      retention: { reason: 'a test' },
      rows: {
        person: 'person_id',
        own: { column: 'author_id', commands: ['update'] },
        select: ['specimen:read', 'specimen:audit'],
        insert: 'signed-in',
        update: 'specimen:audit',
      },
    },
    racks: { kind: 'tenant', retention: { reason: 'a test' }, rows: { select: 'specimen:read' } },
    slides: {
      kind: 'tenant',
      retention: { reason: 'a test' },
      rows: {
        person: 'person_id',
        permission: 'opened_by',
        select: ['specimen:read', 'specimen:audit'],
        insert: 'signed-in',
      },
    },
    labels: { kind: 'installation', retention: { reason: 'a test' } },
  },
});

const of = (table: string) =>
  new Map(
    rowPolicies()
      .filter((policy) => policy.table === table)
      .map(({ command, condition }) => [command as string, condition.replaceAll(/\s+/g, ' ')]),
  );

describe('row policies', () => {
  it('do not depend on the order of the declarations', () => {
    expect(of('outbox').get('insert')).toMatch(/specimens\.count.*specimens\.weigh/);
  });

  it('apply the scope of a person-scoped permission', () => {
    expect(of('specimens').get('select')).toBe(
      "CASE WHEN org_id = (SELECT app.org_if_permitted('specimen:audit')) THEN true ELSE " +
        "CASE WHEN org_id = (SELECT app.org_if_unscoped('specimen:read')) THEN true " +
        "ELSE (org_id, person_id) IN (SELECT r.org, r.person FROM app.people_in_scope('specimen:read') r) END END",
    );
  });

  it('require the scope org for rows without a person', () => {
    expect(of('racks').get('select')).toBe("org_id = (SELECT app.org_if_permitted('specimen:read'))");
  });

  it('require the permission that the row names, within its scope', () => {
    expect(of('slides').get('select')).toBe(
      `CASE opened_by WHEN 'specimen:read' THEN ${of('specimens')
        .get('select')!
        .replace(/^.*? ELSE CASE/, 'CASE')
        .replace(/ END$/, '')} ` +
        "WHEN 'specimen:audit' THEN org_id = (SELECT app.org_if_permitted('specimen:audit')) " +
        'ELSE org_id = (SELECT app.org_if_system()) END',
    );
  });

  it('allow a member with a session the declared commands on own rows', () => {
    expect(of('specimens').get('update')).toBe(
      'CASE WHEN (org_id, author_id) = (SELECT m.org, m.membership FROM app.interactive_membership() m) THEN true ' +
        "ELSE org_id = (SELECT app.org_if_permitted('specimen:audit')) END",
    );
  });

  it('allow only the system for a command that is not declared', () => {
    expect([of('specimens').get('delete'), of('racks').get('insert')]).toEqual([
      'org_id = (SELECT app.org_if_system())',
      'org_id = (SELECT app.org_if_system())',
    ]);
  });

  it('do not exist for commands of every member and for installation tables', () => {
    expect(of('specimens').has('insert')).toBe(false);
    expect(of('labels').size).toBe(0);
  });

  it('are restrictive and check both row versions of an update', () => {
    const update = rowPolicies().find(({ table, command }) => table === 'specimens' && command === 'update');
    const { condition } = update!;
    expect(createPolicy(update!)).toBe(
      `CREATE POLICY rows_update ON specimens AS RESTRICTIVE FOR UPDATE TO vouchsafe_app ` +
        `USING (${condition}) WITH CHECK (${condition})`,
    );
  });
});
