-- The audit log: protection of its tables and partitions.
-- requires platform/database/context.sql

-- Rejects the statement that fires the trigger, because the table is append-only.
CREATE OR REPLACE FUNCTION app_private.refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE EXCEPTION '% of % is refused: it is append-only', TG_OP, TG_TABLE_NAME USING ERRCODE = '42501';
END $$;

-- Rejects every change of existing rows. A row trigger is not sufficient, because row policies can hide the rows from
-- it. The statement would then change 0 rows without an error. Therefore, a statement trigger is also necessary. ENABLE
-- ALWAYS makes the triggers apply to replication roles too.
CREATE OR REPLACE FUNCTION app_private.append_only(target regclass) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  EXECUTE format('CREATE TRIGGER append_only_statement BEFORE UPDATE OR DELETE OR TRUNCATE ON %s '
    'FOR EACH STATEMENT EXECUTE FUNCTION app_private.refuse_change()', target);
  EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER append_only_statement', target);
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.tgrelid = target AND t.tgname = 'append_only') THEN
    EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON %s '
      'FOR EACH ROW EXECUTE FUNCTION app_private.refuse_change()', target);
  END IF;
  EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER append_only', target);
END $$;

-- Adds row security and append-only triggers to a table of the audit log or to one of its partitions.
CREATE OR REPLACE FUNCTION app_private.protect_log(target regclass) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target);
  EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', target);
  EXECUTE format('CREATE POLICY tenant_read ON %s FOR SELECT USING (org_id = (SELECT app.org_id()))', target);
  EXECUTE format('CREATE POLICY tenant_insert ON %s FOR INSERT WITH CHECK (org_id = (SELECT app.audit_org_id()))',
    target);
  PERFORM app_private.append_only(target);
END $$;

SELECT app_private.protect_log('audit_events'), app_private.protect_log('audit_private');

-- Creates the missing partitions for this month and the given number of months ahead, and returns their number.
-- Partitions have no grants. Roles can access them only through the parent table.
CREATE OR REPLACE FUNCTION app.ensure_audit_partitions(months_ahead integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  parent text; first_day date; part text; made integer := 0;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('audit partitions'));
  FOR i IN 0..least(months_ahead, 36) LOOP
    first_day := (date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => i))::date;
    FOREACH parent IN ARRAY ARRAY['audit_events', 'audit_private'] LOOP
      part := format('%s_%s', parent, to_char(first_day, 'YYYY_MM'));
      IF to_regclass('public.' || part) IS NULL THEN
        EXECUTE format('CREATE TABLE public.%I PARTITION OF public.%I FOR VALUES FROM (%L) TO (%L)', part, parent,
          first_day::text || ' 00:00:00+00', (first_day + interval '1 month')::date::text || ' 00:00:00+00');
        PERFORM app_private.protect_log(format('public.%I', part)::regclass);
        made := made + 1;
      END IF;
    END LOOP;
  END LOOP;
  RETURN made;
END $$;
GRANT EXECUTE ON FUNCTION app.ensure_audit_partitions TO vouchsafe_worker;

SELECT app.ensure_audit_partitions(12);

-- Limits what a context without tenant access can write to the audit log. An audit-only context cannot write success
-- events or events with the actor type `user`. An authenticated context can write both. A SCIM client can write SCIM
-- events of its own connection.
CREATE POLICY refusals_alone ON audit_events AS RESTRICTIVE FOR INSERT
  WITH CHECK ((SELECT app.org_id()) IS NOT NULL OR outcome <> 'success' AND actor_type <> 'user'
    OR (SELECT (app.verified_context())[1]) = 'proven'
  OR ((SELECT app.scim_connection_id()) IS NOT NULL AND starts_with(type, 'scim.') AND actor_type = 'source'
    AND actor_id = (SELECT app.scim_connection_id())::text));
