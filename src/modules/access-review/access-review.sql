-- Access reviews.
-- requires platform/database/context.sql

-- Rejects the completion of a review while it has undecided items.
CREATE OR REPLACE FUNCTION app_private.review_is_decided() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM public.access_review_items i
    WHERE i.org_id = NEW.org_id AND i.review_id = NEW.id AND i.decision IS NULL) THEN
    RAISE EXCEPTION 'the review has undecided items' USING ERRCODE = '23514', CONSTRAINT = 'access_reviews_open';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER review_is_decided BEFORE UPDATE ON access_reviews FOR EACH ROW
  EXECUTE FUNCTION app_private.review_is_decided();

-- Starts an access review and returns the number of its items. The items are every active membership with its grants,
-- every member override, every custom role, and every role override. A single statement creates all items, so that they
-- show the same point in time.
CREATE OR REPLACE FUNCTION app.start_access_review(review uuid) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  org uuid := app.org_id();
  items integer;
BEGIN
  PERFORM app_private.assert_holds('access-review:create');
  INSERT INTO public.access_reviews (org_id, id, started_by) VALUES (org, review, app.membership_id());
  INSERT INTO public.access_review_items (org_id, id, review_id, number, kind, membership_id, role, permission,
    snapshot)
  SELECT org, gen_random_uuid(), review,
    row_number() OVER (ORDER BY k.place, k.name, k.membership_id, k.role, k.permission), k.kind,
         k.membership_id, k.role, k.permission, k.snapshot FROM (
    SELECT 1 AS place, 'membership' AS kind, m.name, m.id AS membership_id, m.role, NULL AS permission,
      jsonb_build_object(
             'kind', m.kind, 'memberSince', m.created_at, 'lastUsedAt', m.last_used_at, 'personId', m.person_id,
             'grants', (SELECT coalesce(jsonb_agg(jsonb_build_object('permission', t.key, 'scope', t.value)
               ORDER BY t.key), '[]')
                          FROM jsonb_each_text((app_private.with_active_grants(m)).grants) t),
             'overrides', (SELECT coalesce(jsonb_agg(jsonb_build_object('permission', l.permission, 'scope', l.scope)
               ORDER BY l.permission), '[]')
                             FROM app_private.grant_levels(org, m.id, m.role) l WHERE l.source = 'member'),
             'accessGrants', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', l.access_grant_id, 'permission',
               l.permission, 'scope', l.scope,
                                  'expiresAt', l.expires_at) ORDER BY l.permission), '[]')
                                FROM app_private.grant_levels(org, m.id, m.role) l
                                  WHERE l.source = 'access-grant')) AS snapshot
      FROM public.memberships m WHERE m.org_id = org AND m.status = 'active'
    UNION ALL
    SELECT 2, 'member-override', m.name, m.id, m.role, o.permission,
      jsonb_build_object('scope', o.scope, 'since', o.set_at)
      FROM public.member_overrides o JOIN public.memberships m ON m.org_id = o.org_id AND m.id = o.membership_id
     WHERE o.org_id = org AND m.status = 'active'
    UNION ALL
    SELECT 3, 'role', r.key, NULL, r.key, NULL,
      jsonb_build_object('name', r.name, 'portal', r.portal, 'since', r.created_at, 'members',
             (SELECT count(*) FROM public.memberships m
               WHERE m.org_id = org AND m.status = 'active' AND m.role = r.key))
      FROM public.roles r WHERE r.org_id = org
    UNION ALL
    SELECT 4, 'role-override', o.role, NULL, o.role, o.permission,
      jsonb_build_object('scope', o.scope, 'since', o.set_at, 'members',
             (SELECT count(*) FROM public.memberships m
               WHERE m.org_id = org AND m.status = 'active' AND m.role = o.role))
      FROM public.role_overrides o WHERE o.org_id = org
  ) AS k;
  GET DIAGNOSTICS items = ROW_COUNT;
  RETURN items;
END $$;
GRANT EXECUTE ON FUNCTION app.start_access_review TO vouchsafe_app;

-- A member can decide an item once and only under the member's own name. A member cannot decide an item about the
-- member's own access.
CREATE POLICY once_by_another ON access_review_items AS RESTRICTIVE FOR UPDATE TO vouchsafe_app
  USING (decision IS NULL AND membership_id IS DISTINCT FROM (SELECT app.membership_id()))
    WITH CHECK (decided_by = (SELECT app.membership_id()));

-- A member can complete a review once and only under the member's own name.
CREATE POLICY once_as_oneself ON access_reviews AS RESTRICTIVE FOR UPDATE TO vouchsafe_app
  USING (completed_at IS NULL) WITH CHECK (completed_by = (SELECT app.membership_id()));
