-- Linking: an identity becomes an identity of a member who exists, after a proof of the member's account.
-- requires modules/auth/mfa/mfa.sql
-- requires platform/policies/policies.sql

-- Returns true if permissions contain a scope that is wider than the held one. Both parameters are {permission: scope}.
CREATE OR REPLACE FUNCTION app_private.gives_more(wanted jsonb, held jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT EXISTS (SELECT FROM jsonb_each_text(wanted) w WHERE app.scope_rank(w.value) > app.scope_rank(held ->> w.key))
$$;

-- Returns the member of an organization whose user has an e-mail address. A user that is scoped to the organization
-- comes first. A user without a membership in the organization is never returned.
CREATE OR REPLACE FUNCTION app_private.member_with_address(org uuid, address text) RETURNS public.memberships
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT m FROM public.users u JOIN public.memberships m ON m.org_id = org AND m.user_id = u.id
   WHERE u.email = address AND (u.scoped_org_id IS NULL OR u.scoped_org_id = org)
   ORDER BY u.scoped_org_id NULLS LAST LIMIT 1
$$;

-- Returns true if the e-mail address of a user identifies the user within an organization. The organization has
-- verified the domain. In addition, the owner has verified the mailbox, or the organization alone knows the user and
-- the provider has not sent another address since.
CREATE OR REPLACE FUNCTION app_private.is_confirmed_in(org uuid, u public.users) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT app_private.has_verified_domain(org, u.email)
     AND (u.scoped_org_id = org AND u.followed_email IS NULL OR u.email_proven_at IS NOT NULL)
$$;

-- Returns true if a provider may not claim a member without a proof of the account. A member who has never signed in
-- needs no proof. These members need one:
-- - Support staff, whom no provider may claim.
-- - A member whose address is not confirmed; see app_private.is_confirmed_in.
-- - A member with another identity of the same connection. The provider could have given the address to another person.
-- - A member with more permissions than the role that the provider gives. A provider that asserts the address of an
--   administrator would otherwise take over the administrator's account.
CREATE OR REPLACE FUNCTION app_private.claim_needs_proof(
  c public.sso_connections, m public.memberships, new_role text
) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT m.status = 'active' AND (m.kind <> 'member'
    OR EXISTS (SELECT FROM public.sso_identities i
      WHERE i.org_id = m.org_id AND i.connection_id = c.id AND i.membership_id = m.id)
    OR app_private.has_signed_in(m.user_id) AND (
      NOT (SELECT app_private.is_confirmed_in(m.org_id, u) FROM public.users u WHERE u.id = m.user_id)
      OR app_private.gives_more(app_private.effective_grants(m.org_id, m.id, m.role),
        app_private.effective_grants(m.org_id, NULL, new_role))))
$$;

-- Stores an offer to link a subject of a connection to a member. The secret of the new session is the secret of the
-- offer, which is valid for ten minutes. A user has at most five offers: a new one ends the oldest. Returns false if
-- the member cannot be linked: support staff, an ended membership, or a user who has no password and no passkey to
-- prove the account with.
CREATE OR REPLACE FUNCTION app_private.offer_link(
  c public.sso_connections, m public.memberships, subject text, visit app.new_session
) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF m.status <> 'active' OR m.kind <> 'member' OR NOT EXISTS (
    SELECT FROM app_private.credentials k WHERE k.user_id = m.user_id
    UNION ALL SELECT FROM app_private.passkeys p WHERE p.user_id = m.user_id) THEN RETURN false; END IF;
  UPDATE app_private.pending_sign_ins p SET ended_at = now() WHERE p.secret_hash IN (
    SELECT x.secret_hash FROM app_private.pending_sign_ins x
     WHERE x.user_id = m.user_id AND x.connection_id IS NOT NULL AND x.ended_at IS NULL AND x.expires_at > now()
     ORDER BY x.expires_at DESC OFFSET 4);
  INSERT INTO app_private.pending_sign_ins (secret_hash, user_id, organization, lockout_key, visit, expires_at,
    connection_id, subject_key, membership_id)
  VALUES (visit.secret_hash, m.user_id, m.org_id, app_private.lockout_key(m.user_id), to_jsonb(visit),
    now() + interval '10 minutes', c.id, subject, m.id);
  RETURN true;
END $$;

-- Ends an offer that its user does not want.
CREATE OR REPLACE FUNCTION app.end_link(secret text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  UPDATE app_private.pending_sign_ins p SET ended_at = now()
   WHERE p.secret_hash = sha256(convert_to(secret, 'UTF8')) AND p.connection_id IS NOT NULL AND p.ended_at IS NULL
$$;
GRANT EXECUTE ON FUNCTION app.end_link TO vouchsafe_app;

-- Uses a proven offer once. Returns its membership. Returns null in these cases:
-- - The offer is for another subject or connection, or has been used.
-- - The subject has become an identity of a member.
-- - The membership has ended, or its role has changed since the proof.
-- - The proof is missing or older than five minutes.
-- - The proof contains no factor, and the user now has one or the organization now requires one.
CREATE OR REPLACE FUNCTION app_private.use_link(c public.sso_connections, subject text, secret text) RETURNS uuid
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
  UPDATE app_private.pending_sign_ins p SET ended_at = now()
    FROM public.memberships m, public.organizations o
   WHERE p.secret_hash = sha256(convert_to(secret, 'UTF8')) AND p.ended_at IS NULL AND p.expires_at > now()
     AND p.connection_id = c.id AND p.subject_key = subject AND p.proven_at > now() - interval '5 minutes'
     AND m.org_id = c.org_id AND m.id = p.membership_id AND m.user_id = p.user_id AND m.status = 'active'
     AND m.kind = 'member' AND m.role = p.proven_role AND o.id = m.org_id
     AND (p.proven_factor OR NOT o.require_mfa AND NOT app_private.has_factor(m.user_id))
     AND NOT EXISTS (SELECT FROM public.sso_identities i
       WHERE i.org_id = c.org_id AND i.connection_id = c.id AND i.subject_key = subject)
  RETURNING m.id
$$;

-- Returns an offer for display. The member's name and role are shown only after the proof. The column `step` is
-- `password`, `factor`, or `confirm`.
CREATE OR REPLACE FUNCTION app.pending_link(secret text)
RETURNS TABLE (connection_id uuid, connection text, organization text, email text, step text, name text, role text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT c.id, c.name, o.name, u.email, CASE WHEN p.proven_at IS NOT NULL THEN 'confirm'
      WHEN p.password_at IS NOT NULL THEN 'factor' ELSE 'password' END,
    CASE WHEN p.proven_at IS NOT NULL THEN m.name END, CASE WHEN p.proven_at IS NOT NULL THEN m.role END
    FROM app_private.pending_sign_ins p
    JOIN public.sso_connections c ON c.id = p.connection_id AND c.org_id = p.organization AND c.enabled
    JOIN public.organizations o ON o.id = p.organization AND o.status = 'active'
    JOIN public.memberships m ON m.org_id = p.organization AND m.id = p.membership_id
    JOIN public.users u ON u.id = p.user_id
   WHERE p.secret_hash = sha256(convert_to(secret, 'UTF8')) AND p.ended_at IS NULL AND p.expires_at > now()
$$;
GRANT EXECUTE ON FUNCTION app.pending_link TO vouchsafe_app;

-- Proves the account of an offer with a password or a factor. The caller must have reserved an attempt.
-- - The state is `proven` if the proof is complete: a passkey, a password and a factor, or a password of a user who has
--   no factor and whose organization requires none.
-- - The state is `mfa_required` if the password is correct and a factor must follow.
-- - The state is `mfa_enrollment_required` if the organization requires MFA and the user has no factor.
-- - The state is `password_change_required` if the password is correct and must be changed: another person knows it.
-- - The state is `refused` if the proof is wrong, or if a factor other than a passkey precedes the password. The
--   failure is counted.
-- - The state is `locked` if this failure locks the user out. The function then ends every pending sign-in of the user.
-- - The state is `expired` if the offer does not exist or has ended, or if no attempt is reserved.
CREATE OR REPLACE FUNCTION app.prove_link(
  secret text, shown app.presented_factor, OUT state text, OUT user_id uuid, OUT email text, OUT org_id uuid
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  p app_private.pending_sign_ins; u public.users;
BEGIN
  SELECT * INTO p FROM app_private.pending_sign_ins x
    WHERE x.secret_hash = sha256(convert_to(secret, 'UTF8')) AND x.expires_at > now() AND x.connection_id IS NOT NULL
    FOR UPDATE;
  org_id := coalesce(p.organization, '00000000-0000-0000-0000-000000000000');
  PERFORM app_private.sign_audit_only_context(org_id);
  state := 'expired';
  IF p.user_id IS NULL OR NOT app_private.release_attempt(p.lockout_key) OR p.ended_at IS NOT NULL THEN RETURN; END IF;
  SELECT * INTO u FROM public.users x WHERE x.id = p.user_id;
  user_id := u.id; email := u.email;
  state := CASE
    WHEN shown.kind = 'password' AND EXISTS (SELECT FROM app_private.credentials k
      WHERE k.user_id = u.id AND k.verifier = sha256(shown.proof))
      THEN CASE WHEN u.must_change_password THEN 'password_change_required'
        WHEN app_private.has_factor(u.id) THEN 'mfa_required'
        WHEN (SELECT o.require_mfa FROM public.organizations o WHERE o.id = p.organization)
          THEN 'mfa_enrollment_required' ELSE 'proven' END
    WHEN (shown.kind = 'passkey' OR p.password_at IS NOT NULL) AND app_private.verify_and_consume_factor(u.id, shown)
      THEN 'proven' ELSE 'refused' END;
  IF state <> 'refused' THEN
    IF state = 'proven' THEN PERFORM app_private.forget_failures(p.lockout_key); END IF;
    UPDATE app_private.pending_sign_ins x
      SET password_at = CASE WHEN state IN ('proven', 'mfa_required') THEN now() END,
        proven_at = CASE WHEN state = 'proven' THEN now() END,
        proven_factor = CASE WHEN state = 'proven' THEN shown.kind <> 'password' END,
        proven_role = CASE WHEN state = 'proven' THEN (SELECT m.role FROM public.memberships m
          WHERE m.org_id = p.organization AND m.id = p.membership_id) END WHERE x.secret_hash = p.secret_hash;
    IF state = 'proven' THEN PERFORM app_private.sign_authenticated_context(org_id); END IF; -- no access to tenant rows
    RETURN;
  END IF;
  state := app_private.count_failure(p.lockout_key);
  IF state = 'locked' THEN
    UPDATE app_private.pending_sign_ins x SET ended_at = now() WHERE x.user_id = u.id AND x.ended_at IS NULL;
    IF u.scoped_org_id IS NULL THEN PERFORM app_private.request_account_mail('locked', u.email); END IF;
  END IF;
  PERFORM app_private.detect_brute_force(p.organization, u.id, p.lockout_key,
    jsonb_populate_record(NULL::app.new_session, p.visit));
END $$;
GRANT EXECUTE ON FUNCTION app.prove_link TO vouchsafe_app;
