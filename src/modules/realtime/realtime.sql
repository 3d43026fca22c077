-- Real-time events.
-- requires platform/database/context.sql

-- Returns the organization's newest transaction whose events can be sent: every older transaction has ended. The column
-- `waiting` is true if newer events wait for an unfinished transaction. The result contains no event data, so one query
-- serves all listeners of an organization.
CREATE OR REPLACE FUNCTION app.realtime_head(OUT newest xid8, OUT waiting boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT (SELECT e.transaction_id FROM public.realtime_events e
    WHERE e.org_id = app.org_id() AND e.transaction_id < s.horizon
           ORDER BY e.transaction_id DESC LIMIT 1),
         EXISTS (SELECT FROM public.realtime_events e WHERE e.org_id = app.org_id() AND e.transaction_id >= s.horizon)
    FROM (SELECT pg_snapshot_xmin(pg_current_snapshot()) AS horizon) s
$$;
GRANT EXECUTE ON FUNCTION app.realtime_head TO vouchsafe_app;

-- A SCIM client can insert SCIM events into the real-time events of its own organization.
CREATE POLICY directory ON realtime_events FOR INSERT TO vouchsafe_app
  WITH CHECK (org_id = (SELECT app.audit_org_id()) AND (SELECT app.scim_connection_id()) IS NOT NULL
    AND starts_with(type, 'scim.'));
