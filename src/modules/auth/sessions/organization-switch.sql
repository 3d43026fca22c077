-- Switching a session to another organization of the same user.

-- Returns the organizations for which the sign-in of the caller's session is valid. A local sign-in is valid for all
-- organizations of the user. An SSO sign-in is valid for the connection's organization. It is also valid for each
-- organization of the same institution that trusts the connection's organization. Other memberships are not listed, so
-- the identity provider does not learn them. The column `reachable` is true if the organization accepts the session's
-- sign-in method and its session lifetime has not passed.
CREATE OR REPLACE FUNCTION app_private.switch_targets(secret text)
RETURNS TABLE (m public.memberships, name text, here boolean, reachable boolean, expires_at timestamptz)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT m, o.name, m.org_id = s.org_id, x.ends_at > now()
    AND app.sign_in_required_action(s, o, true, app_private.is_owner(o, m.role)) IS NULL, x.ends_at
    FROM public.sessions s
    JOIN public.memberships m ON m.user_id = s.user_id AND m.status = 'active'
    JOIN public.organizations o ON o.id = m.org_id AND o.status = 'active'
    CROSS JOIN LATERAL (SELECT coalesce(s.origin_org_id, s.org_id) AS origin,
      least(s.expires_at, s.signed_in_at + make_interval(hours => o.session_hours)) AS ends_at) x
   WHERE s.secret_hash = sha256(convert_to(secret, 'UTF8')) AND s.revoked_at IS NULL
     AND s.org_id = app.org_id() AND s.user_id = app.user_id()
     AND (app.is_local(s.method) OR o.id = x.origin OR app_private.trusts(o, x.origin))
$$;

-- Returns the organizations of the session's user. The column `reachable` is true if the session can switch to the
-- organization.
CREATE OR REPLACE FUNCTION app.own_organizations(secret text)
RETURNS TABLE (id uuid, name text, role text, here boolean, reachable boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT (d.m).org_id, d.name, (d.m).role, d.here, d.reachable FROM app_private.switch_targets(secret) d
    ORDER BY d.name, 1
$$;
GRANT EXECUTE ON FUNCTION app.own_organizations TO vouchsafe_app;

-- Switches a session to another organization of its user and sets the context of that organization.
-- - The state is `ok` if the session was switched.
-- - The state is `not_found` if the user has no active membership in the organization.
-- - The state is `organization_sign_in_required` if the organization does not accept the session's sign-in.
-- - The state is `session_ended` if a parallel request switched or ended the session first.
-- The new session keeps the sign-in method, the sign-in time, the MFA state, and the expiry. The logout hint is read
-- first, because the end of a session deletes it.
CREATE OR REPLACE FUNCTION app.switch_organization(
  secret text, org uuid, visit app.new_session, OUT state text, OUT expires_at timestamptz
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  d record; s public.sessions; old public.sessions;
BEGIN
  SELECT * INTO d FROM app_private.switch_targets(secret) x WHERE (x.m).org_id = org;
  IF NOT FOUND THEN
    state := CASE WHEN EXISTS (
      SELECT FROM public.sessions x
        WHERE x.org_id = app.org_id() AND x.user_id = app.user_id() AND x.revoked_at IS NOT NULL
         AND x.secret_hash = sha256(convert_to(secret, 'UTF8'))) THEN 'session_ended'
     WHEN EXISTS (
      SELECT FROM public.memberships x JOIN public.organizations o ON o.id = x.org_id AND o.status = 'active'
       WHERE x.org_id = org AND x.user_id = app.user_id() AND x.status = 'active') THEN 'organization_sign_in_required'
         ELSE 'not_found' END;
    RETURN;
  END IF;
  state := CASE WHEN d.reachable THEN 'ok' ELSE 'organization_sign_in_required' END;
  IF state <> 'ok' THEN RETURN; END IF;
  SELECT * INTO old FROM public.sessions x
    WHERE x.org_id = app.org_id() AND x.secret_hash = sha256(convert_to(secret, 'UTF8')) FOR UPDATE;
  UPDATE public.sessions x SET revoked_at = now() WHERE x.org_id = app.org_id()
     AND x.secret_hash = sha256(convert_to(secret, 'UTF8')) AND x.revoked_at IS NULL RETURNING * INTO s;
  IF NOT FOUND THEN state := 'session_ended'; RETURN; END IF;
  expires_at := app_private.open_session(d.m, visit, s.method, d.expires_at);
  UPDATE public.sessions x SET signed_in_at = s.signed_in_at, stepped_up_at = s.stepped_up_at,
         flagged_suspicious = x.flagged_suspicious OR s.flagged_suspicious,
         second_factor_at = s.second_factor_at, remembered_device = s.remembered_device,
         origin_org_id = nullif(coalesce(s.origin_org_id, s.org_id), org), connection_id = s.connection_id,
         idp_subject = s.idp_subject, idp_session = s.idp_session,
         logout_hint_enc = old.logout_hint_enc, logout_hint_session = old.logout_hint_session
   WHERE x.org_id = org AND x.id = visit.id;
END $$;
GRANT EXECUTE ON FUNCTION app.switch_organization TO vouchsafe_app;
