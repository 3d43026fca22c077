/** What a membership grants: permission → scope. */
export type Grants = ReadonlyMap<string, string>;

const parsed = new Map<string, Grants>();
const MOST_PARSED = 1_000;

/**
 * Reads the grants the database keeps on a membership. Members of one role share the same text, so that parsing is
 * remembered by it; the memory is dropped when full, which only costs parsing again.
 */
export function parseGrants(text: string): Grants {
  let grants = parsed.get(text);
  if (grants === undefined) {
    grants = new Map(Object.entries(JSON.parse(text) as Record<string, string>));
    if (parsed.size >= MOST_PARSED) parsed.clear();
    parsed.set(text, grants);
  }
  return grants;
}

/** Whether grants reach a permission at all; how far is the database's business. */
export function isGranted(grants: Grants, permission: string): boolean {
  return permission === 'signed-in' || grants.has(permission);
}
