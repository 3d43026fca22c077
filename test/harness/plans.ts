import { connected } from './database.js';
import type { Harness } from './app.js';

/** A node of a query plan, as in EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON). */
export interface PlanNode {
  'Node Type': string;
  'Function Name'?: string;
  'Parent Relationship'?: string;
  'Relation Name'?: string;
  'Actual Rows': number;
  'Actual Loops': number;
  'Index Cond'?: string;
  Filter?: string;
  'Rows Removed by Filter'?: number;
  'Shared Hit Blocks': number;
  'Shared Read Blocks': number;
  Plans?: PlanNode[];
}

/**
 * Returns the generic plan of a statement in a session, with the application's role. It explains the second execution,
 * so that the catalog lookups of a new connection are not counted.
 */
export function explain(
  harness: Harness,
  secret: string,
  { text, values }: { text: string; values: unknown[] },
): Promise<PlanNode> {
  return connected(harness.env['DATABASE_URL']!, async (client) => {
    await client.query('BEGIN');
    await client.query('SET LOCAL plan_cache_mode = force_generic_plan');
    const {
      rows: [session],
    } = await client.query<{ state: string }>('SELECT state FROM app.enter_session($1, true)', [secret]);
    if (session!.state !== 'ok') throw new Error(`the session was rejected: ${session!.state}`);
    await client.query(`PREPARE page AS ${text}`);
    const literal = (value: unknown): string => {
      if (Array.isArray(value)) return `ARRAY[${value.map(literal).join()}]`;
      if (Buffer.isBuffer(value)) return `'\\x${value.toString('hex')}'`;
      return client.escapeLiteral(value instanceof Date ? value.toISOString() : String(value));
    };
    const execute = `EXECUTE page (${values.map(literal).join()})`;
    await client.query(execute);
    const { rows } = await client.query<{ 'QUERY PLAN': { Plan: PlanNode }[] }>(
      `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${execute}`,
    );
    return rows[0]!['QUERY PLAN'][0]!.Plan;
  });
}

/** Returns every node that was executed. */
export function nodes(plan: PlanNode): PlanNode[] {
  return plan['Actual Loops'] === 0 ? [] : [plan, ...(plan.Plans ?? []).flatMap(nodes)];
}

/** Returns the number of table and index pages that the plan read. */
export function buffers(plan: PlanNode): number {
  return plan['Shared Hit Blocks'] + plan['Shared Read Blocks'];
}

/** Returns the number of rows that were read and discarded. */
export function removed(plan: PlanNode): number {
  return nodes(plan).reduce((sum, node) => sum + (node['Rows Removed by Filter'] ?? 0) * node['Actual Loops'], 0);
}
