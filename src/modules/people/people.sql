-- People: the scope of a member over people, and snapshots of changed person records.
-- requires platform/database/context.sql
-- requires platform/audit/audit.sql

-- Returns the assignments of a member that have started and have not ended.
CREATE OR REPLACE FUNCTION app_private.assignments_in_force(org uuid, member uuid) RETURNS SETOF public.assignments
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT a.* FROM public.assignments a
   WHERE a.org_id = org AND a.membership_id = member AND a.starts_at <= now()
     AND (a.ends_at IS NULL OR a.ends_at > now())
$$;

-- Returns the people assigned to the caller. The function is SECURITY DEFINER, so that the row policy on people does
-- not invoke itself.
CREATE OR REPLACE FUNCTION app.assigned_people() RETURNS uuid[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  c text[] := app.verified_context();
BEGIN
  RETURN coalesce((SELECT array_agg(a.person_id) FROM app_private.assignments_in_force(c[2]::uuid, c[4]::uuid) a),
    '{}');
END $$;
GRANT EXECUTE ON FUNCTION app.assigned_people TO vouchsafe_app;

-- Returns the people, with their organization, that the caller can access through permissions with the scope `assigned`
-- or `own`. Row policies use this function.
CREATE OR REPLACE FUNCTION app.people_in_scope(VARIADIC permissions text[]) RETURNS TABLE (org uuid, person uuid)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  c text[] := app.verified_context();
  scopes jsonb := c[5]::jsonb;
  widest integer := 0;
BEGIN
  FOR i IN 1..cardinality(permissions) LOOP
    widest := greatest(widest, app.scope_rank(scopes ->> permissions[i]));
  END LOOP;
  IF widest = 2 THEN
    RETURN QUERY SELECT a.org_id, a.person_id FROM app_private.assignments_in_force(c[2]::uuid, c[4]::uuid) a;
  ELSIF widest = 1 THEN
    RETURN QUERY SELECT c[2]::uuid, c[6]::uuid;
  END IF;
END $$;
GRANT EXECUTE ON FUNCTION app.people_in_scope TO vouchsafe_app;

SELECT app_private.append_only('person_snapshots');

-- Stores a snapshot of a person before a change and increments the version. An update that changes no value stores
-- nothing. The snapshot covers every column except bookkeeping columns, including columns that migrations add later.
-- The caller cannot set the version. The function is SECURITY DEFINER because no other role can write snapshots. It
-- sets bytea_output because this setting determines the JSON form of encrypted columns.
CREATE OR REPLACE FUNCTION app_private.snapshot_person() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET bytea_output = hex AS $$
DECLARE
  bookkeeping CONSTANT text[] := ARRAY['org_id', 'id', 'version', 'created_at', 'updated_at', 'email_index'];
  before CONSTANT jsonb := to_jsonb(OLD) - bookkeeping;
  after CONSTANT jsonb := to_jsonb(NEW) - bookkeeping;
  changed CONSTANT text[] := ARRAY(SELECT key FROM jsonb_each(before) WHERE value IS DISTINCT FROM after -> key
    ORDER BY key);
BEGIN
  NEW.version := OLD.version;
  NEW.updated_at := OLD.updated_at;
  IF cardinality(changed) > 0 THEN
    IF session_user = 'vouchsafe_app' AND app.membership_id() IS NULL THEN
      RAISE EXCEPTION 'only a member or the system can change a person' USING ERRCODE = '42501';
    END IF;
    INSERT INTO public.person_snapshots (org_id, person_id, version, taken_at, changed_by, changed, before)
    VALUES (OLD.org_id, OLD.id, OLD.version, clock_timestamp(), app.membership_id(), changed, before);
    NEW.version := OLD.version + 1;
    NEW.updated_at := now();
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER snapshot BEFORE UPDATE ON people FOR EACH ROW EXECUTE FUNCTION app_private.snapshot_person();
