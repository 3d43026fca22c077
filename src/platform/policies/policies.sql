-- Effective permissions: their calculation, their copies on memberships, and the functions that row policies call. Also
-- stores the declared roles and permissions in the database.

-- Returns all rules for a member's permissions. The column `decides` marks the rule that takes effect. Rules for the
-- member (overrides and active access grants) take precedence over rules for the role. Rules for the role take
-- precedence over the default. Within one level, a denial takes precedence over all other rules. If there is no denial,
-- the widest scope takes effect.
CREATE OR REPLACE FUNCTION app_private.grant_levels(org uuid, member uuid, member_role text)
RETURNS TABLE (permission text, level integer,
  source text, scope text, since timestamptz, access_grant_id uuid, expires_at timestamptz, decides boolean)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT l.*, l.level = min(l.level) OVER (PARTITION BY l.permission)
         AND app.scope_rank(l.scope) = CASE min(app.scope_rank(l.scope)) OVER same WHEN 0 THEN 0
           ELSE max(app.scope_rank(l.scope)) OVER same END
    FROM (
      SELECT o.permission, 1 AS level, 'member' AS source, o.scope, o.set_at, NULL::uuid, NULL::timestamptz
        FROM public.member_overrides o WHERE o.org_id = org AND o.membership_id = member
      UNION ALL
      SELECT t.key, 1, 'access-grant', t.value, g.decided_at, g.id, g.expires_at
        FROM public.access_grants g CROSS JOIN LATERAL jsonb_each_text(g.scopes) t
       WHERE g.org_id = org AND g.membership_id = member AND g.state = 'approved' AND g.expires_at > now()
      UNION ALL
      SELECT o.permission, 2, 'role', o.scope, o.set_at, NULL, NULL FROM public.role_overrides o
        WHERE o.org_id = org AND o.role = member_role
      UNION ALL
      SELECT d.permission, 3, 'default', d.scope, NULL, NULL, NULL FROM public.role_defaults d
        WHERE d.role = member_role
    ) AS l (permission, level, source, scope, since, access_grant_id, expires_at)
  WINDOW same AS (PARTITION BY l.permission, l.level)
$$;

-- Returns the effective permissions of a member as {permission: scope}. The object does not contain denied permissions.
CREATE OR REPLACE FUNCTION app_private.effective_grants(org uuid, member uuid, member_role text) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(jsonb_object_agg(l.permission, l.scope), '{}')
    FROM app_private.grant_levels(org, member, member_role) l
   WHERE l.decides AND l.scope <> 'none'
$$;

-- Returns a membership with recalculated derived columns:
-- - grants: the effective permissions.
-- - person_scopes: the person-scoped part of the permissions, with explicit `none`.
-- - portal: whether the role is a portal role.
-- - access_grant_id: the active access grant.
-- - grants_change_at: when the permissions change without a write, because the access grant expires.
CREATE OR REPLACE FUNCTION app_private.with_grants(m public.memberships) RETURNS public.memberships
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  m.grants := app_private.effective_grants(m.org_id, m.id, m.role);
  m.person_scopes := (SELECT coalesce(jsonb_object_agg(p.key, coalesce(m.grants ->> p.key, 'none')), '{}')
    FROM public.permissions p WHERE p.person_scoped);
  m.portal := coalesce((SELECT r.portal FROM public.roles r WHERE r.org_id = m.org_id AND r.key = m.role),
    (SELECT r.portal FROM public.preset_roles r JOIN public.organizations o ON o.preset = r.preset
      WHERE o.id = m.org_id AND r.role = m.role), m.kind <> 'support');
  m.access_grant_id := NULL;
  m.grants_change_at := NULL;
  SELECT g.id, g.expires_at INTO m.access_grant_id, m.grants_change_at FROM public.access_grants g
   WHERE g.org_id = m.org_id AND g.membership_id = m.id AND g.state = 'approved' AND g.expires_at > now()
     ORDER BY g.expires_at LIMIT 1;
  RETURN m;
END $$;

-- Returns a membership with its current permissions. If an access grant has expired since the row was stored, the
-- function recalculates the permissions.
CREATE OR REPLACE FUNCTION app_private.with_active_grants(m public.memberships) RETURNS public.memberships
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF m.grants_change_at <= now() THEN RETURN app_private.with_grants(m); END IF;
  RETURN m;
END $$;

-- Returns the caller's scope for a permission. An API key has only the permissions in its list. The system has every
-- permission.
CREATE OR REPLACE FUNCTION app.granted_scope(permission text) RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  c text[] := app.verified_context();
  m public.memberships;
BEGIN
  IF c[1] = 'system' THEN RETURN 'org'; END IF;
  SELECT * INTO m FROM public.memberships x WHERE x.org_id = c[2]::uuid AND x.id = c[4]::uuid AND x.status = 'active';
  RETURN coalesce((app_private.narrow_to_key(app_private.with_active_grants(m), c[8]::uuid)).grants ->> permission,
    'none');
END $$;
GRANT EXECUTE ON FUNCTION app.granted_scope TO vouchsafe_app;

-- Returns true if the caller holds one of the permissions with the scope `org`.
CREATE OR REPLACE FUNCTION app.has_permission(VARIADIC permissions text[]) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(bool_or(app.granted_scope(p) = 'org'), false) FROM unnest(permissions) p
$$;
GRANT EXECUTE ON FUNCTION app.has_permission TO vouchsafe_app;

-- Returns the current organization if the caller holds one of the permissions with the scope `org`; otherwise null. Row
-- policies use this function.
CREATE OR REPLACE FUNCTION app.org_if_permitted(VARIADIC permissions text[]) RETURNS uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  c text[] := app.verified_context();
  held jsonb;
BEGIN
  IF c[1] = 'system' THEN RETURN c[2]::uuid; END IF;
  held := (SELECT (app_private.narrow_to_key(app_private.with_active_grants(m), c[8]::uuid)).grants
    FROM public.memberships m
    WHERE m.org_id = c[2]::uuid AND m.id = c[4]::uuid AND m.status = 'active');
  RETURN CASE WHEN EXISTS (SELECT FROM unnest(permissions) p WHERE held ->> p = 'org') THEN c[2]::uuid END;
END $$;
GRANT EXECUTE ON FUNCTION app.org_if_permitted TO vouchsafe_app;

-- Returns the current organization if the caller holds one of the permissions with any scope; otherwise null. Row
-- policies use this function.
CREATE OR REPLACE FUNCTION app.org_if_any_scope(VARIADIC permissions text[]) RETURNS uuid
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE WHEN EXISTS (SELECT FROM unnest(permissions) p WHERE app.granted_scope(p) <> 'none') THEN app.org_id() END
$$;
GRANT EXECUTE ON FUNCTION app.org_if_any_scope TO vouchsafe_app;

-- Returns true if an organization has a role: a role of its preset or a custom role.
CREATE OR REPLACE FUNCTION app_private.is_role(org uuid, role_key text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT EXISTS (SELECT FROM public.preset_roles r JOIN public.organizations o ON o.preset = r.preset
    WHERE o.id = org AND r.role = role_key)
      OR EXISTS (SELECT FROM public.roles r WHERE r.org_id = org AND r.key = role_key)
$$;

-- Recalculates the stored permissions when a membership changes, so that a request needs to read only one row. Rejects
-- an unknown role. Also rejects any role except `support` for support staff, and a user that is scoped to another
-- organization. The function locks a custom role that the member receives, so that the role is not deleted in parallel.
-- A membership that ends keeps the stored permissions. They have no effect, and the end of many memberships is fast.
CREATE OR REPLACE FUNCTION app_private.membership_grants() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND OLD.status = 'active' AND NEW.status = 'ended' AND OLD.role = NEW.role THEN
    RETURN NEW;
  END IF;
  IF NEW.status = 'active' AND (TG_OP = 'INSERT' OR (OLD.status, OLD.role) IS DISTINCT FROM (NEW.status, NEW.role)) THEN
    PERFORM FROM public.roles r WHERE r.org_id = NEW.org_id AND r.key = NEW.role FOR KEY SHARE;
  END IF;
  IF NEW.status = 'active'
    AND NOT (CASE NEW.kind WHEN 'support' THEN NEW.role = 'support'
      ELSE app_private.is_role(NEW.org_id, NEW.role) END) THEN
    RAISE EXCEPTION 'the organization has no role "%"', NEW.role USING ERRCODE = '23514',
      CONSTRAINT = 'memberships_role';
  END IF;
  IF TG_OP = 'INSERT' AND EXISTS (SELECT FROM public.users u
    WHERE u.id = NEW.user_id AND u.scoped_org_id <> NEW.org_id) THEN
    RAISE EXCEPTION 'this user is scoped to another organization' USING ERRCODE = '42501';
  END IF;
  RETURN app_private.with_grants(NEW);
END $$;

CREATE TRIGGER membership_grants BEFORE INSERT OR UPDATE ON memberships
  FOR EACH ROW EXECUTE FUNCTION app_private.membership_grants();

-- Recalculates the memberships with a role when an override of the role changes.
CREATE OR REPLACE FUNCTION app_private.role_override_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  UPDATE public.memberships SET role = role
   WHERE (org_id, role) IN ((NEW.org_id, NEW.role), (OLD.org_id, OLD.role));
  RETURN NULL;
END $$;

CREATE TRIGGER role_override_changed AFTER INSERT OR UPDATE OR DELETE ON role_overrides
  FOR EACH ROW EXECUTE FUNCTION app_private.role_override_changed();

-- Recalculates a membership when an override of the member changes. Rejects overrides for support staff, because
-- support staff can receive access grants only.
CREATE OR REPLACE FUNCTION app_private.member_override_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM public.memberships m
    WHERE m.org_id = NEW.org_id AND m.id = NEW.membership_id AND m.kind = 'support') THEN
    RAISE EXCEPTION 'support staff can receive access grants only' USING ERRCODE = '42501',
      CONSTRAINT = 'support_for_a_time';
  END IF;
  UPDATE public.memberships SET role = role
   WHERE (org_id, id) IN ((NEW.org_id, NEW.membership_id), (OLD.org_id, OLD.membership_id));
  RETURN NULL;
END $$;

CREATE TRIGGER member_override_changed AFTER INSERT OR UPDATE OR DELETE ON member_overrides
  FOR EACH ROW EXECUTE FUNCTION app_private.member_override_changed();

-- Recalculates a membership when one of its access grants changes.
CREATE OR REPLACE FUNCTION app_private.access_grant_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  UPDATE public.memberships SET role = role WHERE org_id = NEW.org_id AND id = NEW.membership_id;
  RETURN NULL;
END $$;

CREATE TRIGGER access_grant_changed AFTER UPDATE ON access_grants FOR EACH ROW
  EXECUTE FUNCTION app_private.access_grant_changed();

-- Returns the digest of the declarations that the database contains. Returns null before the first run of migrate.
CREATE OR REPLACE FUNCTION app.access_rules_digest() RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT digest FROM app_private.catalog
$$;
GRANT EXECUTE ON FUNCTION app.access_rules_digest TO vouchsafe_app;

-- Returns the digest of the function files that the database contains. Returns null before the first run of migrate.
CREATE OR REPLACE FUNCTION app.function_digest() RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT digest FROM app_private.function_files
$$;
GRANT EXECUTE ON FUNCTION app.function_digest TO vouchsafe_app;

-- Writes the declarations of the code into the database. Only the migrator calls it. The parameter has the form {
-- permissions: [{key, person_scoped}], roles: [{preset, role, is_owner_role, portal}], defaults: [{role, permission,
-- scope}] }.
CREATE OR REPLACE FUNCTION app_private.sync_access_rules(catalog jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  DELETE FROM public.role_defaults;
  DELETE FROM public.preset_roles;
  DELETE FROM public.permissions;
  INSERT INTO public.permissions SELECT key, person_scoped
    FROM jsonb_to_recordset(catalog -> 'permissions') AS d (key text, person_scoped boolean);
  INSERT INTO public.preset_roles SELECT preset, role, is_owner_role, portal
    FROM jsonb_to_recordset(catalog -> 'roles') AS d (preset text, role text, is_owner_role boolean, portal boolean);
  INSERT INTO public.role_defaults SELECT role, permission, scope
    FROM jsonb_to_recordset(catalog -> 'defaults') AS d (role text, permission text, scope text);
  UPDATE public.memberships m SET role = role
   WHERE (SELECT (m.grants, m.person_scopes, m.portal) IS DISTINCT FROM (w.grants, w.person_scopes, w.portal)
     FROM app_private.with_grants(m) w);
END $$;
