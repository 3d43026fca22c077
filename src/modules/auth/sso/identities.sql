-- Identities of a member: the list, the removal, and the move to another connection.
-- requires platform/database/context.sql
-- requires platform/policies/giving-rights.sql

-- Returns the identities of a member of the current organization: to a caller with the permission sso:read, and to the
-- member. The column `differs` is true if the provider sent another name or address than the account has.
CREATE OR REPLACE FUNCTION app.member_identities(member uuid)
RETURNS TABLE (id uuid, connection_id uuid, connection text, protocol text, subject text, provider_name text,
  provider_email text, differs boolean, created_at timestamptz, last_sign_in_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT i.id, c.id, c.name, c.protocol, i.subject_key, i.provider_name, i.provider_email,
      coalesce(i.provider_name <> m.name, false) OR coalesce(i.provider_email <> u.contact_email, false),
      i.created_at, i.last_sign_in_at
    FROM public.sso_identities i
    JOIN public.sso_connections c ON c.org_id = i.org_id AND c.id = i.connection_id
    JOIN public.memberships m ON m.org_id = i.org_id AND m.id = i.membership_id
    JOIN public.users u ON u.id = m.user_id
   WHERE i.org_id = app.org_id() AND i.membership_id = member
     AND (app.has_permission('sso:read') OR member = app.interactive_membership_id())
   ORDER BY i.created_at, i.id
$$;
GRANT EXECUTE ON FUNCTION app.member_identities TO vouchsafe_app;

-- Returns true if the member could no longer sign in to the current organization without an identity: no other identity
-- of an enabled connection, and no password or passkey that the organization accepts.
CREATE OR REPLACE FUNCTION app.is_last_sign_in(identity uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT NOT EXISTS (SELECT FROM public.sso_identities x
        JOIN public.sso_connections c ON c.org_id = x.org_id AND c.id = x.connection_id AND c.enabled
       WHERE x.org_id = i.org_id AND x.membership_id = i.membership_id AND x.id <> i.id
         AND c.protocol = ANY (o.allowed_sign_in))
    AND (o.require_sso AND NOT app_private.is_owner(o, m.role) OR NOT (
      'password' = ANY (o.allowed_sign_in)
        AND EXISTS (SELECT FROM app_private.credentials k WHERE k.user_id = m.user_id)
      OR 'passkey' = ANY (o.allowed_sign_in)
        AND EXISTS (SELECT FROM app_private.passkeys p WHERE p.user_id = m.user_id)))
    FROM public.sso_identities i JOIN public.organizations o ON o.id = i.org_id
    JOIN public.memberships m ON m.org_id = i.org_id AND m.id = i.membership_id
   WHERE i.org_id = app.org_id() AND i.id = identity AND app.has_permission('sso:delete')
$$;
GRANT EXECUTE ON FUNCTION app.is_last_sign_in TO vouchsafe_app;

-- Ends the sessions that removed identities opened, also those that switched to another organization.
CREATE OR REPLACE FUNCTION app_private.identities_removed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  UPDATE public.sessions s SET revoked_at = now()
    FROM removed r JOIN public.memberships m ON m.org_id = r.org_id AND m.id = r.membership_id
   WHERE s.connection_id = r.connection_id AND s.user_id = m.user_id AND s.revoked_at IS NULL;
  RETURN NULL;
END $$;

CREATE TRIGGER identities_removed AFTER DELETE ON sso_identities REFERENCING OLD TABLE AS removed
  FOR EACH STATEMENT EXECUTE FUNCTION app_private.identities_removed();

-- Returns what stays the same in the subject key when the same provider serves another connection. The SPNameQualifier
-- of a SAML NameID is the entity id of the connection.
CREATE OR REPLACE FUNCTION app_private.subject_at_provider(subject_key text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE WHEN subject_key LIKE '["name-id",%' THEN (subject_key::jsonb - 3)::text ELSE subject_key END
$$;

-- Returns the members with an identity of one connection, what another connection must send to claim each of them, and
-- what prevents a move. An e-mail address counts only if it is confirmed; see app_private.is_confirmed_in.
CREATE OR REPLACE FUNCTION app_private.movable(org uuid, origin uuid, target uuid, rule text)
RETURNS TABLE (membership_id uuid, name text, role text, facts jsonb, match_key text, problem text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  WITH found AS (
    SELECT DISTINCT ON (m.id) m.id, m.name, m.role, m.status, m.kind, i.facts, u.email, CASE rule
        WHEN 'subject' THEN app_private.subject_at_provider(i.subject_key)
        WHEN 'email' THEN CASE WHEN app_private.is_confirmed_in(org, u) THEN u.email END END AS match_key
      FROM public.sso_identities i
      JOIN public.memberships m ON m.org_id = i.org_id AND m.id = i.membership_id
      JOIN public.users u ON u.id = m.user_id
     WHERE i.org_id = org AND i.connection_id = origin ORDER BY m.id, i.last_sign_in_at DESC, i.id
  )
  SELECT f.id, f.name, f.role, f.facts, f.match_key, CASE
      WHEN f.status <> 'active' OR f.kind <> 'member' THEN 'not_active'
      WHEN EXISTS (SELECT FROM public.sso_identities x
        WHERE x.org_id = org AND x.connection_id = target AND x.membership_id = f.id) THEN 'already_linked'
      WHEN f.match_key IS NULL THEN 'email_not_confirmed'
      WHEN count(*) OVER (PARTITION BY f.match_key) > 1
        OR EXISTS (SELECT FROM public.sso_identities x
          WHERE x.org_id = org AND x.connection_id = target
            AND app_private.subject_at_provider(x.subject_key) = f.match_key)
        OR rule = 'email' AND (SELECT count(*) FROM public.users y JOIN public.memberships z ON z.user_id = y.id
          WHERE y.email = f.match_key AND z.org_id = org) > 1 THEN 'ambiguous' END
    FROM found f
$$;

-- Returns true if both ids are connections of the current organization.
CREATE OR REPLACE FUNCTION app_private.are_own_connections(origin uuid, target uuid) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT count(*) = 2 FROM public.sso_connections c WHERE c.org_id = app.org_id() AND c.id IN (origin, target)
$$;

-- Returns what a move would do; see app_private.movable. Returns no rows to a caller who may not read connections.
CREATE OR REPLACE FUNCTION app.preview_identity_move(origin uuid, target uuid, rule text)
RETURNS TABLE (membership_id uuid, name text, role text, facts jsonb, problem text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT v.membership_id, v.name, v.role, v.facts, v.problem
    FROM app_private.movable(app.org_id(), origin, target, rule) v
   WHERE app.has_permission('sso:update') AND app_private.are_own_connections(origin, target)
   ORDER BY v.name, v.membership_id
$$;
GRANT EXECUTE ON FUNCTION app.preview_identity_move TO vouchsafe_app;

-- Returns, for each pair of roles, whether the second role has a permission that the first does not have.
CREATE OR REPLACE FUNCTION app.roles_give_more(held text[], wanted text[]) RETURNS boolean[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT array_agg(app_private.gives_more(app_private.effective_grants(app.org_id(), NULL, p.w),
    app_private.effective_grants(app.org_id(), NULL, p.h)) ORDER BY p.place)
    FROM unnest(held, wanted) WITH ORDINALITY AS p (h, w, place) WHERE app.has_permission('sso:update')
$$;
GRANT EXECUTE ON FUNCTION app.roles_give_more TO vouchsafe_app;

-- Lets a connection claim the members of another connection of the organization for a number of days. Replaces the
-- earlier move to this connection, and notifies the administrators. Returns the number of members. The caller must hold
-- every permission of the owner role in an interactive session, because the provider of the target can then sign in as
-- these members.
CREATE OR REPLACE FUNCTION app.move_identities(
  origin uuid, target uuid, rule text, lower_role boolean, days integer, request text
) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  moved integer;
BEGIN
  IF app.org_id() IS NULL OR app.org_if_owner_equivalent() IS DISTINCT FROM app.org_id()
    OR NOT app.is_system() AND app.interactive_membership_id() IS NULL THEN
    RAISE EXCEPTION 'only a caller with every permission of the owner role can move identities' USING ERRCODE = '42501';
  END IF;
  IF NOT app_private.are_own_connections(origin, target) THEN
    RAISE EXCEPTION 'not_found' USING ERRCODE = 'VS409';
  END IF;
  PERFORM FROM public.sso_connections c WHERE c.org_id = app.org_id() AND c.id = target FOR UPDATE;
  DELETE FROM public.sso_moves v WHERE v.org_id = app.org_id() AND v.connection_id = target;
  INSERT INTO public.sso_moves (org_id, connection_id, membership_id, match_by, match_key, allow_lower_role, expires_at)
    SELECT app.org_id(), target, v.membership_id, rule, v.match_key, lower_role, now() + make_interval(days => days)
      FROM app_private.movable(app.org_id(), origin, target, rule) v WHERE v.problem IS NULL;
  GET DIAGNOSTICS moved = ROW_COUNT;
  PERFORM app_private.enqueue_job(app.org_id(), 'sso.notify_moved', jsonb_build_object('connectionId', target),
    request);
  RETURN moved;
END $$;
GRANT EXECUTE ON FUNCTION app.move_identities TO vouchsafe_app;

-- Lets a member with a move be claimed, once. Returns the membership that the move names, and whether it is now
-- claimed. The move claims no member for whom the new role has a permission that the present role does not have. It
-- claims a member who would lose a permission only if the administrator allowed lower roles. The new identity removes
-- the move.
CREATE OR REPLACE FUNCTION app_private.use_move(
  c public.sso_connections, subject text, address text, new_role text, OUT member_id uuid, OUT claimed boolean
) LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v public.sso_moves; m public.memberships; after jsonb := app_private.effective_grants(c.org_id, NULL, new_role);
BEGIN
  SELECT x.* INTO v FROM public.sso_moves x JOIN public.memberships y ON y.org_id = x.org_id AND y.id = x.membership_id
     AND y.status = 'active' AND y.kind = 'member'
   WHERE x.org_id = c.org_id AND x.connection_id = c.id AND x.expires_at > now() AND (
     x.match_by = 'subject' AND x.match_key = app_private.subject_at_provider(subject)
     OR x.match_by = 'email' AND x.match_key = address AND app_private.has_verified_domain(c.org_id, address))
     FOR UPDATE OF x;
  IF NOT FOUND THEN RETURN; END IF;
  SELECT x.* INTO m FROM public.memberships x WHERE x.org_id = v.org_id AND x.id = v.membership_id;
  member_id := m.id;
  claimed := NOT EXISTS (SELECT FROM public.sso_identities i
      WHERE i.org_id = m.org_id AND i.connection_id = c.id AND i.membership_id = m.id)
    AND NOT app_private.gives_more(after, app_private.effective_grants(m.org_id, NULL, m.role))
    AND (v.allow_lower_role
      OR NOT app_private.gives_more(app_private.effective_grants(m.org_id, m.id, m.role), after));
END $$;

-- Removes the move of a member who gets an identity of the connection: by the move, by a proof, or by the address.
CREATE OR REPLACE FUNCTION app_private.identity_added() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  DELETE FROM public.sso_moves v
    WHERE v.org_id = NEW.org_id AND v.connection_id = NEW.connection_id AND v.membership_id = NEW.membership_id;
  RETURN NULL;
END $$;

CREATE TRIGGER identity_added AFTER INSERT ON sso_identities FOR EACH ROW
  EXECUTE FUNCTION app_private.identity_added();
