import type { Harness } from '../harness/app.js';

/**
 * A digest of all that a tenant has, table by table: any change to it is seen. Time stamps that reading moves are left
 * out.
 */
export async function fingerprint(
  harness: Harness,
  org: string,
  tables: readonly string[],
): Promise<Record<string, string>> {
  const digests: Record<string, string> = {};
  for (const table of tables) {
    const column = table === 'organizations' ? 'id' : 'org_id';
    const [row] = await harness.database.superuser<{ digest: string | null; count: string }>(
      `SELECT count(*), md5(string_agg(line, '|' ORDER BY line)) AS digest
         FROM (SELECT (to_jsonb(t) - 'last_seen_at')::text AS line FROM ${table} t WHERE ${column} = $1) AS lines`,
      [org],
    );
    digests[table] = `${row!.count} ${row!.digest}`;
  }
  return digests;
}
