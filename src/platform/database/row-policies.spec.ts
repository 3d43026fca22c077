import { describe, expect, it } from '@jest/globals';
import { defineFeature } from '../feature/define-feature.js';
import { createPolicy, rowPolicies } from './row-policies.js';

defineFeature({
  name: 'specimens', description: 'For the test.',
  permissions: {
    'specimen:read': { category: 'Specimens', description: 'About people.', ofPeople: true, scopes: {} },
    'specimen:audit': { category: 'Specimens', description: 'About the organization.', scopes: {} },
  },
  tables: {
    specimens: {
      kind: 'tenant', retention: { keep: 'a test' },
      rows: { person: 'person_id', own: { column: 'author_id', may: ['update'] }, select: ['specimen:read', 'specimen:audit'], insert: 'signed-in', update: 'specimen:audit' },
    },
    racks: { kind: 'tenant', retention: { keep: 'a test' }, rows: { select: 'specimen:read' } },
    slides: { kind: 'tenant', retention: { keep: 'a test' }, rows: { person: 'person_id', permission: 'opened_by', select: ['specimen:read', 'specimen:audit'], insert: 'signed-in' } },
    labels: { kind: 'installation', retention: { keep: 'a test' } },
  },
});

const of = (table: string) => new Map(rowPolicies().filter((policy) => policy.table === table).map(({ command, condition }) => [command as string, condition.replaceAll(/\s+/g, ' ')]));

describe('the policies of a table', () => {
  it('reach as far among people as the permission does that is about them', () => {
    expect(of('specimens').get('select')).toBe("CASE WHEN (SELECT app.holds('specimen:audit')) THEN true ELSE CASE (SELECT app.scope('specimen:read')) WHEN 'org' THEN true "
      + "WHEN 'assigned' THEN person_id = ANY ((SELECT app.assigned_people())::uuid[]) WHEN 'own' THEN person_id = (SELECT app.own_person_id()) ELSE false END END");
  });

  it('are the same for everybody where rows hang on nobody', () => {
    expect(of('racks').get('select')).toBe("(SELECT app.holds('specimen:read'))");
  });

  it('ask for the one permission that a row names, of those listed, each as far as it reaches', () => {
    expect(of('slides').get('select')).toBe(`CASE opened_by WHEN 'specimen:read' THEN ${of('specimens').get('select')!.replace(/^.*? ELSE CASE/, 'CASE').replace(/ END$/, '')} `
      + "WHEN 'specimen:audit' THEN (SELECT app.holds('specimen:audit')) ELSE (SELECT app.is_system()) END");
  });

  it('let a member in person at rows of their own for what the table says, and no more', () => {
    expect(of('specimens').get('update')).toBe("CASE WHEN author_id = (SELECT app.membership_in_person()) THEN true ELSE (SELECT app.holds('specimen:audit')) END");
  });

  it('close what nobody named to all but the system', () => {
    expect([of('specimens').get('delete'), of('racks').get('insert')]).toEqual(['(SELECT app.is_system())', '(SELECT app.is_system())']);
  });

  it('say nothing where every member may, nor of tables of the installation', () => {
    expect(of('specimens').has('insert')).toBe(false);
    expect(of('labels').size).toBe(0);
  });

  it('only ever take away: restrictive, and checked in both directions for a change', () => {
    const update = rowPolicies().find(({ table, command }) => table === 'specimens' && command === 'update');
    const { condition } = update!;
    expect(createPolicy(update!)).toBe(`CREATE POLICY rows_update ON specimens AS RESTRICTIVE FOR UPDATE TO vouchsafe_app USING (${condition}) WITH CHECK (${condition})`);
  });
});
