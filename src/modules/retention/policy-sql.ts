import type { Statement } from '../../platform/database/statement.js';
import type { RetentionPolicy } from './policy.js';

/** Rows per transaction: few enough that other transactions do not wait for the locks. */
export const BATCH_ROWS = 500;

const IDENTIFIER = /^[a-z_][a-z0-9_]{0,62}$/;

/** Returns the statement that counts due rows. Columns: due, oldest. */
export function planStatement(policy: RetentionPolicy, orgId: string, cutoff: Date): Statement {
  const { from, values } = dueRows(policy, orgId, cutoff);
  return { text: `SELECT count(*) AS due, min(${quoted(policy.ageColumn)}) AS oldest ${from}`, values };
}

/**
 * Returns the statement that removes the oldest due rows, at most one batch. It skips rows that another transaction
 * locks. It returns one row per removed row. Column: object, the key of the stored object of that row.
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
      `retention policy "${name}" clears columns: its \`where\` must exclude rows whose columns are already empty`,
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

/** Quotes an identifier. Names come from declarations, not from input; the check is a second line of defense. */
function quoted(name: string): string {
  if (!IDENTIFIER.test(name)) throw new Error('a retention policy has an invalid table or column name');
  return `"${name}"`;
}
