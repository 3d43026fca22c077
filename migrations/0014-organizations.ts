import { SqlMigration } from '../src/platform/database/sql-migration.js';

/**
 * What organizations decide for themselves, what operators decide for them, and the ways between them: settings and
 * their guards, the leading role, suspension, institutions, sessions that move on, an organization's own retention.
 */
export class Organizations1770000000014 extends SqlMigration {
  protected readonly sql = /* sql */ `
    -- Institutions group organizations for shared sign-in and reporting, each organization by its own consent, which
    -- is given to one institution and ends with it. No role reads the table; four functions below know of it.
    CREATE TABLE institutions (
      id uuid PRIMARY KEY,
      name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
      created_at timestamptz NOT NULL DEFAULT now()
    );
    ALTER TABLE organizations ADD FOREIGN KEY (institution_id) REFERENCES institutions,
      ADD CONSTRAINT consent_to_an_institution CHECK (institution_id IS NOT NULL OR NOT (institution_sign_in OR institution_reporting));

    -- An organization's own settings of retention, within the floors that the migrator writes down from the
    -- declarations.
    CREATE TABLE app_private.retention_floors (
      policy text PRIMARY KEY,
      days integer NOT NULL
    );
    CREATE TABLE retention_overrides (
      org_id uuid NOT NULL REFERENCES organizations,
      policy text NOT NULL,
      days integer NOT NULL CHECK (days BETWEEN 0 AND 36500),
      updated_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (org_id, policy)
    );
    SELECT app_private.protect_table('retention_overrides');

    -- The code's floors, from [{policy, about, days}]. The log is kept for seven years, whatever the code says.
    CREATE FUNCTION app_private.sync_retention_floors(floors jsonb) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
      DELETE FROM app_private.retention_floors;
      INSERT INTO app_private.retention_floors
        SELECT f.policy, CASE WHEN starts_with(f.about, 'audit_') THEN greatest(f.days, 2557) ELSE f.days END
          FROM jsonb_to_recordset(floors) AS f (policy text, about text, days integer);
    END $$;

    CREATE FUNCTION app_private.retention_floor() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
      IF NEW.days >= (SELECT f.days FROM app_private.retention_floors f WHERE f.policy = NEW.policy) THEN RETURN NEW; END IF;
      RAISE EXCEPTION 'retention_below_floor' USING ERRCODE = 'VS409';
    END $$;
    CREATE TRIGGER retention_floor BEFORE INSERT OR UPDATE ON retention_overrides
      FOR EACH ROW EXECUTE FUNCTION app_private.retention_floor();

    -- How people sign in is changed by who may change that, also by SQL of their own.
    CREATE FUNCTION app_private.sign_in_settings() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
      IF session_user NOT IN ('vouchsafe_app', 'vouchsafe_worker') OR app.org_if_holds('organization:secure') = NEW.id THEN RETURN NEW; END IF;
      RAISE EXCEPTION 'how people sign in is set by who may secure the organization' USING ERRCODE = '42501';
    END $$;
    CREATE TRIGGER sign_in_settings BEFORE UPDATE ON organizations FOR EACH ROW
      WHEN ((OLD.allowed_sign_in, OLD.require_second_factor, OLD.remember_device_days, OLD.remember_me_allowed, OLD.require_sso, OLD.institution_sign_in)
        IS DISTINCT FROM (NEW.allowed_sign_in, NEW.require_second_factor, NEW.remember_device_days, NEW.remember_me_allowed, NEW.require_sso, NEW.institution_sign_in))
      EXECUTE FUNCTION app_private.sign_in_settings();

    -- Whoever leads, and whoever manages members at all, is not taken away without another in their place. The lock on
    -- the organization lets two changes at once see each other. What is held for a time does not count. Only the
    -- migrator is not asked.
    CREATE FUNCTION app_private.keep_administrator() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
      leader text;
    BEGIN
      IF session_user NOT IN ('vouchsafe_app', 'vouchsafe_worker') THEN RETURN NULL; END IF;
      SELECT r.role INTO leader FROM public.organizations o JOIN public.preset_roles r ON r.preset = o.preset AND r.leads
       WHERE o.id = OLD.org_id FOR NO KEY UPDATE OF o;
      IF EXISTS (
        SELECT FROM public.memberships m WHERE m.org_id = OLD.org_id AND m.status = 'active' AND m.kind = 'member' AND m.access_grant_id IS NULL
           AND m.grants ->> 'membership:update' = 'org' AND (m.role = leader OR OLD.role <> leader)) THEN
        RETURN NULL;
      END IF;
      RAISE EXCEPTION 'last_administrator' USING ERRCODE = 'VS409';
    END $$;
    CREATE TRIGGER keep_administrator AFTER UPDATE ON memberships FOR EACH ROW
      WHEN (OLD.status = 'active' AND OLD.grants ->> 'membership:update' = 'org'
        AND (NEW.status, NEW.role, NEW.grants ->> 'membership:update') IS DISTINCT FROM (OLD.status, OLD.role, 'org'))
      EXECUTE FUNCTION app_private.keep_administrator();

    -- What operators do to the organization they entered; the installation's own stays as it is.
    CREATE FUNCTION app.set_organization_status(new_status text) RETURNS boolean
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
      WITH changed AS (
        UPDATE public.organizations o SET status = new_status, updated_at = now()
         WHERE o.id = app.org_id() AND o.preset <> 'installation' AND o.status <> new_status RETURNING 1
      ) SELECT EXISTS (SELECT FROM changed)
    $$;

    CREATE FUNCTION app.create_institution(new_id uuid, full_name text) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
      INSERT INTO public.institutions (id, name) VALUES (new_id, full_name)
    $$;

    -- Puts the entered organization into an institution, or into none. What it consented to was consent to the old one.
    CREATE FUNCTION app.set_institution(institution uuid) RETURNS boolean
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
      WITH changed AS (
        UPDATE public.organizations o SET institution_id = institution, institution_sign_in = false, institution_reporting = false,
               updated_at = now()
         WHERE o.id = app.org_id() AND o.preset <> 'installation' AND o.institution_id IS DISTINCT FROM institution RETURNING 1
      ) SELECT EXISTS (SELECT FROM changed)
    $$;

    -- Numbers of the organizations of the caller's institution that consented to be reported, for who may see reports.
    -- Each is entered in turn, so that no policy has to let anybody look into several, and left again.
    CREATE FUNCTION app.institution_report()
    RETURNS TABLE (id uuid, name text, active_members bigint, active_people bigint, inactive_people bigint)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
      caller text := current_setting('vouchsafe.context', true);
      own_institution uuid := (SELECT o.institution_id FROM public.organizations o WHERE o.id = app.org_id());
      reported record;
    BEGIN
      IF NOT app.holds('institution:report') THEN
        RAISE EXCEPTION 'reports are for who may see them' USING ERRCODE = '42501';
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

    -- Where the session of a secret may go, for its own user. A password opens what takes passwords. An identity
    -- provider
    -- answers for the organization whose it is, and for those of the same institution that have agreed; of the
    -- user's other memberships it learns nothing. A session is let in where its kind of sign-in is enough and its time
    -- not over.
    CREATE FUNCTION app_private.destinations(secret text)
    RETURNS TABLE (m public.memberships, name text, here boolean, reachable boolean, expires_at timestamptz)
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
      SELECT m, o.name, m.org_id = s.org_id, x.ends_at > now() AND app.sign_in_obstacle(s, o, true, app_private.leads(o, m.role)) IS NULL, x.ends_at
        FROM public.sessions s
        JOIN public.memberships m ON m.user_id = s.user_id AND m.status = 'active'
        JOIN public.organizations o ON o.id = m.org_id AND o.status = 'active'
        CROSS JOIN LATERAL (SELECT coalesce(s.origin_org_id, s.org_id) AS origin,
          least(s.expires_at, s.signed_in_at + make_interval(hours => o.session_hours)) AS ends_at) x
       WHERE s.secret_hash = sha256(convert_to(secret, 'UTF8')) AND s.revoked_at IS NULL
         AND s.org_id = app.org_id() AND s.user_id = app.user_id()
         AND (app.is_local(s.method) OR o.id = x.origin OR app_private.trusts(o, x.origin))
    $$;

    CREATE FUNCTION app.own_organizations(secret text)
    RETURNS TABLE (id uuid, name text, role text, here boolean, reachable boolean)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
      SELECT (d.m).org_id, d.name, (d.m).role, d.here, d.reachable FROM app_private.destinations(secret) d ORDER BY d.name, 1
    $$;

    -- Carries a session over to another organization of its user, and enters there. State: ok | not_found |
    -- sign_in_required | session_ended, when it was carried over meanwhile. What the session stands for goes along:
    -- kind and time of the sign-in, second factor, end.
    CREATE FUNCTION app.switch_organization(secret text, org uuid, visit app.visit,
      OUT state text, OUT expires_at timestamptz)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
      d record; s public.sessions;
    BEGIN
      SELECT * INTO d FROM app_private.destinations(secret) x WHERE (x.m).org_id = org;
      IF NOT FOUND THEN
        state := CASE WHEN EXISTS (
          SELECT FROM public.sessions x WHERE x.org_id = app.org_id() AND x.user_id = app.user_id() AND x.revoked_at IS NOT NULL
             AND x.secret_hash = sha256(convert_to(secret, 'UTF8'))) THEN 'session_ended'
         WHEN EXISTS (
          SELECT FROM public.memberships x JOIN public.organizations o ON o.id = x.org_id AND o.status = 'active'
           WHERE x.org_id = org AND x.user_id = app.user_id() AND x.status = 'active') THEN 'sign_in_required' ELSE 'not_found' END;
        RETURN;
      END IF;
      state := CASE WHEN d.reachable THEN 'ok' ELSE 'sign_in_required' END;
      IF state <> 'ok' THEN RETURN; END IF;
      UPDATE public.sessions x SET revoked_at = now() WHERE x.org_id = app.org_id()
         AND x.secret_hash = sha256(convert_to(secret, 'UTF8')) AND x.revoked_at IS NULL RETURNING * INTO s;
      IF NOT FOUND THEN state := 'session_ended'; RETURN; END IF;
      expires_at := app_private.open_session(d.m, visit, s.method, d.expires_at);
      UPDATE public.sessions x SET signed_in_at = s.signed_in_at, stepped_up_at = s.stepped_up_at, suspect = x.suspect OR s.suspect,
             second_factor_at = s.second_factor_at, remembered_device = s.remembered_device,
             origin_org_id = nullif(coalesce(s.origin_org_id, s.org_id), org), connection_id = s.connection_id,
             idp_subject = s.idp_subject, idp_session = s.idp_session
       WHERE x.org_id = org AND x.id = visit.id;
    END $$;

    GRANT EXECUTE ON FUNCTION app.institution_report, app.own_organizations, app.switch_organization TO vouchsafe_app;
    GRANT EXECUTE ON FUNCTION app.set_organization_status, app.create_institution, app.set_institution TO vouchsafe_worker;
  `;
}
