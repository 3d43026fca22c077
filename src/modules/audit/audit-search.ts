import type { Statement } from '../../platform/database/statement.js';

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
  accessGrantId?: string;
  apiKeyId?: string;
  from?: Date;
  /** Not included. */
  to?: Date;
}

/**
 * The statement that finds one page: positions first, from an index alone, then the rows they name.
 *
 * Every filter has an index led by `org_id` that ends in `(occurred_at, id)`, so a page is read off it in order, at any
 * depth. Both comparisons of time are needed: the row comparison starts the index at the position, the plain one lets
 * the planner leave out partitions. All operators are leakproof, or row security would keep them from the index.
 * What is not asked for is not in the text: an open end as a parameter would make the planner expect few rows and sort.
 * The outcome is text of ours, not a parameter: the index of what did not succeed is partial.
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

/** One ordered walk a type, merged: an index over several types at once would give them unordered. */
function positionsOfTypes(conditions: readonly string[], types: string): string {
  return `SELECT found.* FROM unnest(${types}::text[]) AS wanted (type)
    CROSS JOIN LATERAL (${positionsWhere([...conditions, 'e.type = wanted.type'])}) AS found
    ORDER BY found.occurred_at DESC, found.id DESC LIMIT $2`;
}

/** The rows of the page, one look-up each: LIMIT keeps the planner from reading whole partitions to join them. */
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
