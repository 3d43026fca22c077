import type { Statement } from '../../platform/database/statement.js';
import type { RetentionPolicy } from './policy.js';

/** Rows removed in one transaction: few enough that nobody waits for their locks. */
export const BATCH_ROWS = 500;

const IDENTIFIER = /^[a-z_][a-z0-9_]{0,62}$/;

/** Counts what is due. Columns: due, oldest. */
export function planStatement(policy: RetentionPolicy, orgId: string, cutoff: Date): Statement {
  const { from, values } = dueRows(policy, orgId, cutoff);
  return { text: `SELECT count(*) AS due, min(${quoted(policy.ageColumn)}) AS oldest ${from}`, values };
}

/**
 * Removes the oldest rows that are due, at most a batch; rows that somebody else holds are left for the next batch or
 * run. Gives one row for each that was removed. Column: object, the key of the stored object that went with it.
 */
export function batchStatement(policy: RetentionPolicy, orgId: string, cutoff: Date): Statement {
  const { from, values } = dueRows(policy, orgId, cutoff);
  const object = policy.objectColumn === undefined ? 'NULL::text' : quoted(policy.objectColumn);
  return {
    text: `
      WITH due AS MATERIALIZED (
        SELECT ctid AS place, ${object} AS object ${from} ORDER BY ${quoted(policy.ageColumn)}
          LIMIT ${BATCH_ROWS} FOR UPDATE SKIP LOCKED
      ), removed AS (${removal(policy)} WHERE t.ctid = due.place RETURNING due.object)
      SELECT object FROM removed`,
    values,
  };
}

function removal({ table, action }: RetentionPolicy): string {
  if (action === 'delete') return `DELETE FROM ${quoted(table)} AS t USING due`;
  return `UPDATE ${quoted(table)} AS t SET ${action.clear.map((column) => `${quoted(column)} = NULL`).join(', ')}
    FROM due`;
}

function dueRows({ name, table, ageColumn, where, tenant, action }: RetentionPolicy, orgId: string, cutoff: Date) {
  if (action !== 'delete' && where === undefined) {
    throw new Error(
      `retention policy "${name}" empties columns: its \`where\` has to leave out rows that are empty already`,
    );
  }
  const conditions = [
    `${quoted(ageColumn)} < $1`,
    ...(tenant ? ['org_id = $2'] : []),
    ...(where === undefined ? [] : [`(${where})`]),
  ];
  return {
    from: `FROM ${quoted(table)} WHERE ${conditions.join(' AND ')}`,
    values: tenant ? [cutoff, orgId] : [cutoff],
  };
}

/** Names come from declarations, never from input; whatever is no plain name is refused all the same. */
function quoted(name: string): string {
  if (!IDENTIFIER.test(name)) throw new Error('a retention policy names something that is no table or column');
  return `"${name}"`;
}
