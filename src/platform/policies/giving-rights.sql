-- Limits on granting: a member can grant only roles, permissions, and scopes that the member holds permanently.
-- requires platform/database/context.sql
-- requires platform/policies/policies.sql

-- Returns the scope with which the caller can grant a permission in an organization. It equals the caller's own scope
-- for that permission. Returns `none` while the caller has an active access grant. Otherwise the caller could use
-- temporary access to grant permanent access.
CREATE OR REPLACE FUNCTION app.grantable_scope(org uuid, permission text) RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  c text[] := app.verified_context();
BEGIN
  IF c[2]::uuid IS DISTINCT FROM org THEN RETURN 'none'; END IF;
  IF c[1] = 'member' AND EXISTS (SELECT FROM public.memberships m
    CROSS JOIN LATERAL app_private.with_active_grants(m) AS p
    WHERE m.org_id = org AND m.id = c[4]::uuid AND p.access_grant_id IS NOT NULL) THEN RETURN 'none'; END IF;
  RETURN app.granted_scope(permission);
END $$;
GRANT EXECUTE ON FUNCTION app.grantable_scope TO vouchsafe_app;

-- Returns true if the caller can grant a role in the current organization. Set `with_record` to true if the membership
-- is linked to a person record. In this case, a role permission with the scope `own` requires the caller to hold it
-- with the scope `org`.
CREATE OR REPLACE FUNCTION app.may_grant(role_key text, with_record boolean) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT NOT EXISTS (SELECT FROM jsonb_each_text(app_private.effective_grants(app.org_id(), NULL, role_key)) g
    WHERE app.scope_rank(CASE WHEN g.value = 'own' AND with_record THEN 'org'
      ELSE g.value END) > app.scope_rank(app.grantable_scope(app.org_id(), g.key)))
$$;
GRANT EXECUTE ON FUNCTION app.may_grant TO vouchsafe_app;

-- Returns the current organization if the caller holds every permission of the owner role there; otherwise null.
-- Changing an identity provider connection requires this, because the provider can authenticate any member.
CREATE OR REPLACE FUNCTION app.org_if_owner_equivalent() RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT o.id FROM public.organizations o JOIN public.preset_roles r ON r.preset = o.preset AND r.is_owner_role
   WHERE o.id = app.org_id() AND app.may_grant(r.role, false)
$$;
GRANT EXECUTE ON FUNCTION app.org_if_owner_equivalent TO vouchsafe_app;

-- Returns true if the caller can assign people to a member or link the member to a person record. For each permission
-- that the member has with the scope `assigned`, the caller must hold it with the scope `org`.
CREATE OR REPLACE FUNCTION app.may_assign(member uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT app.is_system() OR NOT EXISTS (
    SELECT FROM public.memberships m CROSS JOIN LATERAL app_private.with_active_grants(m) AS p CROSS
      JOIN LATERAL jsonb_each_text(p.person_scopes) s
     WHERE m.org_id = app.org_id() AND m.id = member AND s.value = 'assigned'
       AND app.grantable_scope(m.org_id, s.key) <> 'org')
$$;
GRANT EXECUTE ON FUNCTION app.may_assign TO vouchsafe_app;

-- Rejects an assignment that gives a member more access than the caller has.
CREATE OR REPLACE FUNCTION app_private.assignment_within_own() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF current_user IN ('vouchsafe_app', 'vouchsafe_worker')
    AND (app.org_id() IS DISTINCT FROM NEW.org_id OR NOT app.may_assign(NEW.membership_id)) THEN
    RAISE EXCEPTION 'you cannot assign a scope that you do not hold' USING ERRCODE = '42501',
      CONSTRAINT = 'assignments_within_own';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER assignment_within_own BEFORE INSERT ON assignments FOR EACH ROW
  EXECUTE FUNCTION app_private.assignment_within_own();

-- Rejects a role or scope that the caller does not hold permanently. The trigger runs with the rights of the calling
-- role, after membership_grants. Functions that run as the owner are exempt. Every other caller needs a context of this
-- organization. Therefore, removing the context within a statement does not bypass the check. Temporary and ended
-- permissions are ignored.
CREATE OR REPLACE FUNCTION app_private.memberships_within_own() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  c text[];
  before jsonb := '{}';
  record_given boolean := NEW.person_id IS NOT NULL;
BEGIN
  IF current_user NOT IN ('vouchsafe_app', 'vouchsafe_worker') THEN RETURN NEW; END IF;
  c := app.verified_context();
  IF c[2]::uuid IS DISTINCT FROM NEW.org_id OR c[1] NOT IN ('member', 'system') THEN
    RAISE EXCEPTION 'the organization is not entered' USING ERRCODE = '42501';
  END IF;
  IF c[1] = 'system' THEN RETURN NEW; END IF;
  IF TG_OP = 'UPDATE' THEN
    IF OLD.status = 'active' AND OLD.access_grant_id IS NULL THEN before := OLD.grants; END IF;
    record_given := record_given
      AND (NEW.person_id IS DISTINCT FROM OLD.person_id OR OLD.status <> 'active' OR NEW.role <> OLD.role);
  END IF;
  IF NEW.status = 'active' AND EXISTS (
    SELECT FROM jsonb_each_text(NEW.grants) g
     WHERE (app.scope_rank(g.value) > app.scope_rank(before ->> g.key) OR (g.value = 'own' AND record_given))
       AND app.scope_rank(CASE WHEN g.value = 'own' AND record_given THEN 'org'
         ELSE g.value END) > app.scope_rank(app.grantable_scope(NEW.org_id, g.key))) THEN
    RAISE EXCEPTION 'you cannot grant permissions that you do not hold' USING ERRCODE = '42501',
      CONSTRAINT = 'memberships_within_own';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER memberships_within_own BEFORE INSERT OR UPDATE ON memberships
  FOR EACH ROW EXECUTE FUNCTION app_private.memberships_within_own();

-- A member can add or remove an override only for permissions that the member holds with the scope `org`. The policies
-- also apply to raw SQL.
CREATE POLICY within_own_insert ON role_overrides AS RESTRICTIVE FOR INSERT TO vouchsafe_app
  WITH CHECK (app.grantable_scope(org_id, permission) = 'org');

CREATE POLICY within_own_update ON role_overrides AS RESTRICTIVE FOR UPDATE TO vouchsafe_app
  USING (app.grantable_scope(org_id, permission) = 'org') WITH CHECK (app.grantable_scope(org_id, permission) = 'org');

CREATE POLICY within_own_delete ON role_overrides AS RESTRICTIVE FOR DELETE TO vouchsafe_app
  USING (app.grantable_scope(org_id, permission) = 'org');

-- The same policies for the overrides of a member.
CREATE POLICY within_own_insert ON member_overrides AS RESTRICTIVE FOR INSERT TO vouchsafe_app
  WITH CHECK (app.grantable_scope(org_id, permission) = 'org');

CREATE POLICY within_own_update ON member_overrides AS RESTRICTIVE FOR UPDATE TO vouchsafe_app
  USING (app.grantable_scope(org_id, permission) = 'org') WITH CHECK (app.grantable_scope(org_id, permission) = 'org');

CREATE POLICY within_own_delete ON member_overrides AS RESTRICTIVE FOR DELETE TO vouchsafe_app
  USING (app.grantable_scope(org_id, permission) = 'org');
