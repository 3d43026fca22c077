import { SqlMigration } from '../src/platform/database/sql-migration.js';

/** The record of retention runs, and what the worker needs to carry them out. */
export class Retention1770000000010 extends SqlMigration {
  protected readonly sql = /* sql */ `
    -- One row a run of a policy. Whether it failed is told by the job behind it; outbox_id is null when nothing was
    -- due.
    CREATE TABLE retention_runs (
      org_id uuid NOT NULL REFERENCES organizations,
      id uuid NOT NULL,
      policy text NOT NULL,
      requested_by text NOT NULL,
      cutoff timestamptz(3) NOT NULL,
      plan_hash bytea NOT NULL CHECK (length(plan_hash) = 32),
      due bigint NOT NULL,
      due_since timestamptz,
      removed bigint NOT NULL DEFAULT 0,
      objects bigint NOT NULL DEFAULT 0,
      batches integer NOT NULL DEFAULT 0,
      outbox_id uuid,
      created_at timestamptz NOT NULL DEFAULT now(),
      finished_at timestamptz,
      PRIMARY KEY (org_id, id),
      CHECK (outbox_id IS NOT NULL OR finished_at IS NOT NULL)
    );
    CREATE INDEX retention_runs_policy ON retention_runs (org_id, policy, id DESC);
    CREATE INDEX retention_runs_age ON retention_runs (org_id, created_at);
    CREATE INDEX retention_runs_open ON retention_runs (org_id, policy, id) WHERE finished_at IS NULL;
    SELECT app_private.protect_table('retention_runs',
      'SELECT, INSERT (org_id, id, policy, requested_by, cutoff, plan_hash, due, due_since, outbox_id, finished_at)', true);
    GRANT UPDATE (removed, objects, batches, finished_at), DELETE ON retention_runs TO vouchsafe_worker;

    -- A batch finds its rows again by their place, which tables that grant column by column have to grant as well.
    GRANT SELECT (ctid) ON sessions, webhook_secrets TO vouchsafe_worker;

    -- For the metrics, over all organizations: how long the oldest row has been due that no run got to. A run that
    -- ended makes up for those before it.
    CREATE FUNCTION app.retention_overdue() RETURNS TABLE (policy text, seconds double precision)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
      SELECT r.policy, extract(epoch FROM max(clock_timestamp() - r.due_since))::double precision
        FROM public.retention_runs r
       WHERE r.finished_at IS NULL AND r.due_since < clock_timestamp() AND NOT EXISTS (
         SELECT FROM public.retention_runs later
          WHERE later.org_id = r.org_id AND later.policy = r.policy AND later.id > r.id AND later.finished_at IS NOT NULL)
       GROUP BY r.policy
    $$;
    GRANT EXECUTE ON FUNCTION app.retention_overdue TO vouchsafe_app;
  `;
}
