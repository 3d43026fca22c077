-- Organizations and their settings.
-- requires platform/database/context.sql

-- Creates an organization. Only operators can call this function.
CREATE OR REPLACE FUNCTION app.create_organization(new_id uuid, full_name text, vocabulary text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  INSERT INTO public.organizations (id, name, preset) VALUES (new_id, full_name, vocabulary)
$$;
GRANT EXECUTE ON FUNCTION app.create_organization TO vouchsafe_worker;

-- Locks the organization row. The lock serializes changes of the organization's members and roles.
CREATE OR REPLACE FUNCTION app.lock_organization() RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT 1 FROM public.organizations o WHERE o.id = app.org_id() FOR NO KEY UPDATE
$$;
GRANT EXECUTE ON FUNCTION app.lock_organization TO vouchsafe_app;

-- Rejects a change of the sign-in settings if the caller does not hold organization:update-sign-in. The trigger also
-- applies to raw SQL. Only the application's database roles are restricted.
CREATE OR REPLACE FUNCTION app_private.sign_in_settings() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF session_user NOT IN ('vouchsafe_app', 'vouchsafe_worker')
    OR app.org_if_permitted('organization:update-sign-in') = NEW.id
    THEN RETURN NEW; END IF;
  RAISE EXCEPTION 'the caller may not change the sign-in policy' USING ERRCODE = '42501';
END $$;

CREATE TRIGGER sign_in_settings BEFORE UPDATE ON organizations FOR EACH ROW
  WHEN ((OLD.allowed_sign_in, OLD.require_mfa, OLD.remember_device_days, OLD.remember_me_allowed,
    OLD.require_sso, OLD.institution_sign_in)
    IS DISTINCT FROM (NEW.allowed_sign_in, NEW.require_mfa, NEW.remember_device_days, NEW.remember_me_allowed,
      NEW.require_sso, NEW.institution_sign_in))
  EXECUTE FUNCTION app_private.sign_in_settings();

-- Rejects a change that leaves the organization without an owner or without a member who can manage members. Temporary
-- permissions are ignored. The function locks the organization, so the second of two parallel changes sees the first.
-- The migrator is exempt.
CREATE OR REPLACE FUNCTION app_private.keep_owner() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  leader text;
BEGIN
  IF session_user NOT IN ('vouchsafe_app', 'vouchsafe_worker') THEN RETURN NULL; END IF;
  SELECT r.role INTO leader FROM public.organizations o JOIN public.preset_roles r ON r.preset = o.preset
    AND r.is_owner_role
   WHERE o.id = OLD.org_id FOR NO KEY UPDATE OF o;
  IF EXISTS (
    SELECT FROM public.memberships m
      WHERE m.org_id = OLD.org_id AND m.status = 'active' AND m.kind = 'member' AND m.access_grant_id IS NULL
       AND m.grants ->> 'membership:update' = 'org' AND (m.role = leader OR OLD.role <> leader)) THEN
    RETURN NULL;
  END IF;
  RAISE EXCEPTION 'last_owner' USING ERRCODE = 'VS409';
END $$;

CREATE TRIGGER keep_owner AFTER UPDATE ON memberships FOR EACH ROW
  WHEN (OLD.status = 'active' AND OLD.grants ->> 'membership:update' = 'org'
    AND (NEW.status, NEW.role, NEW.grants ->> 'membership:update') IS DISTINCT FROM (OLD.status, OLD.role, 'org'))
  EXECUTE FUNCTION app_private.keep_owner();

-- Suspends or reactivates the current organization. Only operators can call this function. Returns false if the current
-- organization is the installation itself.
CREATE OR REPLACE FUNCTION app.set_organization_status(new_status text) RETURNS boolean
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH changed AS (
    UPDATE public.organizations o SET status = new_status, updated_at = now()
     WHERE o.id = app.org_id() AND o.preset <> 'installation' AND o.status <> new_status RETURNING 1
  ) SELECT EXISTS (SELECT FROM changed)
$$;
GRANT EXECUTE ON FUNCTION app.set_organization_status TO vouchsafe_worker;

-- Organizations share the table of users. In an organization, only users with a membership in it are visible.
CREATE POLICY member ON users FOR SELECT USING (EXISTS (
  SELECT FROM memberships m WHERE m.org_id = (SELECT app.org_id()) AND m.user_id = users.id));
