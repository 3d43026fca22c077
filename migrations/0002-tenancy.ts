import { SqlMigration } from '../src/platform/database/sql-migration.js';

/** Organizations, users, memberships, and the grants that follow from a membership's role and overrides. */
export class Tenancy1770000000002 extends SqlMigration {
  protected readonly sql = /* sql */ `
    CREATE TABLE organizations (
      id uuid PRIMARY KEY,
      name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
      preset text NOT NULL CHECK (preset IN ('gme', 'workforce', 'enrollment', 'installation')),
      status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'suspended')),
      idle_minutes integer NOT NULL DEFAULT 15 CHECK (idle_minutes IN (15, 30, 10080)),
      session_hours integer NOT NULL DEFAULT 12 CHECK (session_hours BETWEEN 1 AND 168),
      remember_me_allowed boolean NOT NULL DEFAULT false,
      require_second_factor boolean NOT NULL DEFAULT false,
      remember_device_days integer NOT NULL DEFAULT 0 CHECK (remember_device_days BETWEEN 0 AND 30),
      require_sso boolean NOT NULL DEFAULT false,
      allowed_sign_in text[] NOT NULL DEFAULT '{password,passkey,saml,oidc}'
        CHECK (cardinality(allowed_sign_in) > 0 AND allowed_sign_in <@ ARRAY['password', 'passkey', 'saml', 'oidc']),
      postal_address text CHECK (length(postal_address) BETWEEN 1 AND 500),
      institution_id uuid,
      institution_sign_in boolean NOT NULL DEFAULT false,
      institution_reporting boolean NOT NULL DEFAULT false,
      created_at timestamptz NOT NULL DEFAULT now(),
      updated_at timestamptz NOT NULL DEFAULT now()
    );
    ALTER TABLE organizations ENABLE ROW LEVEL SECURITY;
    ALTER TABLE organizations FORCE ROW LEVEL SECURITY;
    CREATE POLICY tenant ON organizations USING (id = (SELECT app.org_id())) WITH CHECK (id = (SELECT app.org_id()));
    CREATE POLICY entrance ON organizations TO vouchsafe_owner USING (true) WITH CHECK (true);
    GRANT SELECT, UPDATE (name, idle_minutes, session_hours, postal_address, allowed_sign_in, require_second_factor, remember_device_days,
      remember_me_allowed, require_sso, institution_sign_in, institution_reporting, updated_at) ON organizations TO vouchsafe_app;

    -- The installation itself: its log and its jobs belong to the nil organization, which has no members.
    INSERT INTO organizations (id, name, preset) VALUES ('00000000-0000-0000-0000-000000000000', 'Installation', 'installation');

    -- An organization is made by operators alone.
    CREATE FUNCTION app.create_organization(new_id uuid, full_name text, vocabulary text) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
      INSERT INTO public.organizations (id, name, preset) VALUES (new_id, full_name, vocabulary)
    $$;

    GRANT EXECUTE ON FUNCTION app.create_organization TO vouchsafe_worker;

    -- home_org_id: the organization whose word alone stands for the address, where nobody has shown that it is theirs.
    -- Such a
    -- user is known there only, so that no organization can occupy an address that others use.
    CREATE TABLE users (
      id uuid PRIMARY KEY,
      email text NOT NULL CHECK (email = lower(email) AND length(email) BETWEEN 3 AND 254),
      email_proven_at timestamptz,
      home_org_id uuid REFERENCES organizations,
      must_change_password boolean NOT NULL DEFAULT false,
      created_at timestamptz NOT NULL DEFAULT now()
    );
    CREATE UNIQUE INDEX users_email ON users (email) WHERE home_org_id IS NULL;
    CREATE UNIQUE INDEX users_home_email ON users (home_org_id, email) WHERE home_org_id IS NOT NULL;

    CREATE TABLE memberships (
      org_id uuid NOT NULL REFERENCES organizations,
      id uuid NOT NULL,
      user_id uuid NOT NULL REFERENCES users,
      name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
      role text NOT NULL,
      kind text NOT NULL DEFAULT 'member' CHECK (kind IN ('member', 'support')),
      person_id uuid,
      status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'ended')),
      grants jsonb NOT NULL DEFAULT '{}',
      person_scopes jsonb NOT NULL DEFAULT '{}',
      portal boolean NOT NULL DEFAULT true,
      access_grant_id uuid,
      grants_change_at timestamptz,
      created_at timestamptz NOT NULL DEFAULT now(),
      ended_at timestamptz,
      last_used_at timestamptz,
      PRIMARY KEY (org_id, id),
      UNIQUE (org_id, user_id)
    );
    CREATE INDEX memberships_user ON memberships (user_id);
    SELECT app_private.protect_table('memberships', 'SELECT, INSERT (org_id, id, user_id, name, kind, role, person_id),
      UPDATE (name, role, person_id, status, ended_at)', true);

    -- Users are shared by organizations: one is visible where it is a member, and written by entrance functions alone.
    ALTER TABLE users ENABLE ROW LEVEL SECURITY;
    ALTER TABLE users FORCE ROW LEVEL SECURITY;
    CREATE POLICY member ON users FOR SELECT USING (EXISTS (
      SELECT FROM memberships m WHERE m.org_id = (SELECT app.org_id()) AND m.user_id = users.id));
    CREATE POLICY entrance ON users TO vouchsafe_owner USING (true) WITH CHECK (true);
    GRANT SELECT ON users TO vouchsafe_app;

    -- What the code declares of permissions and roles: written by app_private.sync_catalogue whenever the schema is
    -- migrated.
    CREATE TABLE permissions (
      key text PRIMARY KEY,
      of_people boolean NOT NULL
    );
    CREATE TABLE preset_roles (
      preset text NOT NULL,
      role text NOT NULL,
      leads boolean NOT NULL,
      portal boolean NOT NULL,
      PRIMARY KEY (preset, role)
    );
    CREATE TABLE role_defaults (
      role text NOT NULL,
      permission text NOT NULL REFERENCES permissions,
      scope text NOT NULL CHECK (scope IN ('org', 'assigned', 'own')),
      PRIMARY KEY (role, permission)
    );
    GRANT SELECT ON permissions, preset_roles, role_defaults TO vouchsafe_app;

    -- Roles that an organization has made for itself, beside those of its preset. They hold what role_overrides give
    -- them.
    CREATE TABLE roles (
      org_id uuid NOT NULL REFERENCES organizations,
      key text NOT NULL CHECK (key ~ '^[a-z]+(_[a-z]+)*$' AND length(key) BETWEEN 2 AND 40 AND key <> 'support'),
      name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
      description text NOT NULL DEFAULT '' CHECK (length(description) <= 500),
      portal boolean NOT NULL DEFAULT false,
      created_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (org_id, key)
    );
    SELECT app_private.protect_table('roles', 'SELECT, INSERT (org_id, key, name, description, portal), UPDATE (name, description, portal), DELETE', true);

    CREATE TABLE role_overrides (
      org_id uuid NOT NULL REFERENCES organizations,
      role text NOT NULL,
      permission text NOT NULL,
      scope text NOT NULL CHECK (scope IN ('org', 'assigned', 'own', 'none')),
      set_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (org_id, role, permission)
    );
    SELECT app_private.protect_table('role_overrides', 'SELECT, INSERT, UPDATE, DELETE', true);

    CREATE TABLE member_overrides (
      org_id uuid NOT NULL,
      membership_id uuid NOT NULL,
      permission text NOT NULL,
      scope text NOT NULL CHECK (scope IN ('org', 'assigned', 'own', 'none')),
      set_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (org_id, membership_id, permission),
      FOREIGN KEY (org_id, membership_id) REFERENCES memberships (org_id, id)
    );
    SELECT app_private.protect_table('member_overrides', 'SELECT, INSERT, UPDATE, DELETE', true);

    -- Permissions given for a time: asked for with a reason, given by somebody else. At the level of a member's
    -- overrides; a denial there wins. Rows are decided by app.decide_access_grant and app.end_access_grant alone.
    CREATE TABLE access_grants (
      org_id uuid NOT NULL,
      id uuid NOT NULL,
      membership_id uuid NOT NULL,
      person_id uuid,
      scopes jsonb NOT NULL CHECK (jsonb_typeof(scopes) = 'object' AND scopes <> '{}'),
      reason text NOT NULL CHECK (length(reason) BETWEEN 10 AND 500),
      minutes integer NOT NULL CHECK (minutes BETWEEN 5 AND 480),
      requested_by uuid,
      created_at timestamptz NOT NULL DEFAULT now(),
      state text NOT NULL DEFAULT 'requested' CHECK (state IN ('requested', 'approved', 'declined', 'ended')),
      decided_by uuid,
      decided_at timestamptz,
      expires_at timestamptz,
      ended_at timestamptz,
      PRIMARY KEY (org_id, id),
      FOREIGN KEY (org_id, membership_id) REFERENCES memberships (org_id, id),
      FOREIGN KEY (org_id, requested_by) REFERENCES memberships (org_id, id),
      FOREIGN KEY (org_id, decided_by) REFERENCES memberships (org_id, id),
      CHECK (decided_by <> membership_id AND decided_by <> requested_by),
      CHECK (state NOT IN ('approved', 'ended') OR (decided_by IS NOT NULL AND expires_at IS NOT NULL))
    );
    CREATE INDEX access_grants_member ON access_grants (org_id, membership_id, expires_at) WHERE state = 'approved';
    CREATE INDEX access_grants_age ON access_grants (org_id, created_at);
    SELECT app_private.protect_table('access_grants',
      'SELECT, INSERT (org_id, id, membership_id, person_id, scopes, reason, minutes, requested_by)', true);

    -- The cascade, as data: everything that is said of a member's permissions, and which of it decides. What is set for
    -- the
    -- member (an override, or an access grant in force) outweighs what is set for the role, and that the code's
    -- default. Within
    -- a level a denial beats all, else the widest counts.
    CREATE FUNCTION app_private.grant_levels(org uuid, member uuid, member_role text) RETURNS TABLE (permission text, level integer,
      source text, scope text, since timestamptz, access_grant_id uuid, expires_at timestamptz, decides boolean)
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
      SELECT l.*, l.level = min(l.level) OVER (PARTITION BY l.permission)
             AND app.width(l.scope) = CASE min(app.width(l.scope)) OVER same WHEN 0 THEN 0 ELSE max(app.width(l.scope)) OVER same END
        FROM (
          SELECT o.permission, 1 AS level, 'member' AS source, o.scope, o.set_at, NULL::uuid, NULL::timestamptz
            FROM public.member_overrides o WHERE o.org_id = org AND o.membership_id = member
          UNION ALL
          SELECT t.key, 1, 'access-grant', t.value, g.decided_at, g.id, g.expires_at
            FROM public.access_grants g CROSS JOIN LATERAL jsonb_each_text(g.scopes) t
           WHERE g.org_id = org AND g.membership_id = member AND g.state = 'approved' AND g.expires_at > now()
          UNION ALL
          SELECT o.permission, 2, 'role', o.scope, o.set_at, NULL, NULL FROM public.role_overrides o WHERE o.org_id = org AND o.role = member_role
          UNION ALL
          SELECT d.permission, 3, 'default', d.scope, NULL, NULL, NULL FROM public.role_defaults d WHERE d.role = member_role
        ) AS l (permission, level, source, scope, since, access_grant_id, expires_at)
      WINDOW same AS (PARTITION BY l.permission, l.level)
    $$;

    -- What the cascade comes to: permission to scope. A denial leaves no grant.
    CREATE FUNCTION app_private.effective_grants(org uuid, member uuid, member_role text) RETURNS jsonb
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
      SELECT coalesce(jsonb_object_agg(l.permission, l.scope), '{}') FROM app_private.grant_levels(org, member, member_role) l
       WHERE l.decides AND l.scope <> 'none'
    $$;

    -- A membership with what follows from the rest: its grants, the part of them that is about people (explicit, none
    -- included), the access grant in force, and the moment at which time alone changes these.
    CREATE FUNCTION app_private.with_grants(m public.memberships) RETURNS public.memberships
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
      m.grants := app_private.effective_grants(m.org_id, m.id, m.role);
      m.person_scopes := (SELECT coalesce(jsonb_object_agg(p.key, coalesce(m.grants ->> p.key, 'none')), '{}') FROM public.permissions p WHERE p.of_people);
      m.portal := coalesce((SELECT r.portal FROM public.roles r WHERE r.org_id = m.org_id AND r.key = m.role),
        (SELECT r.portal FROM public.preset_roles r JOIN public.organizations o ON o.preset = r.preset WHERE o.id = m.org_id AND r.role = m.role), m.kind <> 'support');
      m.access_grant_id := NULL;
      m.grants_change_at := NULL;
      SELECT g.id, g.expires_at INTO m.access_grant_id, m.grants_change_at FROM public.access_grants g
       WHERE g.org_id = m.org_id AND g.membership_id = m.id AND g.state = 'approved' AND g.expires_at > now() ORDER BY g.expires_at LIMIT 1;
      RETURN m;
    END $$;

    -- A membership as it stands at this moment: what is kept of it, unless time has changed it since.
    CREATE FUNCTION app_private.at_present(m public.memberships) RETURNS public.memberships
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
      IF m.grants_change_at <= now() THEN RETURN app_private.with_grants(m); END IF;
      RETURN m;
    END $$;

    -- How far the caller's own grants reach by one permission, an API key's no further than the key; what acts as the
    -- system
    -- reaches everything.
    CREATE FUNCTION app.held(permission text) RETURNS text
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
      c text[] := app.verified_context();
      m public.memberships;
    BEGIN
      IF c[1] = 'system' THEN RETURN 'org'; END IF;
      SELECT * INTO m FROM public.memberships x WHERE x.org_id = c[2]::uuid AND x.id = c[4]::uuid AND x.status = 'active';
      RETURN coalesce((app_private.through_key(app_private.at_present(m), c[8]::uuid)).grants ->> permission, 'none');
    END $$;

    -- Whether the caller holds one of some permissions for the whole organization.
    CREATE FUNCTION app.holds(VARIADIC permissions text[]) RETURNS boolean
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
      SELECT coalesce(bool_or(app.held(p) = 'org'), false) FROM unnest(permissions) p
    $$;
    -- The organization in which that is so, for policies.
    CREATE FUNCTION app.org_if_holds(VARIADIC permissions text[]) RETURNS uuid
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
      c text[] := app.verified_context();
      held jsonb;
    BEGIN
      IF c[1] = 'system' THEN RETURN c[2]::uuid; END IF;
      held := (SELECT (app_private.through_key(app_private.at_present(m), c[8]::uuid)).grants FROM public.memberships m
        WHERE m.org_id = c[2]::uuid AND m.id = c[4]::uuid AND m.status = 'active');
      RETURN CASE WHEN EXISTS (SELECT FROM unnest(permissions) p WHERE held ->> p = 'org') THEN c[2]::uuid END;
    END $$;

    -- The organization in which the caller holds one of some permissions, however far it reaches.
    CREATE FUNCTION app.org_if_reaches(VARIADIC permissions text[]) RETURNS uuid
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
      SELECT CASE WHEN EXISTS (SELECT FROM unnest(permissions) p WHERE app.held(p) <> 'none') THEN app.org_id() END
    $$;

    GRANT EXECUTE ON FUNCTION app.held, app.holds, app.org_if_holds, app.org_if_reaches TO vouchsafe_app;

    -- Lets changes of an organization's members and roles happen one after another.
    CREATE FUNCTION app.lock_organization() RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
      SELECT 1 FROM public.organizations o WHERE o.id = app.org_id() FOR NO KEY UPDATE
    $$;
    GRANT EXECUTE ON FUNCTION app.lock_organization TO vouchsafe_app;

    CREATE POLICY as_oneself ON access_grants AS RESTRICTIVE FOR INSERT TO vouchsafe_app
      WITH CHECK (org_id = (SELECT app.org_if_system()) OR (org_id, requested_by) = (SELECT app.org_id(), app.membership_id()));

    -- Whether an organization has a role: one of its preset, or one it made.
    CREATE FUNCTION app_private.is_role(org uuid, role_key text) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
      SELECT EXISTS (SELECT FROM public.preset_roles r JOIN public.organizations o ON o.preset = r.preset WHERE o.id = org AND r.role = role_key)
          OR EXISTS (SELECT FROM public.roles r WHERE r.org_id = org AND r.key = role_key)
    $$;

    -- The grants are kept on the membership, so that entering a session reads one row; these triggers keep them true.
    -- They also see to it that a role exists, and that support staff have theirs.
    CREATE FUNCTION app_private.membership_grants() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
      IF NEW.status = 'active' AND NOT (CASE NEW.kind WHEN 'support' THEN NEW.role = 'support' ELSE app_private.is_role(NEW.org_id, NEW.role) END) THEN
        RAISE EXCEPTION 'the organization has no role "%"', NEW.role USING ERRCODE = '23514', CONSTRAINT = 'memberships_role';
      END IF;
      IF TG_OP = 'INSERT' AND EXISTS (SELECT FROM public.users u WHERE u.id = NEW.user_id AND u.home_org_id <> NEW.org_id) THEN
        RAISE EXCEPTION 'this user is known to another organization alone' USING ERRCODE = '42501';
      END IF;
      RETURN app_private.with_grants(NEW);
    END $$;
    CREATE TRIGGER membership_grants BEFORE INSERT OR UPDATE ON memberships
      FOR EACH ROW EXECUTE FUNCTION app_private.membership_grants();

    CREATE FUNCTION app_private.role_override_changed() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
      UPDATE public.memberships SET role = role
       WHERE (org_id, role) IN ((NEW.org_id, NEW.role), (OLD.org_id, OLD.role));
      RETURN NULL;
    END $$;
    CREATE TRIGGER role_override_changed AFTER INSERT OR UPDATE OR DELETE ON role_overrides
      FOR EACH ROW EXECUTE FUNCTION app_private.role_override_changed();

    -- Support staff have nothing but access grants.
    CREATE FUNCTION app_private.member_override_changed() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
      IF EXISTS (SELECT FROM public.memberships m WHERE m.org_id = NEW.org_id AND m.id = NEW.membership_id AND m.kind = 'support') THEN
        RAISE EXCEPTION 'support staff are given permissions for a time alone' USING ERRCODE = '42501', CONSTRAINT = 'support_for_a_time';
      END IF;
      UPDATE public.memberships SET role = role
       WHERE (org_id, id) IN ((NEW.org_id, NEW.membership_id), (OLD.org_id, OLD.membership_id));
      RETURN NULL;
    END $$;
    CREATE TRIGGER member_override_changed AFTER INSERT OR UPDATE OR DELETE ON member_overrides
      FOR EACH ROW EXECUTE FUNCTION app_private.member_override_changed();

    CREATE FUNCTION app_private.access_grant_changed() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
      UPDATE public.memberships SET role = role WHERE org_id = NEW.org_id AND id = NEW.membership_id;
      RETURN NULL;
    END $$;
    CREATE TRIGGER access_grant_changed AFTER UPDATE ON access_grants FOR EACH ROW EXECUTE FUNCTION app_private.access_grant_changed();

    -- A digest of the declarations that the database was last brought in line with; processes compare it when they
    -- start.
    CREATE TABLE app_private.catalogue (
      singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
      digest text NOT NULL
    );
    CREATE FUNCTION app.catalogue_digest() RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
      SELECT digest FROM app_private.catalogue
    $$;
    GRANT EXECUTE ON FUNCTION app.catalogue_digest TO vouchsafe_app;

    -- Writes into the database what the code declares; called by the migrator with
    -- { permissions: [{key, of_people}], roles: [{preset, role, leads}], defaults: [{role, permission, scope}] }.
    CREATE FUNCTION app_private.sync_catalogue(catalogue jsonb) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
      DELETE FROM public.role_defaults;
      DELETE FROM public.preset_roles;
      DELETE FROM public.permissions;
      INSERT INTO public.permissions SELECT key, of_people FROM jsonb_to_recordset(catalogue -> 'permissions') AS d (key text, of_people boolean);
      INSERT INTO public.preset_roles SELECT preset, role, leads, portal FROM jsonb_to_recordset(catalogue -> 'roles') AS d (preset text, role text, leads boolean, portal boolean);
      INSERT INTO public.role_defaults SELECT role, permission, scope
        FROM jsonb_to_recordset(catalogue -> 'defaults') AS d (role text, permission text, scope text);
      UPDATE public.memberships m SET role = role
       WHERE (SELECT (m.grants, m.person_scopes, m.portal) IS DISTINCT FROM (w.grants, w.person_scopes, w.portal) FROM app_private.with_grants(m) w);
    END $$;
  `;
}
