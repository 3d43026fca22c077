-- Invites: sending, acceptance, and revocation.
-- requires platform/database/context.sql

-- Returns the user with an e-mail address. Creates the user if none exists. A member's name is stored in the
-- membership. Thus an organization cannot read the name that another organization uses for the same user. The function
-- needs a tenant context, because users are created for an organization.
CREATE OR REPLACE FUNCTION app.ensure_user(new_id uuid, address text) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NOT coalesce(app.has_permission('membership:create'), false)
    THEN RAISE EXCEPTION 'only a caller who may add members can create users' USING ERRCODE = '42501'; END IF;
  INSERT INTO public.users (id, email) VALUES (new_id, address) ON CONFLICT (email)
    WHERE scoped_org_id IS NULL DO NOTHING;
  RETURN (SELECT u.id FROM public.users u WHERE u.email = address AND u.scoped_org_id IS NULL);
END $$;
GRANT EXECUTE ON FUNCTION app.ensure_user TO vouchsafe_app;

-- Records the member who creates or resends an invite. The caller cannot set the inviter. Rejects a role that the
-- inviter cannot grant.
CREATE OR REPLACE FUNCTION app_private.invite_inviter() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  NEW.invited_by := coalesce(app.membership_id(), NEW.invited_by);
  IF current_user IN ('vouchsafe_app', 'vouchsafe_worker')
    AND (app.org_id() IS DISTINCT FROM NEW.org_id OR NOT app.may_grant(NEW.role, NEW.person_id IS NOT NULL)) THEN
    RAISE EXCEPTION 'a member cannot grant permissions that the member does not hold' USING ERRCODE = '42501';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER invite_inviter BEFORE INSERT OR UPDATE OF expires_at ON invites
  FOR EACH ROW EXECUTE FUNCTION app_private.invite_inviter();

-- Returns true if a member can currently invite a user with a role. A member cannot grant more than the member holds.
CREATE OR REPLACE FUNCTION app_private.may_invite(org uuid, inviter uuid, role_key text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT EXISTS (
    SELECT FROM public.memberships m CROSS JOIN LATERAL app_private.with_active_grants(m) AS p
     WHERE m.org_id = org AND m.id = inviter AND m.status = 'active'
       AND 'org' IN (p.grants ->> 'invite:create', p.grants ->> 'invite:resend') AND NOT EXISTS (
       SELECT FROM jsonb_each_text(app_private.effective_grants(org, NULL, role_key)) AS wanted
        WHERE app.scope_rank(wanted.value) > app.scope_rank(p.grants ->> wanted.key)))
$$;

-- Returns the state of an invite and locks it. The lock serializes parallel acceptances.
-- - Returns `pending` if the invite can be accepted.
-- - Returns `unknown` if no such invite exists.
-- - Returns `superseded` if the token or its data does not match the invite, for example after the invite was resent.
-- - Returns `used`, `revoked`, or `expired` if the invite is no longer valid.
-- - Returns `organization_closed` if the organization is not active, enforces SSO, or does not allow passwords.
-- - Returns `role_gone` if the role no longer exists.
-- - Returns `inviter_unable` if the inviter can no longer grant the role.
CREATE OR REPLACE FUNCTION app_private.invite_state(
  org uuid, invite uuid, token text, address text, granted_role text, expiry timestamptz
) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  i public.invites;
BEGIN
  SELECT x.* INTO i FROM public.invites x WHERE x.org_id = org AND x.id = invite FOR UPDATE;
  RETURN CASE
    WHEN NOT FOUND THEN 'unknown'
    WHEN i.token_hash IS DISTINCT FROM sha256(convert_to(token, 'UTF8'))
      OR (i.email, i.role, i.expires_at) IS DISTINCT FROM (address, granted_role, expiry) THEN 'superseded'
    WHEN i.accepted_at IS NOT NULL THEN 'used'
    WHEN i.revoked_at IS NOT NULL THEN 'revoked'
    WHEN i.expires_at <= now() THEN 'expired'
    WHEN NOT EXISTS (SELECT FROM public.organizations o WHERE o.id = org AND o.status = 'active' AND NOT o.require_sso
      AND 'password' = ANY (o.allowed_sign_in)) THEN 'organization_closed'
    WHEN NOT app_private.is_role(org, i.role) THEN 'role_gone'
    WHEN NOT app_private.may_invite(org, i.invited_by, i.role) THEN 'inviter_unable'
    ELSE 'pending' END;
END $$;

-- Removes the overrides, grants, and assignments of a membership before the membership is reactivated.
CREATE OR REPLACE FUNCTION app_private.clear_rights(m public.memberships) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  DELETE FROM public.member_overrides x WHERE x.org_id = m.org_id AND x.membership_id = m.id;
  UPDATE public.assignments x SET ends_at = now()
    WHERE x.org_id = m.org_id AND x.membership_id = m.id AND (x.ends_at IS NULL OR x.ends_at > now());
  UPDATE public.access_grants x SET state = CASE x.state WHEN 'requested' THEN 'declined'
    ELSE 'ended' END, ended_at = now()
   WHERE x.org_id = m.org_id AND x.membership_id = m.id AND x.state IN ('requested', 'approved');
END $$;

-- Accepts an invite once. Creates a membership, or reactivates an ended one without its former permissions. Returns no
-- row if the user is already an active member.
CREATE OR REPLACE FUNCTION app_private.consume_invite(org uuid, invite uuid, member uuid, new_membership uuid)
RETURNS SETOF public.memberships
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  i public.invites; m public.memberships;
BEGIN
  SELECT x.* INTO STRICT i FROM public.invites x WHERE x.org_id = org AND x.id = invite;
  SELECT x.* INTO m FROM public.memberships x WHERE x.org_id = org AND x.user_id = member FOR UPDATE;
  IF NOT FOUND THEN
    INSERT INTO public.memberships (org_id, id, user_id, name, role, person_id)
    VALUES (org, new_membership, member, i.name, i.role, i.person_id) RETURNING * INTO m;
  ELSIF m.status = 'active' THEN
    RETURN;
  ELSE
    PERFORM app_private.clear_rights(m);
    UPDATE public.memberships x
      SET status = 'active', kind = 'member', ended_at = NULL, name = i.name, role = i.role, person_id = i.person_id
     WHERE x.org_id = org AND x.id = m.id RETURNING * INTO m;
  END IF;
  UPDATE public.invites x SET accepted_at = now(), accepted_membership = m.id
    WHERE x.org_id = org AND x.id = invite AND x.accepted_at IS NULL;
  IF NOT FOUND THEN RAISE EXCEPTION 'the invite has already been used' USING ERRCODE = '42501'; END IF;
  RETURN NEXT m;
END $$;

-- Returns true if a user has an active membership and a sign-in method.
CREATE OR REPLACE FUNCTION app_private.can_sign_in(member uuid) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT EXISTS (SELECT FROM public.memberships m WHERE m.user_id = member AND m.status = 'active')
    AND (EXISTS (SELECT FROM app_private.credentials c WHERE c.user_id = member)
      OR EXISTS (SELECT FROM public.sso_identities s JOIN public.memberships m ON m.org_id = s.org_id
        AND m.id = s.membership_id WHERE m.user_id = member))
$$;

-- Returns true if an invite was accepted in the last five minutes, and by a user whom the caller proves to be: the
-- current user, or the owner of the credential that the same token set.
CREATE OR REPLACE FUNCTION app_private.is_repeated_acceptance(
  org uuid, invite uuid, member uuid, salt bytea DEFAULT NULL, verifier bytea DEFAULT NULL
) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT EXISTS (SELECT FROM public.invites i
    JOIN public.memberships m ON m.org_id = i.org_id AND m.id = i.accepted_membership AND m.status = 'active'
   WHERE i.org_id = org AND i.id = invite AND i.accepted_at > now() - interval '5 minutes'
     AND (m.user_id = member OR app_private.has_credential(m.user_id, salt, verifier)))
$$;

-- Sets a context that can only write to the audit log of the inviting organization. For an unknown invite, the context
-- applies to the audit log of the installation.
CREATE OR REPLACE FUNCTION app_private.refuse_invite(org uuid, invite uuid) RETURNS uuid
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  log uuid := coalesce((SELECT x.org_id FROM public.invites x WHERE x.org_id = org AND x.id = invite),
    '00000000-0000-0000-0000-000000000000');
BEGIN
  PERFORM app_private.sign_audit_only_context(log);
  RETURN log;
END $$;

-- Accepts an invite for a user who cannot sign in yet. Sets the password, creates the membership, and opens a session.
-- - The state is `accepted` if the session is open.
-- - The state is `second_factor` if the invite was accepted and the user has a factor. The secret then belongs to a
--   pending sign-in.
-- - The state is `can_sign_in` if the user can already sign in.
-- - The state is `member_already` if the user is already an active member.
-- - The state is `repeated` if the same token and password accepted the invite in the last five minutes.
-- - The state is that of app_private.invite_state if the invite is not pending.
CREATE OR REPLACE FUNCTION app.accept_invite(
  org uuid, invite uuid, token text, address text, granted_role text, expiry timestamptz, new_salt bytea,
  new_verifier bytea, new_user uuid, new_membership uuid, visit app.new_session, OUT state text, OUT org_id uuid,
  OUT user_id uuid, OUT membership_id uuid, OUT expires_at timestamptz
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  m public.memberships;
BEGIN
  state := app_private.invite_state(org, invite, token, address, granted_role, expiry);
  IF state = 'pending' THEN
    INSERT INTO public.users (id, email) VALUES (new_user, address) ON CONFLICT (email)
      WHERE scoped_org_id IS NULL DO NOTHING;
    SELECT u.id INTO user_id FROM public.users u WHERE u.email = address AND u.scoped_org_id IS NULL FOR UPDATE;
    IF app_private.can_sign_in(user_id) THEN
      state := 'can_sign_in';
    ELSE
      SELECT * INTO m FROM app_private.consume_invite(org, invite, user_id, new_membership);
      state := CASE WHEN FOUND THEN 'accepted' ELSE 'member_already' END;
    END IF;
  ELSIF state = 'used' AND app_private.is_repeated_acceptance(org, invite, NULL, new_salt, new_verifier) THEN
    state := 'repeated';
  END IF;
  IF state <> 'accepted' THEN
    org_id := app_private.refuse_invite(org, invite);
    user_id := NULL;
    RETURN;
  END IF;
  PERFORM app_private.sign_member(m);
  PERFORM app_private.store_password(m.user_id, new_salt, new_verifier, NULL, false);
  UPDATE public.users u SET email_proven_at = now() WHERE u.id = m.user_id; -- the mailed token proves the address
  org_id := m.org_id; membership_id := m.id;
  expires_at := app_private.start_mfa_challenge(m, app_private.lockout_key(m.user_id), visit);
  IF expires_at IS NOT NULL THEN
    state := 'second_factor';
    PERFORM app_private.sign_authenticated_context(org_id); -- gives no access to tenant rows
    RETURN;
  END IF;
  expires_at := app_private.open_session(m, visit, 'password', 'infinity');
END $$;
GRANT EXECUTE ON FUNCTION app.accept_invite TO vouchsafe_app;

-- Accepts an invite for the current user. Sets a context of the inviting organization, so that its audit log records
-- the outcome.
-- - The state is `accepted` if the user is now a member.
-- - The state is `not_addressee` if the invite was sent to another e-mail address.
-- - The state is `member_already` if the user is already an active member.
-- - The state is `repeated` if the user accepted the invite in the last five minutes.
-- - The state is that of app_private.invite_state if the invite is not pending.
CREATE OR REPLACE FUNCTION app.accept_own_invite(
  org uuid, invite uuid, token text, address text, granted_role text, expiry timestamptz, new_membership uuid,
  OUT state text, OUT org_id uuid, OUT membership_id uuid
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  member uuid := app.user_id(); m public.memberships;
BEGIN
  state := app_private.invite_state(org, invite, token, address, granted_role, expiry);
  IF state = 'pending' THEN
    PERFORM 1 FROM public.users u WHERE u.id = member AND u.email = address AND u.scoped_org_id IS NULL FOR UPDATE;
    IF FOUND THEN
      PERFORM app_private.sign_audit_only_context(org); -- the session's permissions do not apply here
      SELECT * INTO m FROM app_private.consume_invite(org, invite, member, new_membership);
      state := CASE WHEN FOUND THEN 'accepted' ELSE 'member_already' END;
    ELSE
      state := 'not_addressee';
    END IF;
  ELSIF state = 'used' AND app_private.is_repeated_acceptance(org, invite, member) THEN
    state := 'repeated';
  END IF;
  IF state <> 'accepted' THEN
    org_id := app_private.refuse_invite(org, invite);
    RETURN;
  END IF;
  PERFORM app_private.sign_member(m);
  org_id := m.org_id; membership_id := m.id;
END $$;
GRANT EXECUTE ON FUNCTION app.accept_own_invite TO vouchsafe_app;

-- A revoked invite stays revoked.
CREATE POLICY revoked_for_good ON invites AS RESTRICTIVE
  FOR UPDATE TO vouchsafe_app USING (revoked_at IS NULL OR (SELECT app.is_system())) WITH CHECK (true);
