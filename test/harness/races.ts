import { RawSql } from '../contract/raw-sql.js';
import type { Harness } from './app.js';
import { until } from './until.js';

export const ISOLATION_LEVELS = ['READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE'];

/** A transaction in a race: how it enters, and the change that it makes. */
export interface Racer {
  /** The secret of a session. */
  secret?: string;
  /** The id of an organization that the worker enters. */
  worker?: string;
  change: string;
}

/**
 * Begins two transactions, so that both have a snapshot from before the changes. The second one makes its change while
 * the first one is open, and waits if the check locks. Returns the SQLSTATE of each, or null if its change is
 * committed.
 */
export async function race(
  harness: Harness,
  racers: readonly [Racer, Racer],
  isolation: string,
): Promise<(string | null)[]> {
  const [one, two] = [await begin(harness, racers[0], isolation), await begin(harness, racers[1], isolation)];
  try {
    const { pid } = (await two.outcome('SELECT pg_backend_pid() AS pid')).rows[0]!;
    const first = await one.outcome(racers[0].change);
    let ended = false;
    const changing = two.outcome(racers[1].change).finally(() => (ended = true));
    await until('the second change has ended or waits', async () => {
      const waiting = await harness.database.superuser(
        `SELECT FROM pg_stat_activity WHERE pid = $1 AND wait_event_type = 'Lock'`,
        [pid],
      );
      return ended || waiting.length > 0;
    });
    const commits = [await one.outcome('COMMIT'), await changing, await two.outcome('COMMIT')];
    return [first.code ?? commits[0]!.code, commits[1]!.code ?? commits[2]!.code];
  } finally {
    await Promise.all([one.end(), two.end()]);
  }
}

async function begin(harness: Harness, { secret, worker }: Racer, isolation: string): Promise<RawSql> {
  const sql = await RawSql.open(harness.env[worker === undefined ? 'DATABASE_URL' : 'WORKER_DATABASE_URL']!);
  if (secret !== undefined) await sql.enter(secret, isolation);
  else await sql.client.query(`BEGIN ISOLATION LEVEL ${isolation}`);
  if (worker !== undefined) await sql.client.query('SELECT app.enter_organization($1)', [worker]);
  await sql.client.query('SELECT 1 FROM pg_class LIMIT 1'); // takes the snapshot
  return sql;
}
