-- MFA enrollment: adding, listing, and removing factors and remembered devices.

-- Returns the caller's session if its user authenticated locally within the last 31 minutes. Otherwise raises
-- step_up_required. This check prevents a stolen session or an identity provider from changing factors. One
-- organization trusts an identity provider, but a factor is valid in all of the user's organizations. Every function
-- that changes factors calls it first. It locks the user, so that parallel changes in two sessions see each other.
CREATE OR REPLACE FUNCTION app_private.authenticated_session(secret text) RETURNS public.sessions
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  s public.sessions;
BEGIN
  PERFORM FROM public.users u WHERE u.id = app.user_id() FOR NO KEY UPDATE;
  s := app_private.own_session(secret);
  IF (CASE WHEN app.is_local(s.method) THEN app.authenticated_at(s)
    ELSE coalesce(s.stepped_up_at, to_timestamp(0)) END) < now() - interval '31 minutes'
      THEN RAISE EXCEPTION 'step_up_required' USING ERRCODE = 'VS409'; END IF;
  RETURN s;
END $$;

-- Returns true if the user's key encrypts a factor or has derived a recovery code.
CREATE OR REPLACE FUNCTION app_private.uses_key(member uuid) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT EXISTS (SELECT FROM app_private.totp_factors t WHERE t.user_id = member)
      OR EXISTS (SELECT FROM app_private.passkeys p WHERE p.user_id = member)
      OR EXISTS (SELECT FROM app_private.recovery_codes r WHERE r.user_id = member)
$$;

-- Stores the wrapped key of the current user, unless one is stored already. The KMS cannot unwrap a key that SQL made
-- up. The caller names such a key as `unreadable`. The new key replaces it if nothing depends on it. Returns the stored
-- key.
CREATE OR REPLACE FUNCTION app.keep_own_key(new_wrapped bytea, unreadable bytea) RETURNS bytea
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  me uuid := app.user_id();
BEGIN
  PERFORM FROM public.users u WHERE u.id = me FOR NO KEY UPDATE;
  INSERT INTO app_private.user_keys AS k (user_id, wrapped) VALUES (me, new_wrapped)
    ON CONFLICT (user_id) DO UPDATE SET wrapped = new_wrapped
      WHERE k.wrapped = unreadable AND NOT app_private.uses_key(me);
  RETURN (SELECT k.wrapped FROM app_private.user_keys k WHERE k.user_id = me);
END $$;
GRANT EXECUTE ON FUNCTION app.keep_own_key TO vouchsafe_app;

-- Records on the session that its user presented the new factor. Ends the user's other local sessions that were opened
-- without a factor.
CREATE OR REPLACE FUNCTION app_private.factor_added(s public.sessions, new_hash bytea) RETURNS timestamptz
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  UPDATE public.sessions x SET second_factor_at = now(), stepped_up_at = now(), remembered_device = false
    WHERE x.org_id = s.org_id AND x.id = s.id;
  UPDATE public.sessions x SET revoked_at = now()
   WHERE x.user_id = s.user_id AND x.revoked_at IS NULL AND app.is_local(x.method) AND x.second_factor_at IS NULL;
  RETURN app_private.rotate(s, new_hash);
END $$;

-- Starts TOTP enrollment and replaces an unfinished enrollment. Raises totp_already_enrolled if the user has a
-- confirmed TOTP factor.
CREATE OR REPLACE FUNCTION app.enroll_totp(secret text, new_sealed bytea, new_proof_hash bytea) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  s public.sessions := app_private.authenticated_session(secret);
BEGIN
  DELETE FROM app_private.totp_factors t WHERE t.user_id = s.user_id AND t.confirmed_at IS NULL;
  INSERT INTO app_private.totp_factors (user_id, sealed, proof_hash) VALUES (s.user_id, new_sealed, new_proof_hash)
    ON CONFLICT DO NOTHING;
  IF NOT FOUND THEN RAISE EXCEPTION 'totp_already_enrolled' USING ERRCODE = 'VS409'; END IF;
END $$;
GRANT EXECUTE ON FUNCTION app.enroll_totp TO vouchsafe_app;

-- Confirms TOTP enrollment with a code and rotates the session. Returns the session's expiry. Returns null if no
-- unfinished enrollment matches the code.
CREATE OR REPLACE FUNCTION app.confirm_totp(secret text, shown app.presented_factor, new_hash bytea) RETURNS timestamptz
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  s public.sessions := app_private.authenticated_session(secret);
BEGIN
  UPDATE app_private.totp_factors t SET confirmed_at = now(), last_step = shown.step
   WHERE t.user_id = s.user_id AND t.confirmed_at IS NULL AND t.proof_hash = sha256(shown.proof);
  RETURN CASE WHEN FOUND THEN app_private.factor_added(s, new_hash) END;
END $$;
GRANT EXECUTE ON FUNCTION app.confirm_totp TO vouchsafe_app;

-- Replaces all recovery codes of the caller.
CREATE OR REPLACE FUNCTION app.set_recovery_codes(secret text, lookups bytea[], salts bytea[], verifiers bytea[])
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  s public.sessions := app_private.authenticated_session(secret);
BEGIN
  IF NOT app_private.has_factor(s.user_id) THEN RAISE EXCEPTION 'no_factor_enrolled' USING ERRCODE = 'VS409'; END IF;
  DELETE FROM app_private.recovery_codes r WHERE r.user_id = s.user_id;
  INSERT INTO app_private.recovery_codes (user_id, lookup, salt, verifier)
    SELECT s.user_id, c.lookup, c.salt, c.verifier FROM unnest(lookups, salts, verifiers) AS c (lookup, salt, verifier);
END $$;
GRANT EXECUTE ON FUNCTION app.set_recovery_codes TO vouchsafe_app;

-- Does nothing if the user still has a factor. Raises last_factor_required if an organization of the user requires MFA.
-- Otherwise deletes the user's recovery codes and remembered devices.
CREATE OR REPLACE FUNCTION app_private.factor_removed(member uuid) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF app_private.has_factor(member) THEN RETURN; END IF;
  IF EXISTS (SELECT FROM public.memberships m JOIN public.organizations o ON o.id = m.org_id AND o.require_mfa
    WHERE m.user_id = member AND m.status = 'active') THEN
    RAISE EXCEPTION 'last_factor_required' USING ERRCODE = 'VS409';
  END IF;
  DELETE FROM app_private.recovery_codes r WHERE r.user_id = member;
  DELETE FROM app_private.remembered_devices d WHERE d.user_id = member;
END $$;

-- Removes the TOTP factor of the caller. Returns false if the caller has none.
CREATE OR REPLACE FUNCTION app.delete_totp(secret text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  s public.sessions := app_private.authenticated_session(secret);
BEGIN
  DELETE FROM app_private.totp_factors t WHERE t.user_id = s.user_id AND t.confirmed_at IS NOT NULL;
  IF NOT FOUND THEN RETURN false; END IF;
  PERFORM app_private.factor_removed(s.user_id);
  RETURN true;
END $$;
GRANT EXECUTE ON FUNCTION app.delete_totp TO vouchsafe_app;

-- Adds a passkey and rotates the session. A user can have at most ten passkeys. Returns the session's expiry.
CREATE OR REPLACE FUNCTION app.add_passkey(secret text, new_hash bytea, new_id uuid, passkey jsonb) RETURNS timestamptz
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  s public.sessions := app_private.authenticated_session(secret);
BEGIN
  IF (SELECT count(*) FROM app_private.passkeys p WHERE p.user_id = s.user_id) >= 10 THEN
    RAISE EXCEPTION 'passkey_limit_reached' USING ERRCODE = 'VS409';
  END IF;
  INSERT INTO app_private.passkeys (id, user_id, name, credential_id, public_key, counter, transports, backed_up,
    sealed, proof_hash)
    SELECT new_id, s.user_id, p.name, p.credential_id, p.public_key, p.counter, p.transports, p.backed_up, p.sealed,
      p.proof_hash
      FROM jsonb_populate_record(NULL::app_private.passkeys, passkey) p ON CONFLICT DO NOTHING;
  IF NOT FOUND THEN RAISE EXCEPTION 'passkey_already_enrolled' USING ERRCODE = 'VS409'; END IF;
  RETURN app_private.factor_added(s, new_hash);
END $$;
GRANT EXECUTE ON FUNCTION app.add_passkey TO vouchsafe_app;

-- Returns the passkeys of the caller.
CREATE OR REPLACE FUNCTION app.own_passkeys()
RETURNS TABLE (id uuid, name text, backed_up boolean, created_at timestamptz, last_used_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT p.id, p.name, p.backed_up, p.created_at, p.last_used_at FROM app_private.passkeys p
    WHERE p.user_id = app.user_id() ORDER BY p.id
$$;
GRANT EXECUTE ON FUNCTION app.own_passkeys TO vouchsafe_app;

-- Renames a passkey of the caller. Returns false if the caller has no such passkey.
CREATE OR REPLACE FUNCTION app.rename_passkey(passkey uuid, new_name text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  UPDATE app_private.passkeys p SET name = new_name WHERE p.id = passkey AND p.user_id = app.user_id();
  RETURN FOUND;
END $$;
GRANT EXECUTE ON FUNCTION app.rename_passkey TO vouchsafe_app;

-- Removes a passkey of the caller. Returns false if the caller has no such passkey.
CREATE OR REPLACE FUNCTION app.delete_passkey(secret text, passkey uuid) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  s public.sessions := app_private.authenticated_session(secret);
BEGIN
  DELETE FROM app_private.passkeys p WHERE p.id = passkey AND p.user_id = s.user_id;
  IF NOT FOUND THEN RETURN false; END IF;
  PERFORM app_private.factor_removed(s.user_id);
  RETURN true;
END $$;
GRANT EXECUTE ON FUNCTION app.delete_passkey TO vouchsafe_app;

-- Returns the devices that the current organization remembers for the caller.
CREATE OR REPLACE FUNCTION app.own_devices()
RETURNS TABLE (id uuid, ip text, user_agent text, created_at timestamptz, expires_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT d.id, host(d.ip), d.user_agent, d.created_at, d.expires_at FROM app_private.remembered_devices d
   WHERE d.user_id = app.user_id() AND d.organization = app.org_id() AND d.expires_at > now() ORDER BY d.id DESC
$$;
GRANT EXECUTE ON FUNCTION app.own_devices TO vouchsafe_app;

-- Removes a device that the current organization remembers for the caller. Returns false if no such device exists.
CREATE OR REPLACE FUNCTION app.forget_device(device uuid) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  DELETE FROM app_private.remembered_devices d
    WHERE d.id = device AND d.user_id = app.user_id() AND d.organization = app.org_id();
  RETURN FOUND;
END $$;
GRANT EXECUTE ON FUNCTION app.forget_device TO vouchsafe_app;

-- Removes the user's remembered devices and pending sign-ins after a password change.
CREATE OR REPLACE FUNCTION app_private.password_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  DELETE FROM app_private.remembered_devices d WHERE d.user_id = NEW.user_id;
  UPDATE app_private.pending_sign_ins p SET ended_at = now() WHERE p.user_id = NEW.user_id AND p.ended_at IS NULL;
  RETURN NULL;
END $$;

CREATE TRIGGER password_changed AFTER UPDATE ON app_private.credentials FOR EACH ROW
  EXECUTE FUNCTION app_private.password_changed();

-- Removes all factors of a member of the current organization and ends the member's sessions. The caller needs
-- membership:reset-factors in an interactive session. If the member belongs to other organizations too, the function
-- raises factor_reset_not_allowed. Only operators can reset the factors of such a member.
CREATE OR REPLACE FUNCTION app.reset_factors(member uuid) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  m public.memberships;
BEGIN
  SELECT * INTO m FROM public.memberships x WHERE x.org_id = app.org_id() AND x.id = member AND x.status = 'active';
  IF NOT FOUND THEN RETURN false; END IF;
  PERFORM FROM public.users u WHERE u.id = m.user_id FOR NO KEY UPDATE;
  IF NOT app.is_system() THEN
    IF NOT app.has_permission('membership:reset-factors') OR app.interactive_membership_id() IS NULL THEN
      RAISE EXCEPTION 'a factor reset requires the permission and an interactive session' USING ERRCODE = '42501';
    END IF;
    IF m.id = app.interactive_membership_id()
      OR EXISTS (SELECT FROM jsonb_each_text(m.grants) g
        WHERE app.scope_rank(g.value) > app.scope_rank(app.grantable_scope(m.org_id, g.key))) THEN
      RAISE EXCEPTION 'insufficient_privileges_to_grant' USING ERRCODE = 'VS409';
    END IF;
    IF EXISTS (SELECT FROM public.memberships x
      WHERE x.user_id = m.user_id AND x.org_id <> m.org_id AND x.status = 'active') THEN
      RAISE EXCEPTION 'factor_reset_not_allowed' USING ERRCODE = 'VS409';
    END IF;
  END IF;
  DELETE FROM app_private.totp_factors t WHERE t.user_id = m.user_id;
  DELETE FROM app_private.passkeys p WHERE p.user_id = m.user_id;
  DELETE FROM app_private.recovery_codes r WHERE r.user_id = m.user_id;
  DELETE FROM app_private.remembered_devices d WHERE d.user_id = m.user_id;
  DELETE FROM app_private.user_keys k WHERE k.user_id = m.user_id;
  UPDATE app_private.pending_sign_ins p SET ended_at = now() WHERE p.user_id = m.user_id AND p.ended_at IS NULL;
  UPDATE public.sessions s SET revoked_at = now() WHERE s.user_id = m.user_id AND s.revoked_at IS NULL;
  RETURN true;
END $$;
GRANT EXECUTE ON FUNCTION app.reset_factors TO vouchsafe_app;

-- Deletes expired pending sign-ins and expired remembered devices. Also deletes TOTP enrollments that remain unfinished
-- for more than one day. Returns the number of deleted rows.
CREATE OR REPLACE FUNCTION app.sweep_sign_ins() RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH pending AS (DELETE FROM app_private.pending_sign_ins p WHERE p.expires_at < now() RETURNING 1),
    unfinished AS (DELETE FROM app_private.totp_factors t
      WHERE t.confirmed_at IS NULL AND t.created_at < now() - interval '1 day' RETURNING 1),
    devices AS (DELETE FROM app_private.remembered_devices d WHERE d.expires_at < now() RETURNING 1)
  SELECT ((SELECT count(*) FROM pending) + (SELECT count(*) FROM unfinished) + (SELECT count(*) FROM devices))::integer
$$;
GRANT EXECUTE ON FUNCTION app.sweep_sign_ins TO vouchsafe_worker;
