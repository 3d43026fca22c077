-- Passwords: password sign-in, lockout, and password change.

-- Returns the salt for an unknown e-mail address. The salt is constant for each address.
CREATE OR REPLACE FUNCTION app_private.decoy_salt(of bytea)
RETURNS bytea LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT substring(sha256(k.secret || of) FROM 1 FOR 16) FROM app_private.false_salt_key k
$$;

-- Reserves one attempt for a lockout key before the caller hashes a password or code. A single statement checks and
-- reserves. The limit is five failures and pending attempts together, so parallel attempts cannot exceed it.
-- - The state is `go` if the attempt is reserved.
-- - The state is `busy` if the limit is reached, no lock is set, and the last attempt is less than 20 seconds old.
-- - The state is `locked` in all other cases.
CREATE OR REPLACE FUNCTION app_private.reserve_attempt(key bytea, OUT state text, OUT retry_seconds integer)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  l app_private.sign_in_locks;
BEGIN
  INSERT INTO app_private.sign_in_locks AS x (lockout_key, failures, pending, last_at)
    VALUES (key, 0, 1, clock_timestamp())
  ON CONFLICT (lockout_key) DO UPDATE SET last_at = clock_timestamp(), locked_until = NULL,
    (failures, pending) = (SELECT CASE WHEN forgotten THEN 0 ELSE x.failures END, CASE WHEN forgotten THEN 1
      ELSE x.pending + 1 END
      FROM (SELECT x.locked_until IS NOT NULL
        OR x.last_at < clock_timestamp() - interval '15 minutes' AS forgotten) AS old)
  WHERE CASE WHEN x.locked_until IS NOT NULL THEN x.locked_until <= clock_timestamp()
             ELSE x.failures + x.pending < 5 OR x.last_at < clock_timestamp() - interval '15 minutes' END;
  IF FOUND THEN state := 'go'; RETURN; END IF;
  SELECT * INTO l FROM app_private.sign_in_locks x WHERE x.lockout_key = key;
  state := CASE WHEN l.locked_until IS NULL AND l.last_at > clock_timestamp() - interval '20 seconds'
                THEN 'busy' ELSE 'locked' END;
  retry_seconds := ceil(greatest(1, extract(epoch FROM
    coalesce(l.locked_until, l.last_at + interval '15 minutes') - clock_timestamp())));
END $$;

-- Releases a reserved attempt. If it returns false, no attempt was reserved, and the caller must not compare a password
-- or code.
CREATE OR REPLACE FUNCTION app_private.release_attempt(key bytea) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  UPDATE app_private.sign_in_locks l SET pending = l.pending - 1
   WHERE l.lockout_key = key AND l.pending > 0 AND (l.locked_until IS NULL OR l.locked_until <= clock_timestamp());
  RETURN FOUND;
END $$;

-- Counts a failure. Returns `locked` if this failure locks the key; otherwise `refused`.
CREATE OR REPLACE FUNCTION app_private.count_failure(key bytea) RETURNS text
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
  UPDATE app_private.sign_in_locks l SET failures = l.failures + 1, locked_until =
         CASE WHEN l.failures >= 4 THEN clock_timestamp() + interval '15 minutes' END
   WHERE l.lockout_key = key RETURNING CASE WHEN l.locked_until IS NULL THEN 'refused' ELSE 'locked' END
$$;

-- Resets the failure count of a key after a success.
CREATE OR REPLACE FUNCTION app_private.forget_failures(key bytea) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
  UPDATE app_private.sign_in_locks l SET failures = 0 WHERE l.lockout_key = key;
  DELETE FROM app_private.sign_in_locks l WHERE l.lockout_key = key AND l.pending = 0;
$$;

-- Starts a password sign-in: reserves an attempt and returns the salt. For an unknown e-mail address, the salt is a
-- constant decoy.
CREATE OR REPLACE FUNCTION app.begin_sign_in(address text, OUT state text, OUT salt bytea, OUT retry_seconds integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  key bytea := sha256(convert_to(address, 'UTF8')); u public.users; decoy_salt bytea;
BEGIN
  SELECT t.state, t.retry_seconds INTO state, retry_seconds FROM app_private.reserve_attempt(key) t;
  IF state = 'go' THEN
    decoy_salt := app_private.decoy_salt(key);
    u := app_private.user_or_decoy(address);
    SELECT c.salt INTO salt FROM app_private.credentials c WHERE c.user_id = u.id;
    salt := coalesce(CASE WHEN u.email = address THEN salt END, decoy_salt);
  END IF;
END $$;
GRANT EXECUTE ON FUNCTION app.begin_sign_in TO vouchsafe_app;

-- Completes a password sign-in.
-- - The state is `ok` if the password is correct and the session is open.
-- - The state is `second_factor` if the MFA challenge has started. The secret then belongs to the pending sign-in.
-- - The state is `refused` if the sign-in failed.
-- - The state is `locked` if this failure locks the e-mail address.
-- If no attempt is reserved, the function compares no password and returns `refused`. For an unknown e-mail address,
-- the audit event contains email_digest instead of a user. Thus known and unknown addresses cost the same work. The
-- context can write the outcome to the audit log of the user's organization, or of the installation if no organization
-- applies.
CREATE OR REPLACE FUNCTION app.complete_sign_in(
  address text, evaluated bytea, visit app.new_session, OUT state text, OUT user_id uuid, OUT org_id uuid,
  OUT membership_id uuid, OUT expires_at timestamptz, OUT remembered boolean, OUT email_digest uuid
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  key bytea := sha256(convert_to(address, 'UTF8'));
  u public.users; m public.memberships; known boolean; right_password boolean;
BEGIN
  IF NOT app_private.release_attempt(key) THEN
    state := 'refused'; org_id := '00000000-0000-0000-0000-000000000000';
    PERFORM app_private.sign_audit_only_context(org_id);
    RETURN;
  END IF;
  email_digest := left(encode(sha256(app_private.decoy_salt(key)), 'hex'), 32)::uuid;
  u := app_private.user_or_decoy(address);
  right_password := EXISTS (SELECT FROM app_private.credentials c
    WHERE c.user_id = u.id AND c.verifier = sha256(evaluated));
  m := app_private.default_membership(u.id, 'password');
  known := coalesce(u.email = address, false);
  user_id := CASE WHEN known THEN u.id END;
  right_password := right_password AND known;
  m := CASE WHEN known THEN m END;
  IF right_password AND m.id IS NOT NULL THEN
    org_id := m.org_id; membership_id := m.id;
    expires_at := app_private.start_mfa_challenge(m, key, visit);
    IF expires_at IS NOT NULL THEN
      state := 'second_factor';
      PERFORM app_private.sign_audit_only_context(org_id);
      RETURN;
    END IF;
    PERFORM app_private.forget_failures(key);
    expires_at := app_private.open_session(m, visit, 'password', 'infinity');
    PERFORM app_private.apply_remembered_device(m, visit);
    remembered := app_private.is_remembered(m, visit);
    state := 'ok';
    RETURN;
  END IF;
  org_id := coalesce(m.org_id, '00000000-0000-0000-0000-000000000000');
  PERFORM app_private.sign_audit_only_context(org_id);
  state := app_private.count_failure(key);
  IF state = 'locked' THEN PERFORM app_private.request_account_mail('locked', address); END IF;
  PERFORM app_private.detect_brute_force(org_id, user_id, key, visit);
END $$;
GRANT EXECUTE ON FUNCTION app.complete_sign_in TO vouchsafe_app;

-- Stores a password verifier. Ends all sessions of the user except keep_session, and invalidates all mailed tokens of
-- the user.
CREATE OR REPLACE FUNCTION app_private.store_password(
  member uuid, new_salt bytea, new_verifier bytea, keep_session uuid, must_change boolean
) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  INSERT INTO app_private.credentials (user_id, salt, verifier) VALUES (member, new_salt, new_verifier)
  ON CONFLICT (user_id) DO UPDATE SET salt = new_salt, verifier = new_verifier, changed_at = now();
  UPDATE public.users SET must_change_password = must_change WHERE id = member;
  UPDATE app_private.account_mails a SET consumed_at = now() FROM public.users u
   WHERE u.id = member AND a.lockout_key = app_private.lockout_key(u.email) AND a.consumed_at IS NULL
     AND a.kind <> 'locked';
  UPDATE public.sessions SET revoked_at = now()
    WHERE user_id = member AND revoked_at IS NULL AND id IS DISTINCT FROM keep_session;
END $$;

-- Returns true if a user's password has exactly this salt and verifier. Only a repeated form has the salt of a mailed
-- token, because the salt comes from the token.
CREATE OR REPLACE FUNCTION app_private.has_credential(member uuid, salt bytea, verifier bytea) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT EXISTS (SELECT FROM app_private.credentials c
    WHERE c.user_id = member AND c.salt = has_credential.salt AND c.verifier = has_credential.verifier)
$$;

-- Sets a password. Ends the user's other sessions and invalidates all mailed tokens of the user. A member must prove
-- the current password before changing it, because the same password also works in other organizations. The worker's
-- database role, which operators use, can set the password of any member of the current organization.
CREATE OR REPLACE FUNCTION app.set_password(
  member uuid, current bytea, new_salt bytea, new_verifier bytea, keep_session uuid, must_change boolean
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NOT coalesce(member = app.user_id()
    AND EXISTS (SELECT FROM app_private.credentials c WHERE c.user_id = member AND c.verifier = sha256(current))
    OR app.is_system() AND EXISTS (
    SELECT FROM public.memberships m WHERE m.org_id = app.org_id() AND m.user_id = member), false) THEN
    RAISE EXCEPTION 'only the user or an operator can set a password' USING ERRCODE = '42501';
  END IF;
  PERFORM app_private.store_password(member, new_salt, new_verifier, keep_session, must_change);
END $$;
GRANT EXECUTE ON FUNCTION app.set_password TO vouchsafe_app;

-- Returns the lockout key of a user. It is the key of the e-mail address with which the user signs in.
CREATE OR REPLACE FUNCTION app_private.lockout_key(member uuid) RETURNS bytea
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT sha256(convert_to(CASE WHEN u.scoped_org_id IS NULL THEN u.email ELSE u.id::text END, 'UTF8'))
    FROM public.users u WHERE u.id = member
$$;

-- Verifies the password of the current user. The parameter `evaluated` is the slow hash of the entered password.
-- - Returns `ok` if the password is correct.
-- - Returns `refused` if the password is wrong or no attempt is reserved.
-- - Returns `locked` if this failure locks the user out.
-- If no attempt is reserved, the function compares no password.
CREATE OR REPLACE FUNCTION app.prove_password(secret text, evaluated bytea) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  s public.sessions := app_private.own_session(secret);
  key bytea := app_private.lockout_key(s.user_id);
BEGIN
  IF NOT app_private.release_attempt(key) THEN RETURN 'refused'; END IF;
  IF NOT EXISTS (SELECT FROM app_private.credentials c
    WHERE c.user_id = s.user_id AND c.verifier = sha256(evaluated)) THEN
    RETURN app_private.count_failure(key);
  END IF;
  PERFORM app_private.forget_failures(key);
  RETURN 'ok';
END $$;
GRANT EXECUTE ON FUNCTION app.prove_password TO vouchsafe_app;

-- Returns the lockout key of an e-mail address: its SHA-256. The address can be unknown.
CREATE OR REPLACE FUNCTION app_private.lockout_key(address text) RETURNS bytea
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$ SELECT sha256(convert_to(address, 'UTF8')) $$;
