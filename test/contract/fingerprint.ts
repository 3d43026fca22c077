import type { Harness } from '../harness/app.js';

/**
 * Returns a digest of each table of a tenant, so that any change is detected. Excludes the timestamps that reads
 * update.
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
