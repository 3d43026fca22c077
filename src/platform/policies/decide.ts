import { isOfPeople, type Rule } from './row-policies.js';
import { scopeRank, type Grants } from './grants.js';
import type { Scope } from '../feature/roles.js';

/** How a member stands to a row. */
export interface Relation {
  /** The person it hangs on is entrusted to the member at this moment. */
  assigned: boolean;
  /** The person it hangs on is the member. */
  own: boolean;
  /** The row belongs to the membership. */
  ownRow: boolean;
}

/** What lets a member through to a row: one permission (null: none is needed) with its scope, by one relation. */
export interface AccessPath {
  permission: string | null;
  scope: Scope;
  relation: 'organization' | 'assigned' | 'own' | 'own-row';
}

const EVERYBODY: AccessPath = { permission: null, scope: 'org', relation: 'organization' };
const OWN_ROW: AccessPath = { permission: null, scope: 'own', relation: 'own-row' };

/**
 * Every way in which a rule lets a member through to a row of their organization; none where the database refuses it.
 * The
 * same decision as the row policy that is made of the rule, for telling why: tests hold the two against each other.
 */
export function decide({ everybody, about, other, own }: Rule, grants: Grants, relation: Relation): AccessPath[] {
  const reach = Math.max(0, ...about.map((permission) => scopeRank(grants.get(permission))));
  const people = about
    .filter((permission) => reach > 0 && scopeRank(grants.get(permission)) === reach)
    .flatMap((permission) => wayAmongPeople(permission, grants.get(permission) as Scope, relation));
  const held = other
    .filter((permission) => grants.get(permission) === 'org')
    .map((permission): AccessPath => ({ permission, scope: 'org', relation: 'organization' }));
  return [...(everybody ? [EVERYBODY] : []), ...held, ...people, ...(own && relation.ownRow ? [OWN_ROW] : [])];
}

/** The rule that a permission makes by itself, on rows that hang on a person or not. */
export function ruleOfPermission(permission: string, hangsOnPerson: boolean): Rule {
  const about = hangsOnPerson && isOfPeople(permission);
  return { everybody: false, own: false, about: about ? [permission] : [], other: about ? [] : [permission] };
}

/** The widest of some scopes. */
export function widest(scopes: readonly string[]): string {
  return scopes.toSorted((a, b) => scopeRank(b) - scopeRank(a))[0] ?? 'none';
}

function wayAmongPeople(permission: string, scope: Scope, { assigned, own }: Relation): AccessPath[] {
  if (scope === 'org') return [{ permission, scope, relation: 'organization' }];
  return (scope === 'assigned' ? assigned : own) ? [{ permission, scope, relation: scope }] : [];
}
