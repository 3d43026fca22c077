import { isPersonScoped, type Rule } from './row-policies.js';
import { scopeRank, type Grants } from './grants.js';
import type { Scope } from '../feature/roles.js';

/** The relation of a member to a row. */
export interface Relation {
  /** The person of the row is currently assigned to the member. */
  assigned: boolean;
  /** The person of the row is the member. */
  own: boolean;
  /** The row belongs to the membership. */
  ownRow: boolean;
}

/** A path by which a member has access to a row: a permission (null if none is needed), its scope, and the relation. */
export interface AccessPath {
  permission: string | null;
  scope: Scope;
  relation: 'organization' | 'assigned' | 'own' | 'own-row';
}

const EVERY_MEMBER: AccessPath = { permission: null, scope: 'org', relation: 'organization' };
const OWN_ROW: AccessPath = { permission: null, scope: 'own', relation: 'own-row' };

/**
 * Returns all paths by which a rule allows a member access to a row of the organization; empty if the database denies
 * it. The decision is equal to the row policy of the rule and explains it; tests compare both.
 */
export function decide({ everyMember, about, other, own }: Rule, grants: Grants, relation: Relation): AccessPath[] {
  const maxRank = Math.max(0, ...about.map((permission) => scopeRank(grants.get(permission))));
  const people = about
    .filter((permission) => maxRank > 0 && scopeRank(grants.get(permission)) === maxRank)
    .flatMap((permission) => personPath(permission, grants.get(permission) as Scope, relation));
  const held = other
    .filter((permission) => grants.get(permission) === 'org')
    .map((permission): AccessPath => ({ permission, scope: 'org', relation: 'organization' }));
  return [...(everyMember ? [EVERY_MEMBER] : []), ...held, ...people, ...(own && relation.ownRow ? [OWN_ROW] : [])];
}

/** Returns the rule of one permission, for rows with or without a person. */
export function ruleOfPermission(permission: string, hasPerson: boolean): Rule {
  const about = hasPerson && isPersonScoped(permission);
  return { everyMember: false, own: false, about: about ? [permission] : [], other: about ? [] : [permission] };
}

/** Returns the widest scope of a list. */
export function widest(scopes: readonly string[]): string {
  return scopes.toSorted((a, b) => scopeRank(b) - scopeRank(a))[0] ?? 'none';
}

function personPath(permission: string, scope: Scope, { assigned, own }: Relation): AccessPath[] {
  if (scope === 'org') return [{ permission, scope, relation: 'organization' }];
  return (scope === 'assigned' ? assigned : own) ? [{ permission, scope, relation: scope }] : [];
}
