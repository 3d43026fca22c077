-- Functions with which the worker role sets a tenant context: for any organization, or for a member of it.

-- Sets the system context of an organization. Only the worker role can call this function.
CREATE OR REPLACE FUNCTION app.enter_organization(org uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM public.organizations o WHERE o.id = org) THEN
    RAISE EXCEPTION 'no such organization' USING ERRCODE = '42501';
  END IF;
  PERFORM app_private.sign_context(ARRAY['system', org::text, NULL, NULL, NULL, NULL, org::text, NULL]);
END $$;
GRANT EXECUTE ON FUNCTION app.enter_organization TO vouchsafe_worker;

-- Sets the context of a member with exactly that member's permissions. Raises 42501 if no such active membership
-- exists. Only the worker role can call this function.
CREATE OR REPLACE FUNCTION app.enter_member(
  org uuid, member uuid, OUT role text, OUT portal boolean, OUT grants text, OUT user_id uuid, OUT email text,
  OUT user_name text, OUT org_name text, OUT access_grant_id uuid
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  m public.memberships;
BEGIN
  SELECT x.* INTO m FROM public.memberships x JOIN public.organizations o ON o.id = x.org_id AND o.status = 'active'
   WHERE x.org_id = org AND x.id = member AND x.status = 'active';
  IF NOT FOUND THEN
    RAISE EXCEPTION 'no such active membership' USING ERRCODE = '42501';
  END IF;
  m := app_private.with_active_grants(m);
  role := m.role; portal := m.portal; grants := m.grants::text; user_id := m.user_id;
  access_grant_id := m.access_grant_id;
  email := (SELECT u.contact_email FROM public.users u WHERE u.id = m.user_id); user_name := m.name;
  org_name := (SELECT o.name FROM public.organizations o WHERE o.id = org);
  PERFORM app_private.sign_member(m);
END $$;
GRANT EXECUTE ON FUNCTION app.enter_member TO vouchsafe_worker;

-- Returns the ids of all active organizations for jobs that run once per organization. If suspended_too is true, the
-- result includes suspended organizations.
CREATE OR REPLACE FUNCTION app.organization_ids(suspended_too boolean) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT id FROM public.organizations WHERE suspended_too OR status = 'active' ORDER BY id
$$;
GRANT EXECUTE ON FUNCTION app.organization_ids TO vouchsafe_worker;
