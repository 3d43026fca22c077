import type { Statement } from '../../platform/database/statement.js';

export const OUTCOMES = ['success', 'denied', 'failure'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** A position in the audit log, newest first. */
export interface Position {
  occurredAt: Date;
  id: string;
}

/** The filters of a search. An event must match all given filters. */
export interface AuditFilter {
  /** Matches any of these types. */
  types?: readonly string[];
  actorId?: string;
  targetType?: string;
  targetId?: string;
  outcome?: Outcome;
  accessGrantId?: string;
  apiKeyId?: string;
  from?: Date;
  /** Exclusive. */
  to?: Date;
}

/**
 * Returns the statement for one page. It finds positions from an index only, then reads the rows.
 *
 * Every filter has an index that starts with `org_id` and ends with `(occurred_at, id)`, so a page is read in order at
 * any depth. Both time comparisons are needed. The row comparison starts the index scan at the position, and the plain
 * comparison lets the planner skip partitions. All operators are leakproof; otherwise row-level security would prevent
 * the use of the index. Absent filters are absent from the text, because a null parameter would make the planner
 * expect few rows and sort. The outcome is a literal, because the index of failed events is partial.
 */
export function pageStatement(orgId: string, filter: AuditFilter, after: Position | null, limit: number): Statement {
  const values: unknown[] = [orgId, limit];
  const given = <T>(value: T | undefined, condition: (parameter: string) => string) =>
    value === undefined ? [] : [condition(`$${values.push(value)}`)];
  const conditions = [
    'e.org_id = $1',
    ...given(filter.from, (from) => `e.occurred_at >= ${from}`),
    ...given(
      after?.occurredAt,
      (time) => `e.occurred_at <= ${time} AND (e.occurred_at, e.id) < (${time}, $${values.push(after!.id)})`,
    ),
    ...given(after === null ? filter.to : undefined, (to) => `e.occurred_at < ${to}`),
    ...given(filter.targetId, (id) => `e.target_id = ${id}`),
    ...given(filter.targetType, (type) => `e.target_type = ${type}`),
    ...given(filter.actorId, (id) => `e.actor_id = ${id}`),
    ...given(filter.apiKeyId, (id) => `e.api_key_id = ${id}`),
    ...given(filter.accessGrantId, (id) => `e.access_grant_id = ${id}`),
    ...(filter.outcome === undefined ? [] : [`e.outcome = '${filter.outcome}'`]),
  ];
  const [types] = given(filter.types, (parameter) => parameter);
  return {
    text: rowsAt(types === undefined ? positionsWhere(conditions) : positionsOfTypes(conditions, types)),
    values,
  };
}

function positionsWhere(conditions: readonly string[]): string {
  return `SELECT e.occurred_at, e.id FROM audit_events e WHERE ${conditions.join(' AND ')}
    ORDER BY e.occurred_at DESC, e.id DESC LIMIT $2`;
}

/** Merges one ordered index scan per type. A single scan over several types would return unordered rows. */
function positionsOfTypes(conditions: readonly string[], types: string): string {
  return `SELECT found.* FROM unnest(${types}::text[]) AS wanted (type)
    CROSS JOIN LATERAL (${positionsWhere([...conditions, 'e.type = wanted.type'])}) AS found
    ORDER BY found.occurred_at DESC, found.id DESC LIMIT $2`;
}

/** Looks up each row of the page separately. LIMIT stops the planner from joining whole partitions. */
function rowsAt(positions: string): string {
  return `
    WITH page AS MATERIALIZED (${positions})
    SELECT e.id, e.occurred_at AS "occurredAt", e.type, e.outcome, e.actor_type AS "actorType", e.actor_id AS "actorId",
           e.target_type AS "targetType", e.target_id AS "targetId", e.request_id AS "requestId",
             e.api_key_id AS "apiKeyId", e.access_grant_id AS "accessGrantId", e.meta, p.payload
      FROM page
     CROSS JOIN LATERAL (
       SELECT * FROM audit_events x WHERE x.org_id = $1 AND x.occurred_at = page.occurred_at AND x.id = page.id
         LIMIT 1) AS e
      LEFT JOIN LATERAL (
       SELECT y.payload FROM audit_private y WHERE y.org_id = $1 AND y.occurred_at = page.occurred_at
         AND y.event_id = page.id LIMIT 1) AS p ON true
     ORDER BY page.occurred_at DESC, page.id DESC`;
}
