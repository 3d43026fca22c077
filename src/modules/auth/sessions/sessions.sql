-- Sessions: opening, authentication, sign-in requirements, and rotation.
-- requires platform/database/context.sql
-- requires modules/auth/mfa/mfa.sql

-- Sets a signed context for a membership. If an API key is given, the context contains no user.
CREATE OR REPLACE FUNCTION app_private.sign_member(m public.memberships, api_key_id uuid DEFAULT NULL) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
  SELECT app_private.sign_context(ARRAY['member', m.org_id::text, CASE WHEN api_key_id IS NULL
    THEN m.user_id::text END, m.id::text,
    m.person_scopes::text, m.person_id::text, m.org_id::text, api_key_id::text])
$$;

-- Records the last use of a membership, at most once per hour. The function does not wait for a row lock that a
-- parallel request holds.
CREATE OR REPLACE FUNCTION app_private.membership_used(m public.memberships) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF m.last_used_at IS NULL OR m.last_used_at < now() - interval '1 hour' THEN
    UPDATE public.memberships x SET last_used_at = now() WHERE (x.org_id, x.id) IN (
      SELECT y.org_id, y.id FROM public.memberships y
        WHERE y.org_id = m.org_id AND y.id = m.id FOR NO KEY UPDATE SKIP LOCKED);
  END IF;
END $$;

-- Sets a signed context that cannot read or write tenant rows. The context can only write to the audit log of one
-- organization.
CREATE OR REPLACE FUNCTION app_private.sign_audit_only_context(org uuid) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
  SELECT app_private.sign_context(ARRAY['limited', NULL, NULL, NULL, NULL, NULL, org::text, NULL])
$$;

-- Returns true if an organization accepts sign-ins from another organization. Both must belong to the same institution,
-- and the accepting organization must have consented.
CREATE OR REPLACE FUNCTION app_private.trusts(o public.organizations, origin uuid) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT o.institution_sign_in AND EXISTS (
    SELECT FROM public.organizations x
      WHERE x.id = origin AND x.status = 'active' AND x.institution_id = o.institution_id)
$$;

-- Returns the idle timeout of a session. It is seven days if the session is remembered.
CREATE OR REPLACE FUNCTION app.idle_timeout(remembered boolean, idle_minutes integer)
RETURNS interval LANGUAGE sql IMMUTABLE
BEGIN ATOMIC
  SELECT CASE WHEN remembered THEN interval '7 days' ELSE make_interval(mins => idle_minutes) END;
END;
GRANT EXECUTE ON FUNCTION app.idle_timeout TO vouchsafe_app;

-- Returns the maximum lifetime of a session. It is seven days if the session is remembered.
CREATE OR REPLACE FUNCTION app_private.absolute_timeout(remembered boolean, session_hours integer) RETURNS interval
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE WHEN remembered THEN interval '7 days' ELSE make_interval(hours => session_hours) END
$$;

-- Returns true if a sign-in method works without an identity provider.
CREATE OR REPLACE FUNCTION app.is_local(method text) RETURNS boolean LANGUAGE sql IMMUTABLE
BEGIN ATOMIC
  SELECT method IN ('password', 'passkey');
END;

-- Returns true if a role is the owner role of an organization.
CREATE OR REPLACE FUNCTION app_private.is_owner(o public.organizations, role_key text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT EXISTS (SELECT FROM public.preset_roles r WHERE r.preset = o.preset AND r.role = role_key AND r.is_owner_role)
$$;

-- Returns the first sign-in requirement of an organization that a session does not meet, or null if it meets all.
-- - Returns `step_up` if a local session lacks the required MFA and the user has a factor.
-- - Returns `mfa_enrollment` if a local session lacks the required MFA and the user has no factor.
-- - Returns `sso` if the organization enforces SSO, the session is local, and break-glass does not apply.
-- - Returns `method` if the organization does not allow the sign-in method or does not trust its origin.
-- Set `trusted` to true if the session was opened in this organization or in one that it trusts. Set `is_owner` to true
-- if the member has the owner role. Even if SSO is enforced, an owner can sign in locally with a second factor
-- (break-glass). The function sets no search path because Postgres inlines only functions without such a setting.
CREATE OR REPLACE FUNCTION app.sign_in_required_action(
  s public.sessions, o public.organizations, trusted boolean, is_owner boolean
) RETURNS text LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT CASE
    WHEN app.is_local(s.method) AND o.require_mfa
      AND (s.second_factor_at IS NULL OR s.remembered_device AND o.remember_device_days = 0)
      THEN CASE WHEN app_private.has_factor(s.user_id) THEN 'step_up' ELSE 'mfa_enrollment' END
    WHEN app.is_local(s.method) AND o.require_sso
      AND (s.second_factor_at IS NULL OR s.remembered_device OR NOT is_owner) THEN 'sso'
    WHEN s.method <> ALL (o.allowed_sign_in) OR NOT app.is_local(s.method) AND NOT trusted THEN 'method' END;
END;

-- Returns the time of the user's last full authentication: the step-up or the sign-in. A sign-in is not a full
-- authentication if it used a remembered device or is flagged as suspicious.
CREATE OR REPLACE FUNCTION app.authenticated_at(s public.sessions) RETURNS timestamptz LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT coalesce(greatest(CASE WHEN NOT (s.remembered_device OR s.flagged_suspicious) THEN s.signed_in_at END,
    s.stepped_up_at), to_timestamp(0));
END;

-- Returns the requirement of the organization's current settings that would reject the given session, or null if they
-- accept it. The values are those of sign_in_required_action, and `break_glass` instead of `sso` for an owner, who can
-- meet the requirement with a second factor.
CREATE OR REPLACE FUNCTION app.lockout_reason(session uuid) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE WHEN r.reason = 'sso' AND x.is_owner THEN 'break_glass' ELSE r.reason END
    FROM public.sessions s JOIN public.organizations o ON o.id = s.org_id
      JOIN public.memberships m ON m.org_id = s.org_id AND m.id = s.membership_id
      CROSS JOIN LATERAL (SELECT app_private.is_owner(o, m.role)) x(is_owner)
      CROSS JOIN LATERAL (SELECT app.sign_in_required_action(s, o, s.origin_org_id IS NULL
        OR app_private.trusts(o, s.origin_org_id), x.is_owner)) r(reason)
   WHERE s.org_id = app.org_id() AND s.id = session
$$;
GRANT EXECUTE ON FUNCTION app.lockout_reason TO vouchsafe_app;

-- Authenticates a session secret and sets the member's context.
-- - The state is `ok` if the session is active. Only then does the function set a context.
-- - The state is `unknown` if no session has this secret or the session is revoked.
-- - The state is `expired` if the session has exceeded its maximum lifetime.
-- - The state is `idle` if the session has exceeded the idle timeout.
-- - The state is `ended` if the membership has ended.
-- - The state is `suspended` if the organization is not active.
-- The function updates last_seen_at at most twice per minute. It does not wait for a row lock that a parallel request
-- holds. Set `background` to true if a program sent the request without user action. Such a request does not update
-- last_seen_at. If `read_only` is true, the transaction becomes read-only.
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
  session_id := s.id; user_id := u.id; email := u.contact_email; user_name := m.name; org_id := o.id;
  org_name := o.name; preset := o.preset;
  membership_id := m.id; person_id := m.person_id; role := m.role; portal := m.portal;
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

-- Opens a session and returns its expiry. A user can have at most five sessions. If the user has more, the function
-- revokes the oldest one. The function locks the user's row, so that parallel sign-ins cannot exceed the limit. It
-- signs the context first, because it then writes only at the isolation level at which the lock is sufficient.
CREATE OR REPLACE FUNCTION app_private.open_session(
  m public.memberships, visit app.new_session, method text, max_expiry timestamptz
) RETURNS timestamptz
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  remembered boolean; ends_at timestamptz;
BEGIN
  PERFORM app_private.sign_member(app_private.with_active_grants(m));
  SELECT o.remember_me_allowed
    AND coalesce(visit.remember, false),
      least(now() + app_private.absolute_timeout(o.remember_me_allowed AND coalesce(visit.remember, false),
        o.session_hours), max_expiry)
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
  RETURN ends_at;
END $$;

-- Returns true if the new session is a remembered session.
CREATE OR REPLACE FUNCTION app_private.is_remembered(m public.memberships, visit app.new_session) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT s.remembered FROM public.sessions s WHERE s.org_id = m.org_id AND s.id = visit.id
$$;

-- Returns the membership with which a local sign-in opens its session. Only organizations that allow the method are
-- considered. The function prefers organizations that do not enforce SSO, then the last used membership, then the
-- oldest one.
CREATE OR REPLACE FUNCTION app_private.default_membership(member uuid, method text) RETURNS public.memberships
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT m FROM public.memberships m JOIN public.organizations o ON o.id = m.org_id AND o.status = 'active'
   WHERE m.user_id = member AND m.status = 'active' AND method = ANY (o.allowed_sign_in)
   ORDER BY o.require_sso, (SELECT max(s.created_at) FROM public.sessions s
     WHERE s.user_id = member AND s.org_id = m.org_id)
     DESC NULLS LAST, m.created_at, m.id LIMIT 1
$$;

-- Replaces the secret of a session. The old secret becomes invalid immediately. Returns the session's expiry.
CREATE OR REPLACE FUNCTION app_private.rotate(s public.sessions, new_hash bytea) RETURNS timestamptz
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
  UPDATE public.sessions x SET secret_hash = new_hash WHERE x.org_id = s.org_id AND x.id = s.id RETURNING x.expires_at
$$;

-- Replaces the secret of the caller's session. Returns the session's expiry.
CREATE OR REPLACE FUNCTION app.rotate_session(secret text, new_hash bytea) RETURNS timestamptz
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT app_private.rotate(app_private.own_session(secret), new_hash)
$$;
GRANT EXECUTE ON FUNCTION app.rotate_session TO vouchsafe_app;

-- A revoked session stays revoked.
CREATE POLICY ended_for_good ON sessions AS RESTRICTIVE
  FOR UPDATE TO vouchsafe_app USING (true) WITH CHECK (revoked_at IS NOT NULL);

-- Deletes the logout hint of a session that ends.
CREATE OR REPLACE FUNCTION app_private.logout_hint_ended() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  NEW.logout_hint_enc := NULL;
  NEW.logout_hint_session := NULL;
  RETURN NEW;
END $$;

CREATE TRIGGER logout_hint_ended BEFORE UPDATE ON sessions FOR EACH ROW
  WHEN (NEW.revoked_at IS NOT NULL AND NEW.logout_hint_enc IS NOT NULL)
    EXECUTE FUNCTION app_private.logout_hint_ended();
