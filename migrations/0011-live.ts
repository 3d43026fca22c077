import { SqlMigration } from '../src/platform/database/sql-migration.js';

/** What goes out live: a narrow copy of the log's newest days, for members who may not read the log. */
export class Live1770000000011 extends SqlMigration {
  protected readonly sql = /* sql */ `
    -- One row an event that its feature declares live, written in the transaction of the log's entry, under the same
    -- id.
    -- transaction_id gives the order: identity numbers and times are taken before the commit, and come out of order.
    CREATE TABLE live_events (
      org_id uuid NOT NULL,
      id uuid NOT NULL,
      transaction_id xid8 NOT NULL DEFAULT pg_current_xact_id(),
      type text NOT NULL,
      target_type text,
      target_id text,
      person_id uuid,
      permission text NOT NULL,
      occurred_at timestamptz(3) NOT NULL,
      PRIMARY KEY (org_id, id)
    );
    CREATE INDEX live_events_order ON live_events (org_id, transaction_id, id);
    CREATE INDEX live_events_age ON live_events (org_id, occurred_at);
    SELECT app_private.protect_table('live_events',
      'SELECT, INSERT (org_id, id, type, target_type, target_id, person_id, permission, occurred_at)', entrance => true);
    GRANT UPDATE, DELETE ON live_events TO vouchsafe_worker;

    -- How far the organization's events have come: the newest transaction with all before it over, and whether newer
    -- ones
    -- wait for one that is not. Tells nothing of what happened, so that one look serves all listeners of an
    -- organization.
    CREATE FUNCTION app.live_head(OUT newest xid8, OUT waiting boolean)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
      SELECT (SELECT e.transaction_id FROM public.live_events e WHERE e.org_id = app.org_id() AND e.transaction_id < s.horizon
               ORDER BY e.transaction_id DESC LIMIT 1),
             EXISTS (SELECT FROM public.live_events e WHERE e.org_id = app.org_id() AND e.transaction_id >= s.horizon)
        FROM (SELECT pg_snapshot_xmin(pg_current_snapshot()) AS horizon) s
    $$;
    GRANT EXECUTE ON FUNCTION app.live_head TO vouchsafe_app;
  `;
}
