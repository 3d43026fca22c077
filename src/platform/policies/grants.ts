import type { Member } from '../context/context.js';
import { declared } from '../feature/registry.js';

/** What a membership grants: permission → scope. */
export type Grants = ReadonlyMap<string, string>;

const parsed = new Map<string, Grants>();
const MAX_PARSED = 1_000;

/**
 * Reads the grants the database keeps on a membership. Members of one role share the same text, so that parsing is
 * remembered by it; the memory is dropped when full, which only costs parsing again.
 */
export function parseGrants(text: string): Grants {
  let grants = parsed.get(text);
  if (grants === undefined) {
    grants = new Map(Object.entries(JSON.parse(text) as Record<string, string>));
    if (parsed.size >= MAX_PARSED) parsed.clear();
    parsed.set(text, grants);
  }
  return grants;
}

const WIDTH: Readonly<Record<string, number>> = { own: 1, assigned: 2, org: 3 };

/** How wide a scope is, as `app.scope_rank` has it in the database; 0 for none. */
export function scopeRank(scope: string | undefined): number {
  return WIDTH[scope ?? ''] ?? 0;
}

/** What an entrance brought back of a member's role. */
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
 * Whether grants reach a permission. One about people may be narrowed to some of them, which is the business of the
 * database and of the handler; any other is held for the whole organization or not at all.
 */
export function isGranted(grants: Grants, permission: string): boolean {
  if (permission === 'signed-in') return true;
  const scope = grants.get(permission);
  return scope === 'org' || (scope !== undefined && declared('permissions').get(permission)?.personScoped === true);
}
