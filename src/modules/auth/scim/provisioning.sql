-- SCIM provisioning: the users and groups that a SCIM client manages.

-- Returns the role of each given member that results from the member's groups. The connection has an ordered list of
-- group mappings. The first mapping that matches a group name or a directory id determines the role. If no mapping
-- matches, the role is the connection's default role, which can be null. A role that does not exist counts as null.
CREATE OR REPLACE FUNCTION app_private.scim_roles(c public.sso_connections, members uuid[])
RETURNS TABLE (member uuid, role text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  WITH mapped AS (
    SELECT g.id AS group_id, l.place, l.mapping ->> 'role' AS role
      FROM jsonb_array_elements(c.group_roles) WITH ORDINALITY AS l (mapping, place)
      JOIN public.scim_groups g ON g.org_id = c.org_id AND g.connection_id = c.id
       AND l.mapping ->> 'group' IN (g.display_name, g.external_id)
  ), matched AS (
    SELECT DISTINCT ON (w.member) w.member, x.role FROM unnest(members) AS w (member)
      JOIN public.scim_group_members m ON m.org_id = c.org_id AND m.connection_id = c.id AND m.membership_id = w.member
      JOIN mapped x ON x.group_id = m.group_id
     ORDER BY w.member, x.place
  ), found AS MATERIALIZED (
    SELECT w.member, coalesce(m.role, c.default_role) AS role FROM unnest(members) AS w (member)
      LEFT JOIN matched m ON m.member = w.member
  ), existing AS MATERIALIZED (
    SELECT r.role FROM (SELECT DISTINCT f.role FROM found f) r WHERE app_private.is_role(c.org_id, r.role)
  )
  SELECT f.member, e.role FROM found f LEFT JOIN existing e ON e.role = f.role
$$;

-- Returns the role that results from one member's groups.
CREATE OR REPLACE FUNCTION app_private.scim_role_of(c public.sso_connections, member uuid) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT r.role FROM app_private.scim_roles(c, ARRAY[member]) r
$$;

-- Returns the provisioned member that signs in through the same connection. First searches for the provider's subject.
-- Otherwise searches for the e-mail address among members without a linked identity. Returns null if the SCIM client
-- has not provisioned the user.
CREATE OR REPLACE FUNCTION app_private.scim_member(c public.sso_connections, subject text, address text) RETURNS uuid
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  linked_member uuid; candidates uuid[];
BEGIN
  SELECT i.membership_id INTO linked_member FROM public.sso_identities i
    WHERE i.org_id = c.org_id AND i.connection_id = c.id AND i.subject_key = subject;
  IF FOUND THEN RETURN (SELECT s.membership_id FROM public.scim_users s
    WHERE s.org_id = c.org_id AND s.connection_id = c.id AND s.membership_id = linked_member); END IF;
  candidates := ARRAY(SELECT s.membership_id FROM public.scim_users s
     WHERE s.org_id = c.org_id AND s.connection_id = c.id AND (s.email = address OR s.user_name_key = lower(address))
       AND NOT EXISTS (SELECT FROM public.sso_identities i
         WHERE i.org_id = s.org_id AND i.connection_id = s.connection_id AND i.membership_id = s.membership_id));
  RETURN CASE cardinality(candidates) WHEN 1 THEN candidates[1] END;
END $$;

-- Returns the effect that the data of the SCIM users has on their memberships. The effect is null if nothing changes.
-- If a member of the organization ended the membership, it is reactivated only when `reactivate` is true: the SCIM
-- client set `active` to true again.
CREATE OR REPLACE FUNCTION app_private.scim_effects(c public.sso_connections, members uuid[], reactivate boolean)
RETURNS SETOF app.scim_effect
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT m.id, CASE
           WHEN NOT s.active OR r.role IS NULL THEN CASE WHEN m.status = 'active' THEN 'ended' END
           WHEN m.status = 'active' THEN CASE WHEN m.role <> r.role THEN 'role' END
           WHEN s.without_role OR reactivate THEN 'revived' END, m.role, r.role
    FROM app_private.scim_roles(c, members) r
    JOIN public.memberships m ON m.org_id = c.org_id AND m.id = r.member
    JOIN public.scim_users s ON s.org_id = c.org_id AND s.connection_id = c.id AND s.membership_id = r.member
$$;

-- Applies the data of SCIM users to their memberships and returns the effects. Ends the sessions of the changed
-- members. A reactivated membership does not get its former grants back. The statements work on all members at once, so
-- that the order of the members has no effect. For example, one group change can replace the only owner.
CREATE OR REPLACE FUNCTION app_private.scim_settle(c public.sso_connections, members uuid[], reactivate boolean)
RETURNS SETOF app.scim_effect
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  effects app.scim_effect[];
BEGIN
  PERFORM FROM public.memberships x WHERE x.org_id = c.org_id AND x.id = ANY (members) ORDER BY x.id FOR UPDATE;
  effects := ARRAY(SELECT e FROM app_private.scim_effects(c, members, reactivate) e ORDER BY e.membership_id);
  UPDATE public.scim_users x SET unsettled = false,
         without_role = x.active AND e.effect IS DISTINCT FROM 'revived' AND (x.without_role
           OR e.role_after IS NULL AND (reactivate OR e.effect IS NOT DISTINCT FROM 'ended'))
    FROM unnest(effects) e
   WHERE x.org_id = c.org_id AND x.connection_id = c.id AND x.membership_id = e.membership_id;
  PERFORM app_private.clear_rights(m) FROM unnest(effects) e
    JOIN public.memberships m ON m.org_id = c.org_id AND m.id = e.membership_id WHERE e.effect = 'revived';
  UPDATE public.memberships x
    SET status = 'active', kind = 'member', ended_at = NULL, role = e.role_after, person_id = NULL
    FROM unnest(effects) e WHERE x.org_id = c.org_id AND x.id = e.membership_id AND e.effect = 'revived';
  UPDATE public.memberships x SET role = e.role_after
    FROM unnest(effects) e WHERE x.org_id = c.org_id AND x.id = e.membership_id AND e.effect = 'role';
  UPDATE public.memberships x SET status = 'ended', ended_at = now()
    FROM unnest(effects) e WHERE x.org_id = c.org_id AND x.id = e.membership_id AND e.effect = 'ended';
  PERFORM app_private.end_sessions(c.org_id, ARRAY(SELECT e.membership_id FROM unnest(effects) e
    WHERE e.effect IS NOT NULL));
  RETURN QUERY SELECT * FROM unnest(effects) e WHERE e.effect IS NOT NULL;
END $$;

-- Ends the sessions of memberships.
CREATE OR REPLACE FUNCTION app_private.end_sessions(org uuid, members uuid[]) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
  UPDATE public.sessions x SET revoked_at = now() FROM unnest(members) AS w (member)
   WHERE x.org_id = org AND x.membership_id = w.member AND x.revoked_at IS NULL
$$;

-- Settles the members whose groups changed, and returns the effects. If many members only get another role, the job
-- scim.settle changes the roles in batches, so that other requests do not wait for them. The sessions of these members
-- end at once, and a sign-in applies the groups. Memberships always end at once. Members who can manage members always
-- change at once, because the API rejects the request if the organization would lose its last owner.
CREATE OR REPLACE FUNCTION app_private.scim_groups_changed(c public.sso_connections, members uuid[], request text)
RETURNS SETOF app.scim_effect
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  most_at_once CONSTANT integer := 100;
  at_once uuid[]; later uuid[];
BEGIN
  SELECT array_agg(e.membership_id) FILTER (WHERE x.urgent), array_agg(e.membership_id) FILTER (WHERE NOT x.urgent)
    INTO at_once, later
    FROM app_private.scim_effects(c, members, false) e
    JOIN public.memberships m ON m.org_id = c.org_id AND m.id = e.membership_id
    CROSS JOIN LATERAL (SELECT e.effect = 'ended' OR m.status = 'active'
      AND coalesce(m.grants ->> 'membership:update' = 'org', false) AS urgent) x
   WHERE e.effect IS NOT NULL;
  IF cardinality(later) > most_at_once THEN
    UPDATE public.scim_users x SET unsettled = true FROM unnest(later) AS w (member)
     WHERE x.org_id = c.org_id AND x.connection_id = c.id AND x.membership_id = w.member;
    PERFORM app_private.end_sessions(c.org_id, later);
    PERFORM app_private.enqueue_job(c.org_id, 'scim.settle', jsonb_build_object('connectionId', c.id), request);
  ELSE
    at_once := at_once || later;
  END IF;
  RETURN QUERY SELECT * FROM app_private.scim_settle(c, coalesce(at_once, '{}'), false);
END $$;

-- Settles the next members of a connection and returns the effects. Enqueues another job if members are left. The lock
-- serializes it with changes by SCIM clients and members. A member who became the last owner after the change of the
-- groups keeps the role until the next job, and does not stop the change of the others.
CREATE OR REPLACE FUNCTION app.scim_settle(connection uuid, most integer, request text) RETURNS SETOF app.scim_effect
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  c public.sso_connections; members uuid[]; one uuid;
BEGIN
  PERFORM app.lock_organization();
  SELECT * INTO c FROM public.sso_connections x WHERE x.org_id = app.org_id() AND x.id = connection;
  members := ARRAY(SELECT x.membership_id FROM public.scim_users x
    WHERE x.org_id = c.org_id AND x.connection_id = c.id AND x.unsettled ORDER BY x.membership_id LIMIT most);
  BEGIN
    RETURN QUERY SELECT * FROM app_private.scim_settle(c, members, false);
  EXCEPTION WHEN SQLSTATE 'VS409' THEN
    FOREACH one IN ARRAY members LOOP
      BEGIN
        RETURN QUERY SELECT * FROM app_private.scim_settle(c, ARRAY[one], false);
      EXCEPTION WHEN SQLSTATE 'VS409' THEN NULL;
      END;
    END LOOP;
  END;
  IF cardinality(members) = most THEN
    PERFORM app_private.enqueue_job(c.org_id, 'scim.settle', jsonb_build_object('connectionId', c.id), request);
  END IF;
END $$;
GRANT EXECUTE ON FUNCTION app.scim_settle TO vouchsafe_worker;

-- Changes the e-mail address of a member's user to the address that the SCIM client sent. The address changes only in
-- two cases:
-- - The user is scoped to this organization.
-- - The user has no other membership, and this organization has verified the old and the new domain.
-- In all other cases the address stays the same, so that no other organization is affected.
CREATE OR REPLACE FUNCTION app_private.scim_move_email(
  c public.sso_connections, m public.memberships, address text
) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  u public.users;
BEGIN
  SELECT * INTO STRICT u FROM public.users x WHERE x.id = m.user_id FOR UPDATE;
  IF u.email = address OR NOT (coalesce(u.scoped_org_id = c.org_id, false) OR u.scoped_org_id IS NULL
       AND app_private.has_verified_domain(c.org_id, u.email) AND app_private.has_verified_domain(c.org_id, address)
       AND NOT EXISTS (SELECT FROM public.memberships x WHERE x.user_id = u.id AND x.org_id <> c.org_id)) THEN
    RETURN;
  END IF;
  IF EXISTS (SELECT FROM public.users x
    WHERE x.email = address AND x.id <> u.id AND x.scoped_org_id IS NOT DISTINCT FROM u.scoped_org_id) THEN
    RAISE EXCEPTION 'scim_account_exists' USING ERRCODE = 'VS409';
  END IF;
  UPDATE public.users x SET email = address WHERE x.id = u.id;
END $$;

-- Raises an error if another user of the connection has the same userName. The directory answers for its externalIds.
CREATE OR REPLACE FUNCTION app_private.scim_assert_unique(c public.sso_connections, u app.scim_user, own uuid)
RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM public.scim_users s
    WHERE s.org_id = c.org_id AND s.connection_id = c.id AND s.membership_id IS DISTINCT FROM own
      AND s.user_name_key = lower(u.user_name)) THEN
    RAISE EXCEPTION 'scim_uniqueness' USING ERRCODE = 'VS409';
  END IF;
END $$;

-- Finds the existing account for a new SCIM user. Returns a null membership if the user is not a member of the
-- organization yet. Otherwise returns the membership in two cases:
-- - The organization created the membership for the e-mail address, and the user has never signed in.
-- - The membership has an identity of this connection, and the provider has not sent another address since.
-- Raises scim_account_exists for any other account.
CREATE OR REPLACE FUNCTION app_private.scim_match_user(
  c public.sso_connections, address text, new_user uuid, OUT user_id uuid, OUT member_id uuid
) LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  m public.memberships;
BEGIN
  user_id := app_private.resolve_verified_user(c.org_id, address, new_user);
  IF user_id IS NOT NULL THEN
    SELECT * INTO m FROM public.memberships x WHERE x.org_id = c.org_id AND x.user_id = scim_match_user.user_id;
  ELSE
    SELECT x.* INTO m FROM public.memberships x JOIN public.users u ON u.id = x.user_id
     WHERE x.org_id = c.org_id AND u.email = address AND u.followed_email IS NULL AND EXISTS (
       SELECT FROM public.sso_identities i
         WHERE i.org_id = x.org_id AND i.connection_id = c.id AND i.membership_id = x.id)
     ORDER BY u.scoped_org_id NULLS LAST LIMIT 1;
    user_id := m.user_id;
  END IF;
  IF user_id IS NULL OR m.kind = 'support'
    OR EXISTS (SELECT FROM public.scim_users s WHERE s.org_id = c.org_id AND s.membership_id = m.id) THEN
    RAISE EXCEPTION 'scim_account_exists' USING ERRCODE = 'VS409';
  END IF;
  member_id := m.id;
END $$;

-- Creates a SCIM user and its membership. An existing member keeps the current role until the user's groups change it.
-- A former member is reactivated, and the function deletes the former member's linked identities.
CREATE OR REPLACE FUNCTION app.scim_create_user(u app.scim_user, new_user uuid, new_membership uuid)
RETURNS SETOF app.scim_effect
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  c public.sso_connections := app_private.scim_connection();
  m public.memberships; matched_user uuid; matched_member uuid; old_status text;
  group_role text := app_private.scim_role_of(c, new_membership);
BEGIN
  PERFORM app_private.scim_assert_unique(c, u, NULL);
  SELECT x.user_id, x.member_id INTO matched_user, matched_member
    FROM app_private.scim_match_user(c, u.email, new_user) x;
  SELECT * INTO m FROM public.memberships x WHERE x.org_id = c.org_id AND x.id = matched_member;
  old_status := m.status;
  IF old_status IS NULL THEN
    INSERT INTO public.memberships (org_id, id, user_id, name, role, status, ended_at)
      VALUES (c.org_id, new_membership, matched_user, u.display_name, coalesce(group_role, 'none'),
      CASE WHEN u.active AND group_role IS NOT NULL THEN 'active' ELSE 'ended' END,
      CASE WHEN NOT u.active OR group_role IS NULL THEN now() END) RETURNING * INTO m;
  ELSE
    UPDATE public.memberships x SET name = u.display_name WHERE x.org_id = m.org_id AND x.id = m.id;
    UPDATE public.users x SET followed_email = NULL WHERE x.id = m.user_id AND x.followed_email IS NOT NULL;
  END IF;
  IF old_status = 'ended' THEN
    DELETE FROM public.sso_identities i WHERE i.org_id = c.org_id AND i.connection_id = c.id AND i.membership_id = m.id;
  END IF;
  INSERT INTO public.scim_users (org_id, connection_id, membership_id, user_name, external_id, email, email_type,
    emails, given_name, family_name, active, attributes, without_role)
  VALUES (c.org_id, c.id, m.id, u.user_name, u.external_id, u.email, u.email_type, u.emails, u.given_name,
    u.family_name, u.active, u.attributes, old_status IS NULL AND u.active AND group_role IS NULL);
  IF old_status IS NULL THEN
    RETURN NEXT (m.id, 'provisioned', NULL, group_role)::app.scim_effect;
  ELSE
    RETURN NEXT (m.id, 'adopted', m.role, m.role)::app.scim_effect;
    IF old_status = 'ended' OR NOT u.active THEN
      RETURN QUERY SELECT * FROM app_private.scim_settle(c, ARRAY[m.id], true);
    END IF;
  END IF;
END $$;
GRANT EXECUTE ON FUNCTION app.scim_create_user TO vouchsafe_app;

-- Updates a SCIM user. The version increases only if the data changed.
CREATE OR REPLACE FUNCTION app.scim_update_user(member uuid, u app.scim_user) RETURNS SETOF app.scim_effect
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  c public.sso_connections := app_private.scim_connection();
  m public.memberships; s public.scim_users; was_active boolean;
BEGIN
  SELECT * INTO s FROM public.scim_users x
    WHERE x.org_id = c.org_id AND x.connection_id = c.id AND x.membership_id = member FOR UPDATE;
  IF NOT FOUND THEN RAISE EXCEPTION 'not_found' USING ERRCODE = 'VS409'; END IF;
  SELECT * INTO STRICT m FROM public.memberships x WHERE x.org_id = c.org_id AND x.id = member;
  was_active := m.status = 'active' OR s.active AND s.without_role;
  IF (s.user_name, s.external_id, m.name, s.given_name, s.family_name, s.email, s.email_type, s.emails, s.attributes,
      was_active) IS NOT DISTINCT FROM (u.user_name, u.external_id, u.display_name, u.given_name, u.family_name,
      u.email, u.email_type, u.emails, u.attributes, u.active) THEN RETURN; END IF;
  PERFORM app_private.scim_assert_unique(c, u, member);
  IF s.email <> u.email THEN PERFORM app_private.scim_move_email(c, m, u.email); END IF;
  IF m.name <> u.display_name THEN UPDATE public.memberships x SET name = u.display_name
    WHERE x.org_id = m.org_id AND x.id = m.id; END IF;
  UPDATE public.scim_users x
    SET user_name = u.user_name, external_id = u.external_id, given_name = u.given_name, family_name = u.family_name,
         email = u.email, email_type = u.email_type, emails = u.emails, attributes = u.attributes, active = u.active,
         version = x.version + 1,
         updated_at = now()
   WHERE x.org_id = c.org_id AND x.connection_id = c.id AND x.membership_id = member;
  IF u.active <> was_active THEN RETURN QUERY SELECT * FROM app_private.scim_settle(c, ARRAY[member], true); END IF;
END $$;
GRANT EXECUTE ON FUNCTION app.scim_update_user TO vouchsafe_app;

-- Ends a membership and deletes its SCIM data. The linked identities remain, so that sign-ins through them are
-- rejected.
CREATE OR REPLACE FUNCTION app.scim_delete_user(member uuid) RETURNS SETOF app.scim_effect
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  c public.sso_connections := app_private.scim_connection();
BEGIN
  UPDATE public.scim_users x SET active = false
    WHERE x.org_id = c.org_id AND x.connection_id = c.id AND x.membership_id = member;
  IF NOT FOUND THEN RAISE EXCEPTION 'not_found' USING ERRCODE = 'VS409'; END IF;
  RETURN QUERY SELECT * FROM app_private.scim_settle(c, ARRAY[member], true);
  DELETE FROM public.scim_users x WHERE x.org_id = c.org_id AND x.connection_id = c.id AND x.membership_id = member;
END $$;
GRANT EXECUTE ON FUNCTION app.scim_delete_user TO vouchsafe_app;

-- Creates or replaces a group with its name, directory id, and members. Then updates every membership whose groups
-- changed.
CREATE OR REPLACE FUNCTION app.scim_put_group(
  group_id uuid, is_new boolean, full_name text, external text, members uuid[], request text
) RETURNS SETOF app.scim_effect
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  c public.sso_connections := app_private.scim_connection();
  g public.scim_groups; before uuid[]; concerned uuid[];
BEGIN
  IF EXISTS (SELECT FROM public.scim_groups x WHERE x.org_id = c.org_id AND x.connection_id = c.id AND x.id <> group_id
      AND x.display_name_key = lower(full_name)) THEN
    RAISE EXCEPTION 'scim_uniqueness' USING ERRCODE = 'VS409';
  END IF;
  IF is_new THEN INSERT INTO public.scim_groups (org_id, connection_id, id, display_name, external_id)
    VALUES (c.org_id, c.id, group_id, full_name, external); END IF;
  SELECT * INTO g FROM public.scim_groups x WHERE x.org_id = c.org_id AND x.connection_id = c.id AND x.id = group_id
    FOR UPDATE;
  IF NOT FOUND THEN RAISE EXCEPTION 'not_found' USING ERRCODE = 'VS409'; END IF;
  IF EXISTS (SELECT w FROM unnest(members) w EXCEPT SELECT s.membership_id FROM public.scim_users s
      WHERE s.org_id = c.org_id AND s.connection_id = c.id) THEN
    RAISE EXCEPTION 'scim_unknown_member' USING ERRCODE = 'VS409';
  END IF;
  before := ARRAY(SELECT x.membership_id FROM public.scim_group_members x
    WHERE x.org_id = c.org_id AND x.connection_id = c.id AND x.group_id = g.id);
  concerned := ARRAY((SELECT unnest(before) EXCEPT SELECT unnest(members))
    UNION (SELECT unnest(members) EXCEPT SELECT unnest(before)));
  IF (g.display_name, g.external_id) IS DISTINCT FROM (full_name, external)
    THEN concerned := ARRAY(SELECT unnest(before) UNION SELECT unnest(members)); END IF;
  IF cardinality(concerned) = 0 AND (g.display_name, g.external_id) IS NOT DISTINCT FROM (full_name, external)
    THEN RETURN; END IF;
  DELETE FROM public.scim_group_members x
    WHERE x.org_id = c.org_id AND x.connection_id = c.id AND x.group_id = g.id AND x.membership_id IN (
      SELECT unnest(before) EXCEPT SELECT unnest(members));
  INSERT INTO public.scim_group_members (org_id, connection_id, group_id, membership_id) SELECT c.org_id, c.id, g.id, w
    FROM unnest(members) w ON CONFLICT DO NOTHING;
  IF NOT is_new THEN
    UPDATE public.scim_groups x
      SET display_name = full_name, external_id = external, version = x.version + 1, updated_at = now()
     WHERE x.org_id = c.org_id AND x.connection_id = c.id AND x.id = g.id;
  END IF;
  RETURN QUERY SELECT * FROM app_private.scim_groups_changed(c, concerned, request);
END $$;
GRANT EXECUTE ON FUNCTION app.scim_put_group TO vouchsafe_app;

-- Deletes a group and updates the memberships of its members. Raises not_found if the group does not exist.
CREATE OR REPLACE FUNCTION app.scim_delete_group(group_id uuid, request text) RETURNS SETOF app.scim_effect
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  c public.sso_connections := app_private.scim_connection();
  concerned uuid[];
BEGIN
  concerned := ARRAY(SELECT x.membership_id FROM public.scim_group_members x
    WHERE x.org_id = c.org_id AND x.connection_id = c.id AND x.group_id = scim_delete_group.group_id);
  DELETE FROM public.scim_groups x
    WHERE x.org_id = c.org_id AND x.connection_id = c.id AND x.id = scim_delete_group.group_id;
  IF NOT FOUND THEN RAISE EXCEPTION 'not_found' USING ERRCODE = 'VS409'; END IF;
  RETURN QUERY SELECT * FROM app_private.scim_groups_changed(c, concerned, request);
END $$;
GRANT EXECUTE ON FUNCTION app.scim_delete_group TO vouchsafe_app;

-- Returns the users of the current connection. The result contains only data that the SCIM client sent.
CREATE OR REPLACE FUNCTION app.scim_users(single uuid DEFAULT NULL, login text DEFAULT NULL)
RETURNS TABLE (id uuid, user_name text, external_id text, display_name text, given_name text, family_name text,
  email text, email_type text, emails jsonb, attributes jsonb,
  active boolean, version integer, created_at timestamptz, updated_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT s.membership_id, s.user_name, s.external_id, m.name, s.given_name, s.family_name, s.email, s.email_type,
         s.emails, s.attributes, m.status = 'active' OR s.active AND s.without_role, s.version, s.created_at,
         s.updated_at
    FROM app_private.scim_connection() c
    JOIN public.scim_users s ON s.org_id = c.org_id AND s.connection_id = c.id
    JOIN public.memberships m ON m.org_id = s.org_id AND m.id = s.membership_id
   WHERE (single IS NULL OR s.membership_id = single) AND (login IS NULL OR s.user_name_key = lower(login))
$$;
GRANT EXECUTE ON FUNCTION app.scim_users TO vouchsafe_app;

-- Returns the groups of the current connection.
CREATE OR REPLACE FUNCTION app.scim_groups(single uuid DEFAULT NULL)
RETURNS TABLE (id uuid, display_name text, external_id text, version integer, created_at timestamptz,
  updated_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT g.id, g.display_name, g.external_id, g.version, g.created_at, g.updated_at
    FROM app_private.scim_connection() c JOIN public.scim_groups g ON g.org_id = c.org_id AND g.connection_id = c.id
   WHERE single IS NULL OR g.id = single
$$;
GRANT EXECUTE ON FUNCTION app.scim_groups TO vouchsafe_app;

-- Returns which users are in which groups. The parameters optionally limit the result to some users or some groups.
CREATE OR REPLACE FUNCTION app.scim_group_members(of_users uuid[] DEFAULT NULL, of_groups uuid[] DEFAULT NULL)
RETURNS TABLE (group_id uuid, group_name text, user_id uuid, user_display text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT g.id, g.display_name, x.membership_id, m.name
    FROM app_private.scim_connection() c
    JOIN public.scim_group_members x ON x.org_id = c.org_id AND x.connection_id = c.id
    JOIN public.scim_groups g ON g.org_id = x.org_id AND g.connection_id = x.connection_id AND g.id = x.group_id
    JOIN public.memberships m ON m.org_id = x.org_id AND m.id = x.membership_id
   WHERE (of_users IS NULL OR x.membership_id = ANY (of_users)) AND (of_groups IS NULL OR x.group_id = ANY (of_groups))
$$;
GRANT EXECUTE ON FUNCTION app.scim_group_members TO vouchsafe_app;
