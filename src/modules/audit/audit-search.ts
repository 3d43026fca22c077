import type { Statement } from '../../platform/database/transaction.js';

export const OUTCOMES = ['success', 'denied', 'failure'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** A place in the log, newest first. */
export interface Position {
  occurredAt: Date;
  id: string;
}

/** What to look for. All of it holds together; what is absent does not matter. */
export interface AuditFilter {
  /** Any of these types. */
  types?: readonly string[];
  actorId?: string;
  targetType?: string;
  targetId?: string;
  outcome?: Outcome;
  from?: Date;
  /** Not included. */
  to?: Date;
}

const NIL = '00000000-0000-0000-0000-000000000000';

/**
 * The statement that finds one page: positions first, from an index alone, then the rows they name.
 *
 * Every filter has an index led by `org_id` that ends in `(occurred_at, id)`, so a page is read off it in order, at any
 * depth. Both comparisons of time are needed: the row comparison starts the index at the position, the plain one lets
 * the planner leave out partitions. All operators are leakproof, or row security would keep them from the index.
 * The outcome is text of ours, not a parameter: the index of what did not succeed is partial.
 */
export function pageStatement(orgId: string, filter: AuditFilter, after: Position | null, limit: number): Statement {
  const until = after ?? { occurredAt: filter.to ?? 'infinity', id: NIL };
  const values: unknown[] = [orgId, filter.from ?? '-infinity', until.occurredAt, until.id, limit];
  const parameter = (value: unknown) => `$${values.push(value)}`;
  const conditions = [
    'e.org_id = $1', 'e.occurred_at >= $2', 'e.occurred_at <= $3', '(e.occurred_at, e.id) < ($3, $4)',
    filter.targetId !== undefined && `e.target_id = ${parameter(filter.targetId)}`,
    filter.targetType !== undefined && `e.target_type = ${parameter(filter.targetType)}`,
    filter.actorId !== undefined && `e.actor_id = ${parameter(filter.actorId)}`,
    filter.outcome !== undefined && `e.outcome = '${filter.outcome}'`,
  ].filter((condition) => condition !== false);
  const positions = filter.types === undefined ? positionsWhere(conditions) : positionsOfTypes(conditions, parameter(filter.types));
  return { text: rowsAt(positions), values };
}

function positionsWhere(conditions: readonly string[]): string {
  return `SELECT e.occurred_at, e.id FROM audit_events e WHERE ${conditions.join(' AND ')}
    ORDER BY e.occurred_at DESC, e.id DESC LIMIT $5`;
}

/** One ordered walk a type, merged: an index over several types at once would give them unordered. */
function positionsOfTypes(conditions: readonly string[], types: string): string {
  return `SELECT found.* FROM unnest(${types}::text[]) AS wanted (type)
    CROSS JOIN LATERAL (${positionsWhere([...conditions, 'e.type = wanted.type'])}) AS found
    ORDER BY found.occurred_at DESC, found.id DESC LIMIT $5`;
}

function rowsAt(positions: string): string {
  return `
    WITH page AS MATERIALIZED (${positions})
    SELECT e.id, e.occurred_at AS "occurredAt", e.type, e.outcome, e.actor_type AS "actorType", e.actor_id AS "actorId",
           e.target_type AS "targetType", e.target_id AS "targetId", e.request_id AS "requestId", e.meta, p.payload
      FROM page
      JOIN audit_events e ON e.org_id = $1 AND e.occurred_at = page.occurred_at AND e.id = page.id
      LEFT JOIN audit_private p ON p.org_id = $1 AND p.occurred_at = page.occurred_at AND p.event_id = page.id
     ORDER BY page.occurred_at DESC, page.id DESC`;
}
