-- Sessions: opening, entering, and ending them.
-- requires platform/database/context.sql
-- requires modules/auth/mfa/mfa.sql

-- Signs the context of a membership as of now; with an API key, without the user.
CREATE OR REPLACE FUNCTION app_private.sign_member(m public.memberships, api_key_id uuid DEFAULT NULL) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
  SELECT app_private.sign_context(ARRAY['member', m.org_id::text, CASE WHEN api_key_id IS NULL
    THEN m.user_id::text END, m.id::text,
    m.person_scopes::text, m.person_id::text, m.org_id::text, api_key_id::text])
$$;

-- Records that a membership is in use, at most once per hour. It never waits for a parallel request.
CREATE OR REPLACE FUNCTION app_private.membership_used(m public.memberships) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF m.last_used_at IS NULL OR m.last_used_at < now() - interval '1 hour' THEN
    UPDATE public.memberships x SET last_used_at = now() WHERE (x.org_id, x.id) IN (
      SELECT y.org_id, y.id FROM public.memberships y
        WHERE y.org_id = m.org_id AND y.id = m.id FOR NO KEY UPDATE SKIP LOCKED);
  END IF;
END $$;

-- Signs a context that reaches no tenant row and can only write to one organization's audit log.
CREATE OR REPLACE FUNCTION app_private.sign_audit_only_context(org uuid) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
  SELECT app_private.sign_context(ARRAY['limited', NULL, NULL, NULL, NULL, NULL, org::text, NULL])
$$;

-- Returns whether an organization accepts sign-ins of another one: both are in one institution, and this one has
-- consented.
CREATE OR REPLACE FUNCTION app_private.trusts(o public.organizations, origin uuid) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT o.institution_sign_in AND EXISTS (
    SELECT FROM public.organizations x
      WHERE x.id = origin AND x.status = 'active' AND x.institution_id = o.institution_id)
$$;

-- Returns the idle timeout of a session: seven days for a remembered one.
CREATE OR REPLACE FUNCTION app.idle_timeout(remembered boolean, idle_minutes integer)
RETURNS interval LANGUAGE sql IMMUTABLE
BEGIN ATOMIC
  SELECT CASE WHEN remembered THEN interval '7 days' ELSE make_interval(mins => idle_minutes) END;
END;
GRANT EXECUTE ON FUNCTION app.idle_timeout TO vouchsafe_app;

-- Returns the maximum lifetime of a session: seven days for a remembered one.
CREATE OR REPLACE FUNCTION app_private.absolute_timeout(remembered boolean, session_hours integer) RETURNS interval
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE WHEN remembered THEN interval '7 days' ELSE make_interval(hours => session_hours) END
$$;

-- Returns whether a sign-in method is local, that is, without an identity provider.
CREATE OR REPLACE FUNCTION app.is_local(method text) RETURNS boolean LANGUAGE sql IMMUTABLE
BEGIN ATOMIC
  SELECT method IN ('password', 'passkey');
END;

-- Returns whether a role is the owner role of an organization.
CREATE OR REPLACE FUNCTION app_private.is_owner(o public.organizations, role_key text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT EXISTS (SELECT FROM public.preset_roles r WHERE r.preset = o.preset AND r.role = role_key AND r.is_owner_role)
$$;

-- Returns what the sign-in of a session lacks for an organization: step_up (the user has a
-- factor) | mfa_enrollment (the user has none) | sso | method; null if nothing.
-- trusted: the session was opened here or in a trusted organization. is_owner: the member has the owner role, and can then
-- sign in locally with a second factor while SSO is enforced (break-glass). It has no search path, so that Postgres can
-- inline it.
CREATE OR REPLACE FUNCTION app.sign_in_required_action(
  s public.sessions, o public.organizations, trusted boolean, is_owner boolean
) RETURNS text LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT CASE
    WHEN app.is_local(s.method) AND o.require_mfa
      AND (s.second_factor_at IS NULL OR s.remembered_device AND o.remember_device_days = 0)
      THEN CASE WHEN app_private.has_factor(s.user_id) THEN 'step_up' ELSE 'mfa_enrollment' END
    WHEN app.is_local(s.method) AND o.require_sso AND (s.second_factor_at IS NULL OR s.remembered_device OR NOT is_owner)
      THEN 'sso'
    WHEN s.method <> ALL (o.allowed_sign_in) OR NOT app.is_local(s.method) AND NOT trusted THEN 'method' END;
END;

-- Returns when the user last authenticated in full: at sign-in, unless a remembered device or an anomaly reduced it, or
-- at step-up.
CREATE OR REPLACE FUNCTION app.authenticated_at(s public.sessions) RETURNS timestamptz LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT coalesce(greatest(CASE WHEN NOT (s.remembered_device OR s.flagged_suspicious) THEN s.signed_in_at END, s.stepped_up_at),
    to_timestamp(0));
END;

-- Returns whether the current settings would refuse a session of the entered organization.
CREATE OR REPLACE FUNCTION app.would_lock_out(session uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT app.sign_in_required_action(s, o, s.origin_org_id IS NULL
    OR app_private.trusts(o, s.origin_org_id), app_private.is_owner(o, m.role)) IS NOT NULL
    FROM public.sessions s JOIN public.organizations o ON o.id = s.org_id
      JOIN public.memberships m ON m.org_id = s.org_id AND m.id = s.membership_id
   WHERE s.org_id = app.org_id() AND s.id = session
$$;
GRANT EXECUTE ON FUNCTION app.would_lock_out TO vouchsafe_app;

-- Enters with a session secret. State is ok or the reason: unknown | expired | idle | ended | suspended. Only ok signs
-- a context. last_seen_at moves at most twice per minute, without waiting for a parallel request, and not for a background
-- request, which a program sent. read_only closes the transaction to writes.
CREATE OR REPLACE FUNCTION app.enter_session(
  secret text, read_only boolean, background boolean DEFAULT false, OUT state text, OUT session_id uuid,
  OUT user_id uuid, OUT email text, OUT user_name text, OUT org_id uuid, OUT org_name text, OUT preset text,
  OUT membership_id uuid, OUT person_id uuid, OUT role text, OUT portal boolean, OUT grants text,
  OUT method text, OUT must_change_password boolean, OUT required_action text, OUT authenticated_at timestamptz,
  OUT expires_at timestamptz, OUT idle_minutes integer, OUT access_grant_id uuid
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  s public.sessions; m public.memberships; o public.organizations; u public.users;
BEGIN
  SELECT * INTO s FROM public.sessions x
    WHERE x.secret_hash = sha256(convert_to(secret, 'UTF8')) AND x.revoked_at IS NULL;
  IF NOT FOUND THEN state := 'unknown'; RETURN; END IF;
  SELECT * INTO m FROM public.memberships x WHERE x.org_id = s.org_id AND x.id = s.membership_id;
  SELECT * INTO o FROM public.organizations x WHERE x.id = s.org_id;
  SELECT * INTO u FROM public.users x WHERE x.id = s.user_id;
  state := CASE
    WHEN s.expires_at <= now() OR s.remembered
      AND s.signed_in_at + app_private.absolute_timeout(o.remember_me_allowed, o.session_hours) <= now() THEN 'expired'
    WHEN s.last_seen_at + app.idle_timeout(s.remembered AND o.remember_me_allowed, o.idle_minutes) <= now() THEN 'idle'
    WHEN m.status <> 'active' THEN 'ended'
    WHEN o.status <> 'active' THEN 'suspended'
    ELSE 'ok' END;
  IF state <> 'ok' THEN RETURN; END IF;
  m := app_private.with_active_grants(m);
  session_id := s.id; user_id := u.id; email := u.email; user_name := m.name; org_id := o.id; org_name := o.name;
  preset := o.preset; membership_id := m.id; person_id := m.person_id; role := m.role; portal := m.portal;
  grants := m.grants::text;
  method := s.method; must_change_password := u.must_change_password AND s.method = 'password';
  required_action := app.sign_in_required_action(s, o, s.origin_org_id IS NULL
    OR app_private.trusts(o, s.origin_org_id), app_private.is_owner(o, m.role));
  authenticated_at := app.authenticated_at(s); expires_at := s.expires_at; idle_minutes := o.idle_minutes;
  access_grant_id := m.access_grant_id;
  IF NOT background AND s.last_seen_at < now() - interval '30 seconds' THEN
    UPDATE public.sessions x SET last_seen_at = now() WHERE (x.org_id, x.id) IN (
      SELECT y.org_id, y.id FROM public.sessions y WHERE y.org_id = s.org_id AND y.id = s.id FOR UPDATE SKIP LOCKED);
  END IF;
  IF NOT background THEN PERFORM app_private.membership_used(m); END IF;
  PERFORM app_private.sign_member(m);
  IF read_only THEN PERFORM set_config('transaction_read_only', 'on', true); END IF;
END $$;
GRANT EXECUTE ON FUNCTION app.enter_session TO vouchsafe_app;

-- Opens a session and returns when it expires. The user's row is locked, so that parallel sign-ins count each other: a
-- user has at most five sessions, and the oldest is revoked.
CREATE OR REPLACE FUNCTION app_private.open_session(
  m public.memberships, visit app.new_session, method text, max_expiry timestamptz
) RETURNS timestamptz
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  remembered boolean; ends_at timestamptz;
BEGIN
  SELECT o.remember_me_allowed
    AND coalesce(visit.remember, false),
      least(now() + app_private.absolute_timeout(o.remember_me_allowed AND coalesce(visit.remember, false), o.session_hours),
        max_expiry)
    INTO remembered, ends_at FROM public.organizations o WHERE o.id = m.org_id;
  PERFORM 1 FROM public.users u WHERE u.id = m.user_id FOR UPDATE;
  UPDATE public.sessions s SET revoked_at = now() WHERE (s.org_id, s.id) IN (
    SELECT x.org_id, x.id FROM public.sessions x
     WHERE x.user_id = m.user_id AND x.revoked_at IS NULL AND x.expires_at > now()
     ORDER BY x.created_at DESC, x.id DESC OFFSET 4);
  INSERT INTO public.sessions (org_id, id, membership_id, user_id, secret_hash, method, expires_at, ip, user_agent,
    country, latitude, longitude, radius_km, remembered)
  VALUES (m.org_id, visit.id, m.id, m.user_id, visit.secret_hash, open_session.method, ends_at, visit.ip,
    left(visit.user_agent, 500),
    visit.country, visit.latitude, visit.longitude, visit.radius_km, remembered);
  PERFORM app_private.detect_sign_in_anomaly(m, visit);
  PERFORM app_private.sign_member(app_private.with_active_grants(m));
  RETURN ends_at;
END $$;

-- Returns whether a new session is a remembered one.
CREATE OR REPLACE FUNCTION app_private.is_remembered(m public.memberships, visit app.new_session) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT s.remembered FROM public.sessions s WHERE s.org_id = m.org_id AND s.id = visit.id
$$;

-- Returns the membership that a local sign-in enters: the last one used, otherwise the oldest, among organizations that
-- allow the method. Organizations that enforce SSO come last.
CREATE OR REPLACE FUNCTION app_private.default_membership(member uuid, method text) RETURNS public.memberships
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT m FROM public.memberships m JOIN public.organizations o ON o.id = m.org_id AND o.status = 'active'
   WHERE m.user_id = member AND m.status = 'active' AND method = ANY (o.allowed_sign_in)
   ORDER BY o.require_sso, (SELECT max(s.created_at) FROM public.sessions s
     WHERE s.user_id = member AND s.org_id = m.org_id)
     DESC NULLS LAST, m.created_at, m.id LIMIT 1
$$;

-- Replaces the secret of a session; the old secret stops working. Returns when the session expires.
CREATE OR REPLACE FUNCTION app_private.rotate(s public.sessions, new_hash bytea) RETURNS timestamptz
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
  UPDATE public.sessions x SET secret_hash = new_hash WHERE x.org_id = s.org_id AND x.id = s.id RETURNING x.expires_at
$$;

-- Replaces the secret of the caller's own session. Returns when the session expires.
CREATE OR REPLACE FUNCTION app.rotate_session(secret text, new_hash bytea) RETURNS timestamptz
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT app_private.rotate(app_private.own_session(secret), new_hash)
$$;
GRANT EXECUTE ON FUNCTION app.rotate_session TO vouchsafe_app;

-- A revoked session stays revoked.
CREATE POLICY ended_for_good ON sessions AS RESTRICTIVE
  FOR UPDATE TO vouchsafe_app USING (true) WITH CHECK (revoked_at IS NOT NULL);
