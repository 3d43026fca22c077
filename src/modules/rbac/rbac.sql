-- Roles, and the explanation of effective permissions.

-- Rejects the deletion of a role that a member has or that a group mapping of an SSO connection uses. The function
-- locks the role. Therefore, it sees members who received the role in parallel; membership_grants locks the role too.
CREATE OR REPLACE FUNCTION app_private.role_in_use() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM FROM public.roles r WHERE r.org_id = OLD.org_id AND r.key = OLD.key FOR UPDATE;
  IF EXISTS (SELECT FROM public.memberships m WHERE m.org_id = OLD.org_id AND m.role = OLD.key AND m.status = 'active')
    OR EXISTS (SELECT FROM public.sso_connections c WHERE c.org_id = OLD.org_id
         AND (c.default_role = OLD.key
           OR (c.group_roles || c.attribute_roles) @> jsonb_build_array(jsonb_build_object('role', OLD.key)))) THEN
    RAISE EXCEPTION 'the role is in use' USING ERRCODE = '23503', CONSTRAINT = 'roles_in_use';
  END IF;
  DELETE FROM public.role_overrides WHERE org_id = OLD.org_id AND role = OLD.key;
  RETURN OLD;
END $$;

CREATE TRIGGER role_in_use BEFORE DELETE ON roles FOR EACH ROW EXECUTE FUNCTION app_private.role_in_use();

-- Raises 42501 unless the caller holds one of the permissions for the whole organization.
CREATE OR REPLACE FUNCTION app_private.assert_holds(VARIADIC permissions text[]) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NOT app.has_permission(VARIADIC permissions) THEN
    RAISE EXCEPTION 'one of these permissions is required: %', permissions USING ERRCODE = '42501';
  END IF;
END $$;

-- Returns a page of active members, ordered by id, that starts after a given member. Each row contains the member's
-- current grants and the member's current assignments to one person.
CREATE OR REPLACE FUNCTION app.members_and_grants(person uuid, after uuid, most integer)
RETURNS TABLE (id uuid, name text, email text, role text, person_id uuid, grants jsonb, assignments jsonb)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM app_private.assert_holds('access:explain');
  RETURN QUERY
    SELECT m.id, m.name, u.contact_email, m.role, m.person_id, (app_private.with_active_grants(m)).grants,
           (SELECT coalesce(jsonb_agg(jsonb_build_object('id', a.id, 'from', a.starts_at, 'until', a.ends_at,
             'accessGrantId', a.access_grant_id)
                     ORDER BY a.id), '[]')
              FROM app_private.assignments_in_force(m.org_id, m.id) a WHERE a.person_id = person)
      FROM public.memberships m JOIN public.users u ON u.id = m.user_id
     WHERE m.org_id = app.org_id() AND m.status = 'active' AND (after IS NULL OR m.id > after) ORDER BY m.id LIMIT most;
END $$;
GRANT EXECUTE ON FUNCTION app.members_and_grants TO vouchsafe_app;

-- Returns every rule about the permissions of active members. The column `decides` marks the rule that takes effect.
CREATE OR REPLACE FUNCTION app.grant_levels(members uuid[])
RETURNS TABLE (membership_id uuid, permission text, source text, scope text,
  since timestamptz, access_grant_id uuid, expires_at timestamptz, decides boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM app_private.assert_holds('access:explain', 'access:preview');
  RETURN QUERY
    SELECT m.id, l.permission, l.source, l.scope, l.since, l.access_grant_id, l.expires_at, l.decides
      FROM public.memberships m CROSS JOIN LATERAL app_private.grant_levels(m.org_id, m.id, m.role) l
     WHERE m.org_id = app.org_id() AND m.status = 'active' AND m.id = ANY (members)
     ORDER BY m.id, l.permission, l.level, l.source;
END $$;
GRANT EXECUTE ON FUNCTION app.grant_levels TO vouchsafe_app;

-- Returns the details of one active or former member: all data that determines the member's access. The column
-- required_action contains the requirement that a password sign-in would not meet. Returns no row for a user who was
-- never a member of the organization.
CREATE OR REPLACE FUNCTION app.member_details(member_user uuid)
RETURNS TABLE (id uuid, user_id uuid, name text, email text, role text, kind text,
  status text, person_id uuid, created_at timestamptz, ended_at timestamptz, last_used_at timestamptz,
    must_change_password boolean,
  suspended boolean, required_action text, grants jsonb, people integer, assignments jsonb, access_grants jsonb)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM app_private.assert_holds('access:preview');
  RETURN QUERY
    SELECT m.id, m.user_id, m.name, u.contact_email, m.role, m.kind, m.status, m.person_id, m.created_at, m.ended_at,
      m.last_used_at,
           u.must_change_password, o.status <> 'active',
           app.sign_in_required_action(jsonb_populate_record(NULL::public.sessions,
             jsonb_build_object('method', 'password', 'user_id', m.user_id)), o, true, false),
             (app_private.with_active_grants(m)).grants,
           (SELECT count(*)::integer FROM public.people p WHERE p.org_id = m.org_id),
           (SELECT coalesce(jsonb_agg(jsonb_build_object('id', a.id, 'personId', a.person_id, 'from', a.starts_at,
             'until', a.ends_at,
                     'accessGrantId', a.access_grant_id, 'inForce', f.id IS NOT NULL) ORDER BY a.starts_at, a.id), '[]')
              FROM public.assignments a LEFT JOIN app_private.assignments_in_force(m.org_id, m.id) f ON f.id = a.id
             WHERE a.org_id = m.org_id AND a.membership_id = m.id
               AND (f.id IS NOT NULL OR (a.starts_at > now() AND (a.ends_at IS NULL OR a.ends_at > a.starts_at)))),
           (SELECT coalesce(jsonb_agg(jsonb_build_object('id', g.id, 'scopes', g.scopes, 'personId', g.person_id,
             'reason', g.reason,
                     'expiresAt', g.expires_at) ORDER BY g.id), '[]')
              FROM public.access_grants g
                WHERE g.org_id = m.org_id AND g.membership_id = m.id AND g.state = 'approved' AND g.expires_at > now())
      FROM public.memberships m JOIN public.users u ON u.id = m.user_id JOIN public.organizations o ON o.id = m.org_id
     WHERE m.org_id = app.org_id() AND m.user_id = member_user;
END $$;
GRANT EXECUTE ON FUNCTION app.member_details TO vouchsafe_app;
