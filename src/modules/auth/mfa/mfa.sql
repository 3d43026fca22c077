-- MFA: verification of factors, the MFA challenge, step-up, and sign-in with a passkey.

-- Returns true if a user has a confirmed TOTP factor or a passkey.
CREATE OR REPLACE FUNCTION app_private.has_factor(member uuid) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT EXISTS (SELECT FROM app_private.totp_factors t WHERE t.user_id = member AND t.confirmed_at IS NOT NULL)
      OR EXISTS (SELECT FROM app_private.passkeys p WHERE p.user_id = member)
$$;

-- Returns the factors of a user.
CREATE OR REPLACE FUNCTION app_private.factors_of(member uuid) RETURNS app.factors
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT (u.id, u.contact_email, k.wrapped, t.sealed, t.confirmed_at, t.last_step,
    (SELECT count(*) FROM app_private.recovery_codes r WHERE r.user_id = u.id AND r.used_at IS NULL),
    (SELECT coalesce(jsonb_agg(jsonb_build_object('id', encode(p.credential_id, 'hex'), 'transports', p.transports)
      ORDER BY p.id), '[]')
       FROM app_private.passkeys p WHERE p.user_id = u.id),
    EXISTS (SELECT FROM app_private.credentials c WHERE c.user_id = u.id))::app.factors
    FROM public.users u LEFT JOIN app_private.user_keys k ON k.user_id = u.id LEFT
      JOIN app_private.totp_factors t ON t.user_id = u.id
   WHERE u.id = member
$$;

-- Returns the active session of the caller that has this secret, and locks its row. Raises session_expired if no such
-- session exists.
CREATE OR REPLACE FUNCTION app_private.own_session(secret text) RETURNS public.sessions
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  s public.sessions;
BEGIN
  SELECT * INTO s FROM public.sessions x
    WHERE x.secret_hash = sha256(convert_to(secret, 'UTF8')) AND x.revoked_at IS NULL
     AND x.expires_at > now() AND x.org_id = app.org_id() AND x.user_id = app.user_id() FOR UPDATE;
  IF NOT FOUND THEN RAISE EXCEPTION 'session_expired' USING ERRCODE = 'VS409'; END IF;
  RETURN s;
END $$;

-- Returns true if a presented factor is valid for the user, and marks it as used. A TOTP code also invalidates all
-- earlier codes. A recovery code works once. The counter of a passkey must increase, but a counter that is always zero
-- is allowed (WebAuthn section 6.1.1). If two parallel requests present the same factor, only one of them succeeds.
CREATE OR REPLACE FUNCTION app_private.verify_and_consume_factor(member uuid, shown app.presented_factor)
RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF shown.kind = 'totp' THEN
    UPDATE app_private.totp_factors t SET last_step = shown.step
     WHERE t.user_id = member AND t.confirmed_at IS NOT NULL AND t.proof_hash = sha256(shown.proof)
       AND t.last_step < shown.step;
  ELSIF shown.kind = 'recovery-code' THEN
    UPDATE app_private.recovery_codes r SET used_at = now()
     WHERE r.user_id = member AND r.lookup = shown.lookup AND r.verifier = sha256(shown.proof) AND r.used_at IS NULL;
  ELSIF shown.kind = 'passkey' THEN
    UPDATE app_private.passkeys p SET counter = shown.counter, last_used_at = now()
     WHERE p.user_id = member AND p.credential_id = shown.credential_id AND p.proof_hash = sha256(shown.proof)
       AND (shown.counter > p.counter OR shown.counter = 0 AND p.counter = 0);
  ELSE
    RETURN false;
  END IF;
  RETURN FOUND;
END $$;

-- Starts an MFA challenge if the user has a factor and the device is not remembered. Stores the sign-in as pending
-- until the user completes the challenge. Returns the expiry of the pending sign-in, or null if no challenge is
-- necessary.
CREATE OR REPLACE FUNCTION app_private.start_mfa_challenge(m public.memberships, key bytea, visit app.new_session)
RETURNS timestamptz
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NOT app_private.has_factor(m.user_id)
    OR EXISTS (SELECT FROM app_private.device_of(m, visit) d WHERE d.id IS NOT NULL) THEN RETURN NULL; END IF;
  INSERT INTO app_private.pending_sign_ins (secret_hash, user_id, organization, lockout_key, visit, expires_at)
  VALUES (visit.secret_hash, m.user_id, m.org_id, key, to_jsonb(visit), now() + interval '5 minutes');
  RETURN now() + interval '5 minutes';
END $$;

-- Returns the remembered device that a new session presents. Returns no device if its age exceeds the limit of the
-- organization.
CREATE OR REPLACE FUNCTION app_private.device_of(m public.memberships, visit app.new_session)
RETURNS app_private.remembered_devices
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT d FROM app_private.remembered_devices d JOIN public.organizations o ON o.id = m.org_id
    AND o.id = d.organization
   WHERE d.user_id = m.user_id AND d.secret_hash = visit.remembered_hash AND d.expires_at > now()
     AND d.created_at > now() - make_interval(days => o.remember_device_days)
$$;

-- Copies the time of the MFA challenge from the remembered device to the new session.
CREATE OR REPLACE FUNCTION app_private.apply_remembered_device(m public.memberships, visit app.new_session) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
  UPDATE public.sessions s SET second_factor_at = d.created_at, remembered_device = true
    FROM app_private.device_of(m, visit) d
      WHERE d.id IS NOT NULL AND s.org_id = m.org_id AND s.id = visit.id AND app_private.has_factor(m.user_id)
$$;

-- Returns the user to whom a secret belongs. The secret is that of a pending sign-in or of a session.
CREATE OR REPLACE FUNCTION app_private.authenticating_user(
  secret text, OUT member uuid, OUT key bytea, OUT over boolean
) LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  hashed bytea := sha256(convert_to(secret, 'UTF8'));
BEGIN
  SELECT p.user_id, p.lockout_key, p.ended_at IS NOT NULL INTO member, key, over
    FROM app_private.pending_sign_ins p WHERE p.secret_hash = hashed AND p.expires_at > now();
  IF FOUND THEN RETURN; END IF;
  SELECT s.user_id, app_private.lockout_key(s.user_id), false INTO member, key, over
    FROM public.sessions s WHERE s.secret_hash = hashed AND s.revoked_at IS NULL AND s.expires_at > now();
END $$;

-- Reserves one attempt before the caller verifies a password or a factor. Passwords and factors share a limit of five
-- attempts.
-- - The state is `go` if the attempt is reserved.
-- - The state is `busy` or `locked` in the same cases as in app_private.reserve_attempt.
-- - The state is `expired` if the pending sign-in or the session is no longer active.
-- If `lookup` is null, the salt is that of the password. Otherwise it is that of the recovery code with this lookup
-- value. If nothing matches, the salt is a decoy.
CREATE OR REPLACE FUNCTION app.begin_reauthentication(
  secret text, lookup bytea, OUT state text, OUT retry_seconds integer, OUT salt bytea
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  p record;
BEGIN
  SELECT * INTO p FROM app_private.authenticating_user(secret);
  IF p.member IS NULL THEN state := 'expired'; RETURN; END IF;
  SELECT t.state, t.retry_seconds INTO state, retry_seconds FROM app_private.reserve_attempt(p.key) t;
  IF state <> 'go' THEN RETURN; END IF;
  IF p.over THEN
    PERFORM app_private.release_attempt(p.key);
    state := 'expired';
    RETURN;
  END IF;
  salt := coalesce(
    CASE WHEN lookup IS NULL THEN (SELECT c.salt FROM app_private.credentials c WHERE c.user_id = p.member)
         ELSE (SELECT r.salt FROM app_private.recovery_codes r
           WHERE r.user_id = p.member AND r.lookup = begin_reauthentication.lookup) END,
    app_private.decoy_salt(p.key || coalesce(lookup, '')));
END $$;
GRANT EXECUTE ON FUNCTION app.begin_reauthentication TO vouchsafe_app;

-- Counts a failed reauthentication of a session. Returns `locked` if this failure locks the user out; otherwise
-- `refused`.
CREATE OR REPLACE FUNCTION app.fail_reauthentication(secret text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  p record;
BEGIN
  SELECT * INTO p FROM app_private.authenticating_user(secret);
  IF p.member IS NULL OR NOT app_private.release_attempt(p.key) THEN RETURN 'refused'; END IF;
  RETURN app_private.count_failure(p.key);
END $$;
GRANT EXECUTE ON FUNCTION app.fail_reauthentication TO vouchsafe_app;

-- Returns the factors of the user with this pending sign-in. Returns no user if the pending sign-in has expired.
CREATE OR REPLACE FUNCTION app.pending_factors(secret text) RETURNS app.factors
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT app_private.factors_of((SELECT p.user_id FROM app_private.pending_sign_ins p
    WHERE p.secret_hash = sha256(convert_to(secret, 'UTF8')) AND p.expires_at > now()))
$$;
GRANT EXECUTE ON FUNCTION app.pending_factors TO vouchsafe_app;

-- Returns the factors of the current user.
CREATE OR REPLACE FUNCTION app.own_factors() RETURNS app.factors
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT app_private.factors_of(app.user_id())
$$;
GRANT EXECUTE ON FUNCTION app.own_factors TO vouchsafe_app;

-- Completes an MFA challenge and opens the session.
-- - The state is `ok` if the factor is valid and the session is open.
-- - The state is `refused` if the factor is invalid or no organization of the user allows passwords. The failure is
--   counted.
-- - The state is `locked` if this failure locks the user out. The function then ends every pending sign-in of the user.
-- - The state is `expired` if the pending sign-in does not exist or has ended, or if no attempt is reserved.
-- If `device_hash` is set, the function remembers the device for the number of days that the organization allows.
CREATE OR REPLACE FUNCTION app.complete_mfa(
  secret text, shown app.presented_factor, visit app.new_session, device_id uuid, device_hash bytea, OUT state text,
  OUT user_id uuid, OUT email text, OUT org_id uuid, OUT expires_at timestamptz, OUT remembered boolean,
  OUT device_expires_at timestamptz
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  p app_private.pending_sign_ins; m public.memberships; days integer;
BEGIN
  SELECT * INTO p FROM app_private.pending_sign_ins x
    WHERE x.secret_hash = sha256(convert_to(secret, 'UTF8')) AND x.expires_at > now()
     AND x.connection_id IS NULL -- an offer to link an identity was made before any password
    FOR UPDATE;
  org_id := coalesce(p.organization, '00000000-0000-0000-0000-000000000000');
  IF p.user_id IS NULL OR NOT app_private.release_attempt(p.lockout_key) OR p.ended_at IS NOT NULL THEN
    state := 'expired';
    PERFORM app_private.sign_audit_only_context(org_id);
    RETURN;
  END IF;
  user_id := p.user_id; email := (SELECT u.contact_email FROM public.users u WHERE u.id = p.user_id);
  m := app_private.default_membership(p.user_id, 'password');
  IF m.id IS NULL OR NOT app_private.verify_and_consume_factor(p.user_id, shown) THEN
    state := app_private.count_failure(p.lockout_key);
    UPDATE app_private.pending_sign_ins x SET ended_at = now()
      WHERE state = 'locked' AND x.user_id = p.user_id AND x.ended_at IS NULL;
    IF state = 'locked' THEN PERFORM app_private.request_account_mail('locked', email); END IF;
    PERFORM app_private.sign_audit_only_context(org_id);
    RETURN;
  END IF;
  state := 'ok'; org_id := m.org_id;
  PERFORM app_private.forget_failures(p.lockout_key);
  UPDATE app_private.pending_sign_ins x SET ended_at = now() WHERE x.secret_hash = p.secret_hash;
  -- If the factor step sends no value for a field, the value from the password step applies.
  expires_at := app_private.open_session(m,
    jsonb_populate_record(NULL::app.new_session, p.visit || jsonb_strip_nulls(to_jsonb(visit))),
    'password', 'infinity');
  UPDATE public.sessions s SET second_factor_at = now() WHERE s.org_id = m.org_id AND s.id = visit.id;
  remembered := app_private.is_remembered(m, visit);
  days := (SELECT o.remember_device_days FROM public.organizations o WHERE o.id = m.org_id);
  IF device_hash IS NOT NULL AND days > 0 THEN
    device_expires_at := now() + make_interval(days => days);
    INSERT INTO app_private.remembered_devices (id, user_id, organization, secret_hash, ip, user_agent, expires_at)
    VALUES (device_id, m.user_id, m.org_id, device_hash, visit.ip, left(visit.user_agent, 500), device_expires_at);
  END IF;
END $$;
GRANT EXECUTE ON FUNCTION app.complete_mfa TO vouchsafe_app;

-- Reauthenticates the user of a session with a factor. A user without a factor presents the password. Rotates the
-- session secret and returns the session's expiry. Returns null if the proof is invalid or no attempt is reserved.
CREATE OR REPLACE FUNCTION app.complete_step_up(secret text, shown app.presented_factor, new_hash bytea)
RETURNS timestamptz LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  s public.sessions := app_private.own_session(secret);
  key bytea := app_private.lockout_key(s.user_id);
  is_valid boolean;
BEGIN
  IF NOT app_private.release_attempt(key) THEN RETURN NULL; END IF;
  is_valid := CASE WHEN shown.kind <> 'password' THEN app_private.verify_and_consume_factor(s.user_id, shown)
    ELSE NOT app_private.has_factor(s.user_id)
    AND EXISTS (SELECT FROM app_private.credentials c
      WHERE c.user_id = s.user_id AND c.verifier = sha256(shown.proof)) END;
  IF NOT coalesce(is_valid, false) THEN RETURN NULL; END IF;
  PERFORM app_private.forget_failures(key);
  UPDATE public.sessions x SET stepped_up_at = now(), second_factor_at = CASE WHEN shown.kind = 'password'
    THEN x.second_factor_at ELSE now() END,
         remembered_device = x.remembered_device AND shown.kind = 'password'
   WHERE x.org_id = s.org_id AND x.id = s.id;
  RETURN app_private.rotate(s, new_hash);
END $$;
GRANT EXECUTE ON FUNCTION app.complete_step_up TO vouchsafe_app;

-- Returns the data that is necessary to verify a passkey assertion. The stored proof remains encrypted in the result.
CREATE OR REPLACE FUNCTION app.find_passkey(credential bytea)
RETURNS TABLE (id uuid, user_id uuid, public_key bytea, counter bigint, sealed bytea, wrapped bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT p.id, p.user_id, p.public_key, p.counter, p.sealed, k.wrapped
    FROM app_private.passkeys p JOIN app_private.user_keys k ON k.user_id = p.user_id WHERE p.credential_id = credential
$$;
GRANT EXECUTE ON FUNCTION app.find_passkey TO vouchsafe_app;

-- Signs a user in with a verified passkey assertion.
-- - The state is `ok` if the session is open.
-- - The state is `refused` if the passkey is unknown or its proof is wrong.
-- - The state is `not_allowed` if no organization of the user allows passkeys.
-- - The state is `counter` if the passkey's counter did not increase. A clone of the passkey is probably in use.
CREATE OR REPLACE FUNCTION app.passkey_sign_in(
  shown app.presented_factor, visit app.new_session, OUT state text, OUT user_id uuid, OUT email text, OUT org_id uuid,
  OUT expires_at timestamptz
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  p app_private.passkeys; m public.memberships;
BEGIN
  SELECT * INTO p FROM app_private.passkeys x
    WHERE x.credential_id = shown.credential_id AND x.proof_hash = sha256(shown.proof) AND shown.kind = 'passkey';
  m := app_private.default_membership(p.user_id, 'passkey');
  user_id := p.user_id; email := (SELECT u.contact_email FROM public.users u WHERE u.id = p.user_id);
  org_id := coalesce(m.org_id, '00000000-0000-0000-0000-000000000000');
  state := CASE WHEN p.id IS NULL THEN 'refused' WHEN m.id IS NULL THEN 'not_allowed'
    WHEN app_private.verify_and_consume_factor(p.user_id, shown) THEN 'ok' ELSE 'counter' END;
  IF state <> 'ok' THEN
    PERFORM app_private.sign_audit_only_context(org_id);
    RETURN;
  END IF;
  expires_at := app_private.open_session(m, visit, 'passkey', 'infinity');
  UPDATE public.sessions s SET second_factor_at = now() WHERE s.org_id = m.org_id AND s.id = visit.id;
END $$;
GRANT EXECUTE ON FUNCTION app.passkey_sign_in TO vouchsafe_app;
