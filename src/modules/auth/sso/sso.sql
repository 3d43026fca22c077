-- SSO sign-in: identities, their memberships, and logout by the identity provider.
-- requires modules/auth/mfa/mfa.sql

-- Returns true if a user has a password, an identity at an identity provider, a confirmed TOTP factor, or a passkey.
CREATE OR REPLACE FUNCTION app_private.has_sign_in_method(account uuid) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT EXISTS (SELECT FROM app_private.credentials k WHERE k.user_id = account)
      OR EXISTS (SELECT FROM public.sso_identities i JOIN public.memberships m ON m.org_id = i.org_id
        AND m.id = i.membership_id WHERE m.user_id = account)
      OR app_private.has_factor(account)
$$;

-- Returns true if a user can sign in or has ever done so, also after the last identity was removed.
CREATE OR REPLACE FUNCTION app_private.has_signed_in(account uuid) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT app_private.has_sign_in_method(account)
      OR EXISTS (SELECT FROM public.memberships m WHERE m.user_id = account AND m.last_used_at IS NOT NULL)
$$;

-- Separates a member of an organization from an account whose owner has never signed in, and returns the member's user.
-- This user is scoped to the organization. The account keeps its other memberships, and the address stays free for its
-- owner: an assertion of one organization's directory neither blocks the address nor reaches another organization.
CREATE OR REPLACE FUNCTION app_private.scope_member(org uuid, u public.users, new_user uuid) RETURNS uuid
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM public.memberships m WHERE m.user_id = u.id AND m.org_id <> org) THEN
    UPDATE public.users x SET scoped_org_id = org, email_proven_at = NULL WHERE x.id = u.id;
    RETURN u.id;
  END IF;
  INSERT INTO public.users (id, email, scoped_org_id) VALUES (new_user, u.email, org);
  UPDATE public.memberships m SET user_id = new_user WHERE m.org_id = org AND m.user_id = u.id;
  RETURN new_user;
END $$;

-- Resolves an e-mail address that an organization's identity provider or SCIM client sent to a user.
-- - If the organization has a user of its own with this address, returns that user, but only if the user has never
--   signed in, or if the address is confirmed and the user's last identity was removed.
-- - If the organization has verified the domain, returns the existing account. An account that has signed in must also
--   have a verified e-mail address.
-- - If the account is a member of the organization and has never signed in, separates the member from the account and
--   returns the member's user.
-- - In all other cases, creates a user. Without a verified domain, the user is scoped to the organization.
-- Returns null if the organization may not claim the account. If a parallel transaction creates the user first, the
-- function decides again.
CREATE OR REPLACE FUNCTION app_private.resolve_verified_user(org uuid, address text, new_user uuid) RETURNS uuid
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  u public.users; own public.users; answers boolean := app_private.has_verified_domain(org, address);
BEGIN
  SELECT * INTO u FROM public.users x WHERE x.email = address AND x.scoped_org_id IS NULL FOR UPDATE;
  SELECT * INTO own FROM public.users x WHERE x.email = address AND x.scoped_org_id = org FOR UPDATE;
  IF own.id IS NOT NULL THEN
    RETURN CASE WHEN NOT app_private.has_signed_in(own.id)
      OR NOT app_private.has_sign_in_method(own.id) AND app_private.is_confirmed_in(org, own) THEN own.id END;
  END IF;
  IF answers AND u.id IS NOT NULL THEN
    RETURN CASE WHEN u.email_proven_at IS NOT NULL OR NOT app_private.has_signed_in(u.id) THEN u.id END;
  END IF;
  IF EXISTS (SELECT FROM public.memberships m WHERE m.org_id = org AND m.user_id = u.id) THEN
    RETURN CASE WHEN NOT app_private.has_signed_in(u.id) THEN app_private.scope_member(org, u, new_user) END;
  END IF;
  INSERT INTO public.users (id, email, scoped_org_id, email_proven_at)
  VALUES (new_user, address, CASE WHEN NOT answers THEN org END, CASE WHEN answers THEN now() END)
  ON CONFLICT DO NOTHING;
  IF FOUND THEN RETURN new_user; END IF;
  IF EXISTS (SELECT FROM public.users x WHERE x.id = new_user) THEN
    RAISE EXCEPTION 'the id of the new user is in use' USING ERRCODE = '23505';
  END IF;
  RETURN app_private.resolve_verified_user(org, address, new_user);
END $$;

-- Sets a context that can only write a failed sign-in to the audit log of the connection's organization.
CREATE OR REPLACE FUNCTION app.enter_sso_log(connection uuid) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  org uuid := coalesce((SELECT c.org_id FROM public.sso_connections c WHERE c.id = connection),
    '00000000-0000-0000-0000-000000000000');
BEGIN
  PERFORM app_private.sign_audit_only_context(org);
  RETURN org;
END $$;
GRANT EXECUTE ON FUNCTION app.enter_sso_log TO vouchsafe_app;

-- Returns the membership of an identity and how it was found.
-- - The state is `known` if the identity is already linked to a membership.
-- - The state is `linked` if the identity is now linked to the membership of a proven offer; see app.prove_link.
-- - The state is `moved` if a move of identities named the membership; see app.move_identities.
-- - The state is `claimed` if the identity is now linked to a member with this e-mail address who never signed in.
-- - The state is `linked_by_address` if the member has signed in before, and app_private.claim_needs_proof allows it.
-- - The state is `provisioned` if the function created a membership. The connection must allow provisioning.
-- - The state is `email_missing` if the provider sent no e-mail address.
-- - The state is `account_exists` if the organization may not claim the account with this e-mail address. The
--   membership is set if the account belongs to a member, who can prove it.
-- - The state is `account_unknown` if no membership exists and the connection does not allow provisioning.
-- - The state is `link_expired` if app_private.use_link rejects the offer.
-- - The state is `membership_ended` if the answer means a former member. No identity is stored for a later return.
-- Of two parallel first sign-ins of one person, the second waits and then finds the identity.
CREATE OR REPLACE FUNCTION app_private.sso_membership(
  c public.sso_connections, subject text, address text, full_name text, new_role text, new_user uuid,
  new_membership uuid, link_secret text, OUT member_id uuid, OUT state text
) LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  SELECT i.membership_id INTO member_id FROM public.sso_identities i
   WHERE i.org_id = c.org_id AND i.connection_id = c.id AND i.subject_key = subject;
  IF NOT FOUND THEN
    PERFORM pg_advisory_xact_lock(hashtextextended('sso identity ' || c.id || ' ' || subject, 0));
    SELECT i.membership_id INTO member_id FROM public.sso_identities i
     WHERE i.org_id = c.org_id AND i.connection_id = c.id AND i.subject_key = subject;
  END IF;
  IF FOUND AND link_secret IS NULL THEN state := 'known'; RETURN; END IF;
  IF link_secret IS NOT NULL THEN
    member_id := app_private.use_link(c, subject, link_secret);
    state := CASE WHEN member_id IS NULL THEN 'link_expired' ELSE 'linked' END;
  ELSE
    SELECT r.member_id, r.state INTO member_id, state
      FROM app_private.first_membership(c, subject, address, full_name, new_role, new_user, new_membership) r;
  END IF;
  IF state IN ('linked', 'moved', 'claimed', 'linked_by_address', 'provisioned') THEN
    INSERT INTO public.sso_identities (org_id, connection_id, subject_key, membership_id)
      VALUES (c.org_id, c.id, subject, member_id);
  END IF;
END $$;

-- Decides which membership the first answer about a subject means; see app_private.sso_membership.
CREATE OR REPLACE FUNCTION app_private.first_membership(
  c public.sso_connections, subject text, address text, full_name text, new_role text, new_user uuid,
  new_membership uuid, OUT member_id uuid, OUT state text
) LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  m public.memberships; meant uuid; is_used boolean; is_moved boolean;
BEGIN
  -- two first answers about one account wait for each other, so the second sees the identity of the first
  PERFORM FROM public.users u WHERE u.email = address AND (u.scoped_org_id IS NULL OR u.scoped_org_id = c.org_id)
    ORDER BY u.id FOR UPDATE;
  member_id := app_private.scim_member(c, subject, address);
  IF member_id IS NOT NULL THEN
    SELECT x.* INTO m FROM public.memberships x WHERE x.org_id = c.org_id AND x.id = member_id FOR UPDATE;
    state := CASE WHEN m.status <> 'active' THEN 'membership_ended'
      WHEN app_private.claim_needs_proof(c, m, new_role) THEN 'account_exists'
      WHEN app_private.has_signed_in(m.user_id) THEN 'linked_by_address'
      ELSE 'claimed' END;
    RETURN;
  END IF;
  SELECT r.member_id, r.claimed INTO member_id, is_moved FROM app_private.use_move(c, subject, address, new_role) r;
  IF member_id IS NOT NULL THEN
    state := CASE WHEN is_moved THEN 'moved' ELSE 'account_exists' END;
    RETURN;
  END IF;
  IF address IS NULL THEN state := 'email_missing'; RETURN; END IF;
  m := app_private.member_with_address(c.org_id, address);
  IF m.status <> 'active' THEN member_id := m.id; state := 'membership_ended'; RETURN; END IF;
  is_used := app_private.has_signed_in(m.user_id);
  IF NOT coalesce(app_private.claim_needs_proof(c, m, new_role), false) THEN
    meant := app_private.resolve_verified_user(c.org_id, address, new_user);
  END IF;
  IF meant IS NULL THEN member_id := m.id; state := 'account_exists'; RETURN; END IF;
  SELECT x.id INTO member_id FROM public.memberships x WHERE x.user_id = meant AND x.org_id = c.org_id;
  IF member_id IS NOT NULL THEN
    state := CASE WHEN is_used THEN 'linked_by_address' ELSE 'claimed' END;
  ELSIF c.jit_provisioning THEN
    INSERT INTO public.memberships (org_id, id, user_id, name, role)
      VALUES (c.org_id, new_membership, meant, coalesce(full_name, address), new_role);
    member_id := new_membership;
    state := 'provisioned';
  ELSE
    DELETE FROM public.users u WHERE u.id = meant AND u.id = new_user;
    state := 'account_unknown';
  END IF;
END $$;

-- Copies a changed name and e-mail address from the provider to a member whose user only this organization knows. Other
-- accounts keep theirs, because another organization or the owner decides about them; the difference is shown. A member
-- whom a SCIM client manages keeps the client's data. The copied address is for display and mail. It finds no user,
-- because users can often edit their address at the provider. The address of another member is not copied. The column
-- `old_address` names the address before the change, for the mail about it; see app.old_address.
CREATE OR REPLACE FUNCTION app_private.follow_provider(
  m public.memberships, full_name text, address text, OUT followed boolean, OUT old_address uuid
) LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  u public.users; wanted text;
BEGIN
  followed := false;
  SELECT x.* INTO u FROM public.users x WHERE x.id = m.user_id AND x.scoped_org_id = m.org_id;
  IF NOT FOUND OR EXISTS (SELECT FROM public.scim_users s WHERE s.org_id = m.org_id AND s.membership_id = m.id) THEN
    RETURN;
  END IF;
  UPDATE public.memberships x SET name = full_name WHERE x.org_id = m.org_id AND x.id = m.id AND x.name <> full_name;
  followed := FOUND;
  IF address <> u.email AND NOT EXISTS (SELECT FROM public.users x JOIN public.memberships y ON y.user_id = x.id
      WHERE y.org_id = m.org_id AND x.email = address) AND NOT EXISTS (SELECT FROM public.users x
      WHERE x.scoped_org_id = m.org_id AND x.followed_email = address AND x.id <> u.id) THEN wanted := address; END IF;
  IF address IS NULL OR wanted IS NOT DISTINCT FROM u.followed_email THEN RETURN; END IF;
  UPDATE public.users x SET followed_email = wanted WHERE x.id = u.id;
  followed := true;
  INSERT INTO app_private.account_mails (id, kind, lockout_key, address, user_id)
    VALUES (gen_random_uuid(), 'notice', app_private.lockout_key(u.contact_email), u.contact_email, u.id)
    RETURNING id INTO old_address;
END $$;

-- Returns the address that a member of the current organization had before the provider changed it. Returns null after
-- an hour; see app.sweep_sign_in.
CREATE OR REPLACE FUNCTION app.old_address(notice uuid) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT a.address FROM app_private.account_mails a
    JOIN public.memberships m ON m.org_id = app.org_id() AND m.user_id = a.user_id
   WHERE a.id = notice AND a.kind = 'notice'
$$;
GRANT EXECUTE ON FUNCTION app.old_address TO vouchsafe_worker;

-- Opens a session for a verified response of an identity provider. The caller must present the secret of the
-- connection. The member gets the role that the provider's groups determine. If the role changes, the member's other
-- sessions end. These states of sso_membership open a session: `known`, `claimed`, `provisioned`, `linked`,
-- `linked_by_address`, and `moved`. The other states do not. If the state is `account_exists` and the member can prove
-- the account, the membership is set, and the secret of the session is that of an offer to link the identity.
-- The parameter `link_secret` is the secret of such an offer. These states do not open a session either:
-- - `connection_rejected` if the connection or its secret is invalid, or the organization does not allow the protocol.
-- - `role_missing` if the provider's groups determine no role.
-- - `membership_ended` if the membership has ended.
-- - `last_owner` if the role change would leave the organization without an owner.
CREATE OR REPLACE FUNCTION app.sso_sign_in(
  connection uuid, db_secret bytea, subject text, address text, full_name text, granted_role text, new_user uuid,
  new_membership uuid, idp_session text, max_expiry timestamptz, visit app.new_session, facts jsonb,
  link_secret text DEFAULT NULL, OUT state text, OUT org_id uuid, OUT user_id uuid, OUT membership_id uuid,
  OUT email text, OUT role_before text, OUT role_now text, OUT expires_at timestamptz, OUT followed boolean
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  c public.sso_connections; m public.memberships; member_id uuid; old_address uuid;
BEGIN
  SELECT x.* INTO c FROM public.sso_connections x
    JOIN public.organizations o ON o.id = x.org_id AND o.status = 'active' AND x.protocol = ANY (o.allowed_sign_in)
   WHERE x.id = connection AND x.enabled AND x.status = 'ready' AND x.db_secret_hash = sha256(db_secret);
  IF NOT FOUND THEN
    state := 'connection_rejected';
    org_id := app.enter_sso_log(connection);
    RETURN;
  END IF;
  org_id := c.org_id;
  PERFORM app_private.sign_audit_only_context(c.org_id);
  IF app_private.scim_member(c, subject, address) IS NOT NULL
    THEN -- the SCIM groups take precedence
    granted_role := app_private.scim_role_of(c, app_private.scim_member(c, subject, address));
  END IF;
  IF NOT coalesce(app_private.is_role(c.org_id, granted_role), false) THEN
    state := 'role_missing'; -- revoke the sessions of a member without a role
    UPDATE public.sessions s SET revoked_at = now()
      WHERE s.org_id = c.org_id AND s.revoked_at IS NULL AND s.membership_id = (
      SELECT i.membership_id FROM public.sso_identities i
        WHERE i.org_id = c.org_id AND i.connection_id = c.id AND i.subject_key = subject);
  ELSE
    SELECT r.member_id, r.state INTO member_id, state
      FROM app_private.sso_membership(c, subject, address, full_name, granted_role, new_user, new_membership,
        link_secret) r;
    SELECT x.* INTO m FROM public.memberships x WHERE x.org_id = c.org_id AND x.id = member_id;
    IF m.status = 'ended' THEN state := 'membership_ended'; END IF; -- also for a known identity
  END IF;
  IF state = 'account_exists' AND app_private.offer_link(c, m, subject, visit) THEN membership_id := m.id; END IF;
  IF state NOT IN ('known', 'claimed', 'provisioned', 'linked', 'linked_by_address', 'moved') THEN RETURN; END IF;
  role_before := m.role; role_now := granted_role;
  IF m.role <> granted_role THEN
    BEGIN
      UPDATE public.memberships x SET role = granted_role WHERE x.org_id = m.org_id AND x.id = m.id RETURNING * INTO m;
    EXCEPTION WHEN SQLSTATE 'VS409' THEN
      state := 'last_owner';
      RETURN;
    END;
    UPDATE public.sessions s SET revoked_at = now()
      WHERE s.org_id = m.org_id AND s.membership_id = m.id AND s.revoked_at IS NULL;
  END IF;
  SELECT f.followed, f.old_address INTO followed, old_address FROM app_private.follow_provider(m, full_name, address) f;
  UPDATE public.sso_identities i
    SET last_sign_in_at = now(), facts = sso_sign_in.facts, provider_name = full_name, provider_email = address
   WHERE i.org_id = c.org_id AND i.connection_id = c.id AND i.subject_key = subject;
  expires_at := app_private.open_session(m, visit, c.protocol, max_expiry);
  UPDATE public.sessions s
    SET connection_id = c.id, idp_subject = visit.idp_subject, idp_session = sso_sign_in.idp_session,
         logout_hint_enc = visit.logout_hint_enc,
         logout_hint_session = CASE WHEN visit.logout_hint_enc IS NOT NULL THEN visit.id END,
         signed_in_at = least(now(), coalesce(visit.signed_in_at, now())) WHERE s.org_id = m.org_id AND s.id = visit.id;
  user_id := m.user_id; membership_id := m.id;
  email := (SELECT u.contact_email FROM public.users u WHERE u.id = m.user_id);
  IF old_address IS NOT NULL THEN
    PERFORM app_private.enqueue_job(c.org_id, 'sso.notify_followed', jsonb_build_object('membershipId', m.id,
      'connectionId', c.id, 'oldAddress', old_address), visit.request_id);
  END IF;
  -- an account in use that joins the organization is told too
  IF state IN ('linked', 'linked_by_address', 'moved') OR state = 'provisioned' AND m.user_id <> new_user THEN
    PERFORM app_private.enqueue_job(c.org_id, 'sso.notify_linked', jsonb_build_object('membershipId', m.id,
      'connectionId', c.id, 'proven', state = 'linked', 'oldAddress', old_address), visit.request_id);
  END IF;
END $$;
GRANT EXECUTE ON FUNCTION app.sso_sign_in TO vouchsafe_app;

-- Ends sessions at the request of an identity provider. The request identifies a user, sessions, or both. The caller
-- must present the secret of the connection. Sessions that switched to another organization also end. If at least one
-- session ended, the function sets the context of its member for the audit event. The column `ended` is null if the
-- connection may not end sessions.
CREATE OR REPLACE FUNCTION app.sso_end_sessions(
  connection uuid, db_secret bytea, subject text, idp_sessions text[], OUT ended integer, OUT org_id uuid,
  OUT user_id uuid, OUT email text
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  c public.sso_connections; m public.memberships; members uuid[];
BEGIN
  SELECT * INTO c FROM public.sso_connections x
    WHERE x.id = connection AND x.enabled AND x.db_secret_hash = sha256(db_secret);
  org_id := app.enter_sso_log(connection);
  IF c.id IS NULL THEN RETURN; END IF;
  ended := 0;
  IF subject IS NULL AND cardinality(idp_sessions) = 0 THEN RETURN; END IF;
  WITH gone AS (
    UPDATE public.sessions s SET revoked_at = now()
      WHERE s.connection_id = c.id AND s.revoked_at IS NULL AND (subject IS NULL OR s.idp_subject = subject)
       AND (cardinality(idp_sessions) = 0 OR s.idp_session = ANY (idp_sessions)) RETURNING s.org_id, s.membership_id)
  SELECT count(*), array_agg(g.membership_id ORDER BY g.org_id <> c.org_id) INTO ended, members FROM gone g;
  IF ended = 0 THEN RETURN; END IF;
  SELECT * INTO m FROM public.memberships x WHERE x.id = members[1];
  org_id := m.org_id; user_id := m.user_id;
  email := (SELECT u.contact_email FROM public.users u WHERE u.id = m.user_id);
  PERFORM app_private.sign_member(app_private.with_active_grants(m));
END $$;
GRANT EXECUTE ON FUNCTION app.sso_end_sessions TO vouchsafe_app;

-- Stores what the provider of a SAML connection publishes now. The caller must present the secret of the connection,
-- and the metadata URL and certificates that it read. If they have changed, `stored` is false and nothing is stored.
-- The entity id cannot change. If the row was changed, the context can then write audit events of the organization.
CREATE OR REPLACE FUNCTION app.refresh_sso_connection(
  connection uuid, db_secret bytea, read_url text, read_certificates text[], changes jsonb, OUT stored boolean,
  OUT org_id uuid
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  c public.sso_connections;
BEGIN
  SELECT * INTO c FROM public.sso_connections x
    WHERE x.id = connection AND x.enabled AND x.protocol = 'saml' AND x.db_secret_hash = sha256(db_secret)
     AND x.metadata_url = read_url AND x.idp_certificates = read_certificates FOR NO KEY UPDATE;
  stored := FOUND;
  org_id := app.enter_sso_log(connection);
  IF NOT stored THEN RETURN; END IF;
  c := jsonb_populate_record(c, changes);
  UPDATE public.sso_connections x
    SET idp_sso_url = c.idp_sso_url, idp_sso_binding = c.idp_sso_binding, idp_slo_url = c.idp_slo_url,
        idp_slo_response_url = c.idp_slo_response_url, idp_slo_binding = c.idp_slo_binding,
        idp_certificates = c.idp_certificates, idp_scopes = c.idp_scopes, metadata_warnings = c.metadata_warnings,
        metadata_fetched_at = c.metadata_fetched_at, metadata_error = c.metadata_error
   WHERE x.id = connection AND x.db_secret_hash = sha256(db_secret);
  PERFORM app_private.sign_authenticated_context(org_id);
END $$;
GRANT EXECUTE ON FUNCTION app.refresh_sso_connection TO vouchsafe_app;
