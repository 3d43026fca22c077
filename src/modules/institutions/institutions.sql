-- Institutions: groups of organizations.

-- Creates an institution. Only operators can call this function.
CREATE OR REPLACE FUNCTION app.create_institution(new_id uuid, full_name text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  INSERT INTO public.institutions (id, name) VALUES (new_id, full_name)
$$;
GRANT EXECUTE ON FUNCTION app.create_institution TO vouchsafe_worker;

-- Moves the current organization into an institution, or removes it from its institution. Clears the organization's
-- consents, because they were given to the former institution.
CREATE OR REPLACE FUNCTION app.set_institution(institution uuid) RETURNS boolean
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH changed AS (
    UPDATE public.organizations o
      SET institution_id = institution, institution_sign_in = false, institution_reporting = false,
           updated_at = now()
     WHERE o.id = app.org_id() AND o.preset <> 'installation' AND o.institution_id IS DISTINCT FROM institution
       RETURNING 1
  ) SELECT EXISTS (SELECT FROM changed)
$$;
GRANT EXECUTE ON FUNCTION app.set_institution TO vouchsafe_worker;

-- Returns figures of each organization in the caller's institution that consented to reporting. The caller needs
-- institution:read-report. The function sets and removes the context of one organization at a time. Therefore, no row
-- policy has to allow access to several organizations.
CREATE OR REPLACE FUNCTION app.institution_report()
RETURNS TABLE (id uuid, name text, active_members bigint, active_people bigint, inactive_people bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  caller text := current_setting('vouchsafe.context', true);
  own_institution uuid := (SELECT o.institution_id FROM public.organizations o WHERE o.id = app.org_id());
  reported record;
BEGIN
  IF NOT app.has_permission('institution:read-report') THEN
    RAISE EXCEPTION 'the caller may not read reports' USING ERRCODE = '42501';
  END IF;
  FOR reported IN
    SELECT o.id, o.name FROM public.organizations o
     WHERE o.institution_id = own_institution AND o.institution_reporting ORDER BY o.name, o.id
  LOOP
    PERFORM app.enter_organization(reported.id);
    id := reported.id; name := reported.name;
    SELECT count(*) INTO active_members FROM public.memberships m WHERE m.org_id = reported.id AND m.status = 'active';
    SELECT count(*) FILTER (WHERE p.status = 'active'), count(*) FILTER (WHERE p.status <> 'active')
      INTO active_people, inactive_people FROM public.people p WHERE p.org_id = reported.id;
    RETURN NEXT;
  END LOOP;
  PERFORM set_config('vouchsafe.context', caller, true);
END $$;
GRANT EXECUTE ON FUNCTION app.institution_report TO vouchsafe_app;
