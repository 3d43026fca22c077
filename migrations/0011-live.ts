import { SqlMigration } from '../src/platform/database/sql-migration.js';

/** What goes out live: a narrow copy of the log's newest days, for members who may not read the log. */
export class Live1770000000011 extends SqlMigration {
  protected readonly sql = /* sql */ `
    CREATE FUNCTION app.is_system() RETURNS boolean LANGUAGE sql STABLE
    BEGIN ATOMIC
      SELECT coalesce((app.verified_context())[1] = 'system', false);
    END;
    GRANT EXECUTE ON FUNCTION app.is_system TO vouchsafe_app;

    -- One row an event that its feature declares live, written in the transaction of the log's entry, under the same id.
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

    -- What the caller is granted: permission → scope. Empty for what is no member.
    CREATE FUNCTION app.grants() RETURNS jsonb
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
      c text[] := app.verified_context();
    BEGIN
      RETURN coalesce((SELECT m.grants FROM public.memberships m WHERE m.org_id = c[2]::uuid AND m.id = c[4]::uuid AND m.status = 'active'), '{}');
    END $$;
    GRANT EXECUTE ON FUNCTION app.grants TO vouchsafe_app;

    -- A member sees the events whose permission they hold now. Where an event hangs on a person, the policies of people
    -- decide whether the member sees that person; a permission that reaches another way than person:read shows nothing.
    -- By IS NOT NULL, because the planner may answer EXISTS by reading all people there are.
    CREATE POLICY granted ON live_events AS RESTRICTIVE FOR SELECT TO vouchsafe_app USING (
      CASE WHEN (SELECT app.is_system()) THEN true
           WHEN person_id IS NULL THEN (SELECT app.grants()) ->> permission = 'org'
           ELSE (SELECT app.grants()) ->> permission IN ('org', (SELECT app.grants()) ->> 'person:read')
            AND (SELECT p.id FROM people p WHERE p.org_id = live_events.org_id AND p.id = live_events.person_id) IS NOT NULL END);

    -- How far the organization's events have come: the newest transaction with all before it over, and whether newer ones
    -- wait for one that is not. Tells nothing of what happened, so that one look serves all listeners of an organization.
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
