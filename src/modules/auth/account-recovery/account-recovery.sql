-- Account recovery: password reset and e-mail verification.

-- Returns the user with an e-mail address, or the next user in address order if no user has it. Thus known and unknown
-- addresses cost the same work. The caller must compare the result's address with the requested one.
CREATE OR REPLACE FUNCTION app_private.user_or_decoy(address text) RETURNS public.users
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  u public.users; last public.users;
BEGIN
  SELECT * INTO last FROM public.users x WHERE x.scoped_org_id IS NULL ORDER BY x.email DESC LIMIT 1;
  SELECT * INTO u FROM public.users x WHERE x.email >= address AND x.scoped_org_id IS NULL ORDER BY x.email LIMIT 1;
  RETURN CASE WHEN FOUND THEN u ELSE last END;
END $$;

-- Requests a mail to an e-mail address. The worker later resolves the address to a user. Each address can receive three
-- mails per kind and hour. The limit does not apply to lockout notices. The function silently ignores a request above
-- the limit, so the caller cannot detect it.
CREATE OR REPLACE FUNCTION app_private.request_account_mail(kind text, address text, member uuid DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  key bytea := app_private.lockout_key(address);
  mail uuid := gen_random_uuid();
  installation uuid := '00000000-0000-0000-0000-000000000000';
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('account mail ' || encode(key, 'hex'), 0));
  IF request_account_mail.kind <> 'locked' AND (SELECT count(*) FROM app_private.account_mails a
      WHERE a.lockout_key = key AND a.kind = request_account_mail.kind
        AND a.requested_at > now() - interval '1 hour') >= 3
    THEN RETURN; END IF;
  INSERT INTO app_private.account_mails (id, kind, lockout_key, address, user_id)
    VALUES (mail, request_account_mail.kind, key, request_account_mail.address, member);
  INSERT INTO public.outbox (org_id, id, job, group_key, payload, request_id)
  VALUES (installation, mail, 'account.mail', installation || ':account.mail', jsonb_build_object('mailId', mail),
    mail::text);
END $$;

-- Sets a signed, limited context for a caller who has presented a valid secret. The context cannot read or write tenant
-- rows. It can write any audit event, including success events, to the audit log of one organization.
CREATE OR REPLACE FUNCTION app_private.sign_authenticated_context(org uuid) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
  SELECT app_private.sign_context(ARRAY['proven', NULL, NULL, NULL, NULL, NULL, org::text, NULL])
$$;

-- Requests a password reset mail. The function looks up no user. It sets a context that can only write to the audit log
-- of the installation.
CREATE OR REPLACE FUNCTION app.request_password_reset(address text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM app_private.sign_audit_only_context('00000000-0000-0000-0000-000000000000');
  PERFORM app_private.request_account_mail('reset', address);
END $$;
GRANT EXECUTE ON FUNCTION app.request_password_reset TO vouchsafe_app;

-- Requests a mail with which the caller verifies the caller's e-mail address.
CREATE OR REPLACE FUNCTION app.request_email_verification() RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT app_private.request_account_mail('verify', u.email, u.id) FROM public.users u WHERE u.id = app.user_id()
$$;
GRANT EXECUTE ON FUNCTION app.request_email_verification TO vouchsafe_app;

-- Returns the recipient of a mail and the organization whose audit log records the mail. If no active member has the
-- address, the function returns no row and deletes the address from the mail. The column takes_passwords is true if an
-- organization of the user allows passwords.
CREATE OR REPLACE FUNCTION app.resolve_account_mail(mail uuid)
RETURNS TABLE (kind text, address text, user_id uuid, org_id uuid, takes_passwords boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  a app_private.account_mails; u public.users; home public.memberships; org uuid;
BEGIN
  SELECT x.* INTO a FROM app_private.account_mails x
    WHERE x.id = mail AND x.address IS NOT NULL AND x.consumed_at IS NULL;
  IF NOT FOUND THEN RETURN; END IF;
  SELECT x.* INTO u FROM public.users x
    WHERE x.email = a.address AND CASE a.kind WHEN 'verify' THEN x.id = a.user_id ELSE x.scoped_org_id IS NULL END;
  home := app_private.default_membership(u.id, 'password');
  org := coalesce(home.org_id,
    (SELECT m.org_id FROM public.memberships m JOIN public.organizations o ON o.id = m.org_id AND o.status = 'active'
    WHERE m.user_id = u.id AND m.status = 'active' ORDER BY m.created_at, m.id LIMIT 1));
  IF org IS NULL THEN
    UPDATE app_private.account_mails x SET address = NULL WHERE x.id = mail;
    RETURN;
  END IF;
  UPDATE app_private.account_mails x SET user_id = u.id WHERE x.id = mail;
  RETURN QUERY SELECT a.kind, a.address, u.id, org, home.id IS NOT NULL;
END $$;
GRANT EXECUTE ON FUNCTION app.resolve_account_mail TO vouchsafe_worker;

-- Replaces the token digest of a mail. Returns false if the mail has been sent or its token has been used or
-- invalidated.
CREATE OR REPLACE FUNCTION app.issue_account_token(mail uuid, hash bytea, minutes integer) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  UPDATE app_private.account_mails a SET token_hash = hash, expires_at = now() + make_interval(mins => minutes)
   WHERE a.id = mail AND a.address IS NOT NULL AND a.consumed_at IS NULL;
  RETURN FOUND;
END $$;
GRANT EXECUTE ON FUNCTION app.issue_account_token TO vouchsafe_worker;

-- Deletes the address from a mail after the mail was sent.
CREATE OR REPLACE FUNCTION app.account_mail_sent(mail uuid) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  UPDATE app_private.account_mails a SET address = NULL WHERE a.id = mail
$$;
GRANT EXECUTE ON FUNCTION app.account_mail_sent TO vouchsafe_worker;

-- Returns the e-mail address and the names of the user who can reset the password with a token. A new password must not
-- contain these values.
CREATE OR REPLACE FUNCTION app.token_owner(token text, OUT email text, OUT names text[])
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT u.email, (SELECT coalesce(array_agg(m.name), '{}') FROM public.memberships m WHERE m.user_id = u.id)
    FROM app_private.account_mails a JOIN public.users u ON u.id = a.user_id
   WHERE a.token_hash = sha256(convert_to(token, 'UTF8')) AND a.kind = 'reset' AND a.consumed_at IS NULL
     AND a.expires_at > now()
$$;
GRANT EXECUTE ON FUNCTION app.token_owner TO vouchsafe_app;

-- Marks a token as used. If several calls run in parallel, only one succeeds. Returns null if the token is invalid,
-- expired, or already used.
CREATE OR REPLACE FUNCTION app_private.consume_account_token(wanted text, token text) RETURNS app_private.account_mails
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
  UPDATE app_private.account_mails a SET consumed_at = now()
   WHERE a.token_hash = sha256(convert_to(token, 'UTF8')) AND a.kind = wanted AND a.consumed_at IS NULL
     AND a.expires_at > now() RETURNING a.*
$$;

-- Sets a password with a mailed token. Ends all sessions and invalidates all other tokens of the user. Also removes the
-- lockout and marks the e-mail address as verified. It opens no session and changes no factor. The context can only
-- write to the audit log.
-- - The state is `ok` if the password was set.
-- - The state is `repeated` if the same token set the same password in the last five minutes. Nothing changes.
-- - The state is `invalid` in all other cases.
CREATE OR REPLACE FUNCTION app.reset_password(
  token text, new_salt bytea, new_verifier bytea, OUT state text, OUT org_id uuid, OUT user_id uuid
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  a app_private.account_mails := app_private.consume_account_token('reset', token); home public.memberships;
BEGIN
  state := 'invalid'; org_id := '00000000-0000-0000-0000-000000000000';
  IF a.id IS NOT NULL THEN
    -- Sign-in locks the lockout row first and the user's row second. This function keeps that order to prevent
    -- deadlocks.
    DELETE FROM app_private.sign_in_locks l WHERE l.lockout_key = a.lockout_key;
    PERFORM 1 FROM public.users u
      WHERE u.id = a.user_id AND u.scoped_org_id IS NULL AND app_private.lockout_key(u.email) = a.lockout_key
      FOR UPDATE;
    IF FOUND THEN home := app_private.default_membership(a.user_id, 'password'); END IF;
    IF home.id IS NOT NULL THEN
      PERFORM app_private.store_password(a.user_id, new_salt, new_verifier, NULL, false);
      UPDATE public.users u SET email_proven_at = now() WHERE u.id = a.user_id;
      state := 'ok'; org_id := home.org_id; user_id := a.user_id;
      PERFORM app_private.sign_authenticated_context(org_id);
      RETURN;
    END IF;
  ELSIF EXISTS (SELECT FROM app_private.account_mails x
    WHERE x.token_hash = sha256(convert_to(token, 'UTF8')) AND x.kind = 'reset'
      AND x.consumed_at > now() - interval '5 minutes'
      AND app_private.has_credential(x.user_id, new_salt, new_verifier)) THEN
    state := 'repeated';
  END IF;
  PERFORM app_private.sign_audit_only_context(org_id);
END $$;
GRANT EXECUTE ON FUNCTION app.reset_password TO vouchsafe_app;

-- Verifies the caller's e-mail address with a token that the caller requested. Returns false if the token is invalid. A
-- token that verified the address in the last five minutes is still valid, because a form can be sent twice.
CREATE OR REPLACE FUNCTION app.verify_email(token text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  me uuid := app.user_id(); a app_private.account_mails;
BEGIN
  PERFORM 1 FROM app_private.account_mails x WHERE x.token_hash = sha256(convert_to(token, 'UTF8')) AND x.user_id = me;
  IF NOT FOUND THEN RETURN false; END IF;
  a := app_private.consume_account_token('verify', token);
  UPDATE public.users u SET email_proven_at = now()
    WHERE a.id IS NOT NULL AND u.id = me AND app_private.lockout_key(u.email) = a.lockout_key;
  RETURN FOUND OR EXISTS (SELECT FROM app_private.account_mails x JOIN public.users u ON u.id = x.user_id
    WHERE x.token_hash = sha256(convert_to(token, 'UTF8')) AND x.user_id = me AND x.kind = 'verify'
      AND x.consumed_at > now() - interval '5 minutes' AND u.email_proven_at = x.consumed_at
      AND app_private.lockout_key(u.email) = x.lockout_key);
END $$;
GRANT EXECUTE ON FUNCTION app.verify_email TO vouchsafe_app;

-- Deletes locks and failures that are older than one hour, and mails that are older than two days. Also deletes the
-- address from each mail that remains unsent after one hour.
CREATE OR REPLACE FUNCTION app.sweep_sign_in(OUT locks bigint, OUT mails bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  DELETE FROM app_private.sign_in_locks l WHERE l.last_at < now() - interval '1 hour';
  GET DIAGNOSTICS locks = ROW_COUNT;
  UPDATE app_private.account_mails a SET address = NULL
    WHERE a.address IS NOT NULL AND a.requested_at < now() - interval '1 hour';
  DELETE FROM app_private.account_mails a WHERE a.requested_at < now() - interval '2 days';
  GET DIAGNOSTICS mails = ROW_COUNT;
END $$;
GRANT EXECUTE ON FUNCTION app.sweep_sign_in TO vouchsafe_worker;
