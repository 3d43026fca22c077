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
      require_second_factor boolean NOT NULL DEFAULT false,
      require_sso boolean NOT NULL DEFAULT false,
      allowed_sign_in text[] NOT NULL DEFAULT '{password,saml}'
        CHECK (cardinality(allowed_sign_in) > 0 AND allowed_sign_in <@ ARRAY['password', 'saml']),
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
    GRANT SELECT, UPDATE (name, idle_minutes, session_hours, postal_address, allowed_sign_in, require_second_factor, require_sso,
      institution_sign_in, institution_reporting, updated_at) ON organizations TO vouchsafe_app;

    -- The installation itself: its log and its jobs belong to the nil organization, which has no members.
    INSERT INTO organizations (id, name, preset) VALUES ('00000000-0000-0000-0000-000000000000', 'Installation', 'installation');

    CREATE TABLE users (
      id uuid PRIMARY KEY,
      email text NOT NULL UNIQUE CHECK (email = lower(email) AND length(email) BETWEEN 3 AND 254),
      must_change_password boolean NOT NULL DEFAULT false,
      created_at timestamptz NOT NULL DEFAULT now()
    );

    CREATE TABLE memberships (
      org_id uuid NOT NULL REFERENCES organizations,
      id uuid NOT NULL,
      user_id uuid NOT NULL REFERENCES users,
      name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
      role text NOT NULL,
      person_id uuid,
      status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'ended')),
      grants jsonb NOT NULL DEFAULT '{}',
      created_at timestamptz NOT NULL DEFAULT now(),
      ended_at timestamptz,
      PRIMARY KEY (org_id, id),
      UNIQUE (org_id, user_id)
    );
    CREATE INDEX memberships_user ON memberships (user_id);
    SELECT app_private.protect_table('memberships', 'SELECT, INSERT, UPDATE', NULL, true);

    -- Users are shared by organizations: one is visible where it is a member, and written by entrance functions alone.
    ALTER TABLE users ENABLE ROW LEVEL SECURITY;
    ALTER TABLE users FORCE ROW LEVEL SECURITY;
    CREATE POLICY member ON users FOR SELECT USING (EXISTS (
      SELECT FROM memberships m WHERE m.org_id = (SELECT app.org_id()) AND m.user_id = users.id));
    CREATE POLICY entrance ON users TO vouchsafe_owner USING (true) WITH CHECK (true);
    GRANT SELECT ON users TO vouchsafe_app;

    -- What each role may do by default: written from the permission catalogue whenever the schema is migrated.
    CREATE TABLE role_defaults (
      role text NOT NULL,
      permission text NOT NULL,
      scope text NOT NULL CHECK (scope IN ('org', 'assigned', 'own')),
      PRIMARY KEY (role, permission)
    );
    GRANT SELECT ON role_defaults TO vouchsafe_app;

    CREATE TABLE role_overrides (
      org_id uuid NOT NULL REFERENCES organizations,
      role text NOT NULL,
      permission text NOT NULL,
      scope text NOT NULL CHECK (scope IN ('org', 'assigned', 'own', 'none')),
      PRIMARY KEY (org_id, role, permission)
    );
    SELECT app_private.protect_table('role_overrides', 'SELECT, INSERT, UPDATE, DELETE', NULL, true);

    CREATE TABLE member_overrides (
      org_id uuid NOT NULL,
      membership_id uuid NOT NULL,
      permission text NOT NULL,
      scope text NOT NULL CHECK (scope IN ('org', 'assigned', 'own', 'none')),
      PRIMARY KEY (org_id, membership_id, permission),
      FOREIGN KEY (org_id, membership_id) REFERENCES memberships (org_id, id)
    );
    SELECT app_private.protect_table('member_overrides', 'SELECT, INSERT, UPDATE, DELETE', NULL, true);

    -- Whether the caller may do what a permission names, for the whole organization; what acts as the system may.
    CREATE FUNCTION app.holds(VARIADIC permissions text[]) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
      c text[] := app.verified_context();
    BEGIN
      RETURN c[1] = 'system' OR EXISTS (
        SELECT FROM public.memberships m, unnest(permissions) AS p
         WHERE m.org_id = c[2]::uuid AND m.id = c[4]::uuid AND m.status = 'active' AND m.grants ->> p = 'org');
    END $$;
    GRANT EXECUTE ON FUNCTION app.holds TO vouchsafe_app;

    -- What decides who may do what is changed by those alone who may change it, even by raw SQL in their own session.
    CREATE POLICY granted_insert ON memberships AS RESTRICTIVE FOR INSERT TO vouchsafe_app
      WITH CHECK ((SELECT app.holds('membership:create')));
    CREATE POLICY granted_update ON memberships AS RESTRICTIVE FOR UPDATE TO vouchsafe_app
      USING ((SELECT app.holds('membership:update', 'membership:end'))) WITH CHECK ((SELECT app.holds('membership:update', 'membership:end')));
    CREATE POLICY granted_insert ON role_overrides AS RESTRICTIVE FOR INSERT TO vouchsafe_app WITH CHECK ((SELECT app.holds('role:update')));
    CREATE POLICY granted_update ON role_overrides AS RESTRICTIVE FOR UPDATE TO vouchsafe_app
      USING ((SELECT app.holds('role:update'))) WITH CHECK ((SELECT app.holds('role:update')));
    CREATE POLICY granted_delete ON role_overrides AS RESTRICTIVE FOR DELETE TO vouchsafe_app USING ((SELECT app.holds('role:update')));
    CREATE POLICY granted_insert ON member_overrides AS RESTRICTIVE FOR INSERT TO vouchsafe_app WITH CHECK ((SELECT app.holds('membership:override')));
    CREATE POLICY granted_update ON member_overrides AS RESTRICTIVE FOR UPDATE TO vouchsafe_app
      USING ((SELECT app.holds('membership:override'))) WITH CHECK ((SELECT app.holds('membership:override')));
    CREATE POLICY granted_delete ON member_overrides AS RESTRICTIVE FOR DELETE TO vouchsafe_app USING ((SELECT app.holds('membership:override')));

    -- The cascade: member override over role override over code default. 'none' is a denial and leaves no grant.
    CREATE FUNCTION app_private.effective_grants(org uuid, member uuid, member_role text) RETURNS jsonb
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
      SELECT coalesce(jsonb_object_agg(permission, scope) FILTER (WHERE scope <> 'none'), '{}')
        FROM (
          SELECT DISTINCT ON (permission) permission, scope FROM (
            SELECT 1 AS level, permission, scope FROM public.member_overrides WHERE org_id = org AND membership_id = member
            UNION ALL
            SELECT 2, permission, scope FROM public.role_overrides WHERE org_id = org AND role = member_role
            UNION ALL
            SELECT 3, permission, scope FROM public.role_defaults WHERE role = member_role
          ) AS cascade_levels ORDER BY permission, level
        ) AS decided
    $$;

    -- The grants are kept on the membership, so that entering a session reads one row; these triggers keep them true.
    CREATE FUNCTION app_private.membership_grants() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
      NEW.grants := app_private.effective_grants(NEW.org_id, NEW.id, NEW.role);
      RETURN NEW;
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

    CREATE FUNCTION app_private.member_override_changed() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
      UPDATE public.memberships SET role = role
       WHERE (org_id, id) IN ((NEW.org_id, NEW.membership_id), (OLD.org_id, OLD.membership_id));
      RETURN NULL;
    END $$;
    CREATE TRIGGER member_override_changed AFTER INSERT OR UPDATE OR DELETE ON member_overrides
      FOR EACH ROW EXECUTE FUNCTION app_private.member_override_changed();

    -- Writes the code's defaults into the database; called by the migrator with [{role, permission, scope}].
    CREATE FUNCTION app_private.sync_role_defaults(defaults jsonb) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
      DELETE FROM public.role_defaults;
      INSERT INTO public.role_defaults SELECT role, permission, scope
        FROM jsonb_to_recordset(defaults) AS d (role text, permission text, scope text);
      UPDATE public.memberships m SET role = role
       WHERE grants IS DISTINCT FROM app_private.effective_grants(m.org_id, m.id, m.role);
    END $$;
  `;
}
