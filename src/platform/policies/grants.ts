import type { Member } from '../context/context.js';
import { declared } from '../feature/registry.js';

/** The grants of a membership: permission → scope. */
export type Grants = ReadonlyMap<string, string>;

const cache = new Map<string, Grants>();
const MAX_CACHED = 1_000;

/**
 * Parses the grants of a membership. Members with the same role have the same text, so the result is cached by text.
 * The cache is cleared when it is full.
 */
export function parseGrants(text: string): Grants {
  let grants = cache.get(text);
  if (grants === undefined) {
    grants = new Map(Object.entries(JSON.parse(text) as Record<string, string>));
    if (cache.size >= MAX_CACHED) cache.clear();
    cache.set(text, grants);
  }
  return grants;
}

const RANKS: Readonly<Record<string, number>> = { own: 1, assigned: 2, org: 3 };

/** Returns the rank of a scope, equal to `app.scope_rank` in the database; 0 for no scope. */
export function scopeRank(scope: string | undefined): number {
  return RANKS[scope ?? ''] ?? 0;
}

/** Returns the role fields of a member from the row of an enter function. */
export function roleInfo({
  role,
  portal,
  grants,
}: {
  role: string;
  portal: boolean;
  grants: string;
}): Pick<Member, 'role' | 'portal' | 'grants'> {
  return { role, portal, grants: parseGrants(grants) };
}

/**
 * Returns true if the grants include a permission. A person-scoped permission can have any scope, which the database
 * and the handler apply. Any other permission requires the scope org.
 */
export function isGranted(grants: Grants, permission: string): boolean {
  if (permission === 'signed-in') return true;
  const scope = grants.get(permission);
  return scope === 'org' || (scope !== undefined && declared('permissions').get(permission)?.personScoped === true);
}
