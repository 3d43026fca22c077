import { readFileSync } from 'node:fs';
import { isPersonScoped } from '../../src/platform/policies/row-policies.js';

export const RELATIONS = [
  'own record',
  'assigned',
  'assigned before',
  'announced',
  "colleague's",
  "other organization's",
] as const;
export type RelationName = (typeof RELATIONS)[number];

/**
 * The overrides in addition to the role's default, and the resulting scope. The scope is "default" if nothing is
 * set.
 */
export interface Setting {
  role: string;
  member: string;
  grant: string;
  scope: string;
}

/** Reads the rows of a reviewed table. */
const rowsUnder = (title: string): string[][] =>
  readFileSync(`${import.meta.dirname}/expected/decisions.md`, 'utf8')
    .split(`## ${title}`)[1]!
    .split('\n## ')[0]!
    .split('\n')
    .filter((row) => row.startsWith('| '))
    .slice(2)
    .map((row) =>
      row
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
export const SETTINGS = rowsUnder('Settings').map(([role = '', member = '', grant = '', scope = '']): Setting => ({
  role,
  member,
  grant,
  scope,
}));
export const RELATIONS_BY_SCOPE = new Map(
  rowsUnder('Relations of a scope').map(([kind, scope, ...relations]) => [
    `${kind} ${scope}`,
    new Set(RELATIONS.filter((_, i) => relations[i] === 'yes')),
  ]),
);
const DEFAULTS = new Map(
  readFileSync(`${import.meta.dirname}/expected/permissions.md`, 'utf8')
    .split('\n')
    .filter((row) => row.startsWith('| `') || row.startsWith('| Permission'))
    .map((row) =>
      row
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim().replaceAll('`', '')),
    )
    .map(([permission = '', ...scopes]) => [permission, scopes]),
);

export function defaultScope(role: string, permission: string): string {
  const scope = DEFAULTS.get(permission)![DEFAULTS.get('Permission')!.indexOf(role)];
  return scope === undefined || scope === '–' ? 'none' : scope;
}

export const expectedRelations = (permission: string, scope: string) =>
  RELATIONS_BY_SCOPE.get(`${isPersonScoped(permission) ? 'people' : 'other'} ${scope}`)!;
