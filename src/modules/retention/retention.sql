-- Retention: minimum periods (floors) and metrics.
-- requires platform/database/context.sql

-- Returns for each policy how many seconds the oldest due run has waited, over all organizations. An unfinished run is
-- ignored if a later run of the same policy has finished. Metrics use this function.
CREATE OR REPLACE FUNCTION app.retention_overdue() RETURNS TABLE (policy text, seconds double precision)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT r.policy, extract(epoch FROM max(clock_timestamp() - r.due_since))::double precision
    FROM public.retention_runs r
   WHERE r.finished_at IS NULL AND r.due_since < clock_timestamp() AND NOT EXISTS (
     SELECT FROM public.retention_runs later
      WHERE later.org_id = r.org_id AND later.policy = r.policy AND later.id > r.id AND later.finished_at IS NOT NULL)
   GROUP BY r.policy
$$;
GRANT EXECUTE ON FUNCTION app.retention_overdue TO vouchsafe_app;

-- Stores the declared retention floors from [{policy, about, days}]. The floor of the audit log is at least seven
-- years.
CREATE OR REPLACE FUNCTION app_private.sync_retention_floors(floors jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  DELETE FROM app_private.retention_floors;
  INSERT INTO app_private.retention_floors
    SELECT f.policy, CASE WHEN starts_with(f.about, 'audit_') THEN greatest(f.days, 2557) ELSE f.days END
      FROM jsonb_to_recordset(floors) AS f (policy text, about text, days integer);
END $$;

-- Rejects a retention period that is shorter than the floor of its policy.
CREATE OR REPLACE FUNCTION app_private.retention_floor() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NEW.days >= (SELECT f.days FROM app_private.retention_floors f WHERE f.policy = NEW.policy) THEN RETURN NEW;
  END IF;
  RAISE EXCEPTION 'retention_below_floor' USING ERRCODE = 'VS409';
END $$;

CREATE TRIGGER retention_floor BEFORE INSERT OR UPDATE ON retention_overrides
  FOR EACH ROW EXECUTE FUNCTION app_private.retention_floor();
