import { SqlMigration } from '../src/platform/database/sql-migration.js';

/**
 * What access is explained from, and reviews of it. The functions that explain read what enforces: the kept grants, the
 * cascade behind them, the assignments in force. They answer for the caller's organization alone, and only those who
 * may ask.
 */
export class AccessReview1770000000017 extends SqlMigration {
  protected readonly sql = /* sql */ `
    CREATE FUNCTION app_private.assert_holds(VARIADIC permissions text[]) RETURNS void
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
      IF NOT app.holds(VARIADIC permissions) THEN
        RAISE EXCEPTION 'this needs one of the permissions %', permissions USING ERRCODE = '42501';
      END IF;
    END $$;

    -- The active members after one, in order of id, with the grants in force and their assignments in force to a
    -- person.
    CREATE FUNCTION app.members_and_grants(person uuid, after uuid, most integer)
    RETURNS TABLE (id uuid, name text, email text, role text, person_id uuid, grants jsonb, assignments jsonb)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
      PERFORM app_private.assert_holds('access:explain');
      RETURN QUERY
        SELECT m.id, m.name, u.email, m.role, m.person_id, (app_private.at_present(m)).grants,
               (SELECT coalesce(jsonb_agg(jsonb_build_object('id', a.id, 'from', a.starts_at, 'until', a.ends_at, 'accessGrantId', a.access_grant_id)
                         ORDER BY a.id), '[]')
                  FROM app_private.assignments_in_force(m.org_id, m.id) a WHERE a.person_id = person)
          FROM public.memberships m JOIN public.users u ON u.id = m.user_id
         WHERE m.org_id = app.org_id() AND m.status = 'active' AND (after IS NULL OR m.id > after) ORDER BY m.id LIMIT most;
    END $$;

    -- What is said of the permissions of some active members, at every level, and which of it decides.
    CREATE FUNCTION app.grant_levels(members uuid[]) RETURNS TABLE (membership_id uuid, permission text, source text, scope text,
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

    -- One member, active or not, with all that decides what they reach, and what a sign-in by password would lack; no
    -- row for
    -- who never was one here.
    CREATE FUNCTION app.member_in_full(member_user uuid) RETURNS TABLE (id uuid, user_id uuid, name text, email text, role text, kind text,
      status text, person_id uuid, created_at timestamptz, ended_at timestamptz, last_used_at timestamptz, must_change_password boolean,
      suspended boolean, obstacle text, grants jsonb, people integer, assignments jsonb, access_grants jsonb)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
      PERFORM app_private.assert_holds('access:preview');
      RETURN QUERY
        SELECT m.id, m.user_id, m.name, u.email, m.role, m.kind, m.status, m.person_id, m.created_at, m.ended_at, m.last_used_at,
               u.must_change_password, o.status <> 'active',
               app.sign_in_obstacle(jsonb_populate_record(NULL::public.sessions, '{"method": "password"}'), o, true, false), (app_private.at_present(m)).grants,
               (SELECT count(*)::integer FROM public.people p WHERE p.org_id = m.org_id),
               (SELECT coalesce(jsonb_agg(jsonb_build_object('id', a.id, 'personId', a.person_id, 'from', a.starts_at, 'until', a.ends_at,
                         'accessGrantId', a.access_grant_id, 'inForce', f.id IS NOT NULL) ORDER BY a.starts_at, a.id), '[]')
                  FROM public.assignments a LEFT JOIN app_private.assignments_in_force(m.org_id, m.id) f ON f.id = a.id
                 WHERE a.org_id = m.org_id AND a.membership_id = m.id AND (f.id IS NOT NULL OR (a.starts_at > now() AND (a.ends_at IS NULL OR a.ends_at > a.starts_at)))),
               (SELECT coalesce(jsonb_agg(jsonb_build_object('id', g.id, 'scopes', g.scopes, 'personId', g.person_id, 'reason', g.reason,
                         'expiresAt', g.expires_at) ORDER BY g.id), '[]')
                  FROM public.access_grants g WHERE g.org_id = m.org_id AND g.membership_id = m.id AND g.state = 'approved' AND g.expires_at > now())
          FROM public.memberships m JOIN public.users u ON u.id = m.user_id JOIN public.organizations o ON o.id = m.org_id
         WHERE m.org_id = app.org_id() AND m.user_id = member_user;
    END $$;
    GRANT EXECUTE ON FUNCTION app.members_and_grants, app.grant_levels, app.member_in_full TO vouchsafe_app;

    -- A review of access: everything that gives somebody access, as it was when the review began, each to be confirmed
    -- or revoked.
    CREATE TABLE access_reviews (
      org_id uuid NOT NULL REFERENCES organizations,
      id uuid NOT NULL,
      started_by uuid,
      created_at timestamptz NOT NULL DEFAULT now(),
      completed_by uuid,
      completed_at timestamptz,
      PRIMARY KEY (org_id, id),
      FOREIGN KEY (org_id, started_by) REFERENCES memberships (org_id, id),
      FOREIGN KEY (org_id, completed_by) REFERENCES memberships (org_id, id)
    );
    CREATE INDEX access_reviews_age ON access_reviews (org_id, created_at);
    SELECT app_private.protect_table('access_reviews', 'SELECT, UPDATE (completed_by, completed_at)');
    GRANT DELETE ON access_reviews TO vouchsafe_worker;

    CREATE TABLE access_review_items (
      org_id uuid NOT NULL,
      id uuid NOT NULL,
      review_id uuid NOT NULL,
      number integer NOT NULL,
      kind text NOT NULL CHECK (kind IN ('membership', 'member-override', 'role', 'role-override')),
      membership_id uuid,
      role text,
      permission text,
      snapshot jsonb NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now(),
      decision text CHECK (decision IN ('confirm', 'revoke')),
      decided_by uuid,
      decided_at timestamptz,
      note text CHECK (length(note) <= 500),
      PRIMARY KEY (org_id, id),
      UNIQUE (org_id, review_id, number),
      FOREIGN KEY (org_id, review_id) REFERENCES access_reviews (org_id, id) ON DELETE CASCADE,
      FOREIGN KEY (org_id, membership_id) REFERENCES memberships (org_id, id),
      FOREIGN KEY (org_id, decided_by) REFERENCES memberships (org_id, id),
      CHECK ((decision IS NULL) = (decided_at IS NULL) AND (decision IS NULL) = (decided_by IS NULL))
    );
    CREATE INDEX access_review_items_age ON access_review_items (org_id, created_at);
    SELECT app_private.protect_table('access_review_items', 'SELECT, UPDATE (decision, decided_by, decided_at, note)');
    GRANT DELETE ON access_review_items TO vouchsafe_worker;

    -- Each is decided once, in the name of who decides, and nobody decides on their own membership.
    CREATE POLICY once_by_another ON access_review_items AS RESTRICTIVE FOR UPDATE TO vouchsafe_app
      USING (decision IS NULL AND membership_id IS DISTINCT FROM (SELECT app.membership_id())) WITH CHECK (decided_by = (SELECT app.membership_id()));
    CREATE POLICY once_as_oneself ON access_reviews AS RESTRICTIVE FOR UPDATE TO vouchsafe_app
      USING (completed_at IS NULL) WITH CHECK (completed_by = (SELECT app.membership_id()));

    CREATE FUNCTION app_private.review_is_decided() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
      IF EXISTS (SELECT FROM public.access_review_items i WHERE i.org_id = NEW.org_id AND i.review_id = NEW.id AND i.decision IS NULL) THEN
        RAISE EXCEPTION 'items of the review are open' USING ERRCODE = '23514', CONSTRAINT = 'access_reviews_open';
      END IF;
      RETURN NEW;
    END $$;
    CREATE TRIGGER review_is_decided BEFORE UPDATE ON access_reviews FOR EACH ROW EXECUTE FUNCTION app_private.review_is_decided();

    -- Begins a review: every active membership with what it holds, every override of a member, every role of the
    -- organization's own, every override of a role. One picture, because it is one statement. Returns how many.
    CREATE FUNCTION app.start_access_review(review uuid) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
      org uuid := app.org_id();
      items integer;
    BEGIN
      PERFORM app_private.assert_holds('access-review:create');
      INSERT INTO public.access_reviews (org_id, id, started_by) VALUES (org, review, app.membership_id());
      INSERT INTO public.access_review_items (org_id, id, review_id, number, kind, membership_id, role, permission, snapshot)
      SELECT org, gen_random_uuid(), review, row_number() OVER (ORDER BY k.place, k.name, k.membership_id, k.role, k.permission), k.kind,
             k.membership_id, k.role, k.permission, k.snapshot FROM (
        SELECT 1 AS place, 'membership' AS kind, m.name, m.id AS membership_id, m.role, NULL AS permission, jsonb_build_object(
                 'kind', m.kind, 'memberSince', m.created_at, 'lastUsedAt', m.last_used_at, 'personId', m.person_id,
                 'grants', (SELECT coalesce(jsonb_agg(jsonb_build_object('permission', t.key, 'scope', t.value) ORDER BY t.key), '[]')
                              FROM jsonb_each_text((app_private.at_present(m)).grants) t),
                 'overrides', (SELECT coalesce(jsonb_agg(jsonb_build_object('permission', l.permission, 'scope', l.scope) ORDER BY l.permission), '[]')
                                 FROM app_private.grant_levels(org, m.id, m.role) l WHERE l.source = 'member'),
                 'accessGrants', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', l.access_grant_id, 'permission', l.permission, 'scope', l.scope,
                                      'expiresAt', l.expires_at) ORDER BY l.permission), '[]')
                                    FROM app_private.grant_levels(org, m.id, m.role) l WHERE l.source = 'access-grant')) AS snapshot
          FROM public.memberships m WHERE m.org_id = org AND m.status = 'active'
        UNION ALL
        SELECT 2, 'member-override', m.name, m.id, m.role, o.permission, jsonb_build_object('scope', o.scope, 'since', o.set_at)
          FROM public.member_overrides o JOIN public.memberships m ON m.org_id = o.org_id AND m.id = o.membership_id
         WHERE o.org_id = org AND m.status = 'active'
        UNION ALL
        SELECT 3, 'role', r.key, NULL, r.key, NULL, jsonb_build_object('name', r.name, 'portal', r.portal, 'since', r.created_at, 'members',
                 (SELECT count(*) FROM public.memberships m WHERE m.org_id = org AND m.status = 'active' AND m.role = r.key))
          FROM public.roles r WHERE r.org_id = org
        UNION ALL
        SELECT 4, 'role-override', o.role, NULL, o.role, o.permission, jsonb_build_object('scope', o.scope, 'since', o.set_at, 'members',
                 (SELECT count(*) FROM public.memberships m WHERE m.org_id = org AND m.status = 'active' AND m.role = o.role))
          FROM public.role_overrides o WHERE o.org_id = org
      ) AS k;
      GET DIAGNOSTICS items = ROW_COUNT;
      RETURN items;
    END $$;
    GRANT EXECUTE ON FUNCTION app.start_access_review TO vouchsafe_app;
  `;
}
