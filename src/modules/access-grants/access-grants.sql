-- Access grants: approval, ending, and expiry.
-- requires platform/database/context.sql

-- Approves or declines a request for an access grant. Raises 42501 if the caller may not decide on access grants.
-- - Returns `approved` or `declined` if the decision is stored.
-- - Returns `unknown` if the organization has no such request.
-- - Returns `decided` if the request has been decided or withdrawn.
-- - Returns `own` if the caller is the requester or the member who would receive the grant.
-- - Returns `expired` if the request is more than one day old and the caller approves it.
-- - Returns `beyond` if the request contains more than the caller can grant.
-- - Returns `ended` if the membership has ended.
-- - Returns `in_force` if the member already has an active grant.
CREATE OR REPLACE FUNCTION app.decide_access_grant(grant_id uuid, approve boolean, assignment_id uuid) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  me uuid := app.interactive_membership_id();
  g public.access_grants;
BEGIN
  IF me IS NULL OR NOT app.has_permission('access-grant:decide') THEN
    RAISE EXCEPTION 'the caller may not decide on access grants' USING ERRCODE = '42501';
  END IF;
  PERFORM app.lock_organization();
  SELECT * INTO g FROM public.access_grants x WHERE x.org_id = app.org_id() AND x.id = grant_id FOR UPDATE;
  IF g.id IS NULL THEN RETURN 'unknown'; END IF;
  IF g.state <> 'requested' THEN RETURN 'decided'; END IF;
  IF me IN (g.membership_id, g.requested_by) THEN RETURN 'own'; END IF;
  IF NOT approve THEN
    UPDATE public.access_grants x SET state = 'declined', decided_by = me, decided_at = now()
      WHERE x.org_id = g.org_id AND x.id = g.id;
    RETURN 'declined';
  END IF;
  IF g.created_at < now() - interval '1 day' THEN RETURN 'expired'; END IF;
  IF EXISTS (SELECT FROM jsonb_each_text(g.scopes) t WHERE app.grantable_scope(g.org_id, t.key) <> 'org')
    OR g.person_id IS NOT NULL AND NOT app.may_assign(g.membership_id) THEN RETURN 'beyond'; END IF;
  PERFORM FROM public.memberships m
    WHERE m.org_id = g.org_id AND m.id = g.membership_id AND m.status = 'active' FOR NO KEY UPDATE;
  IF NOT FOUND THEN RETURN 'ended'; END IF;
  IF EXISTS (SELECT FROM public.access_grants x WHERE x.org_id = g.org_id AND x.membership_id = g.membership_id
               AND x.state = 'approved' AND x.expires_at > now()) THEN RETURN 'in_force'; END IF;
  IF g.person_id IS NOT NULL THEN
    INSERT INTO public.assignments (org_id, id, person_id, membership_id, ends_at, access_grant_id)
    VALUES (g.org_id, assignment_id, g.person_id, g.membership_id, now() + make_interval(mins => g.minutes), g.id);
  END IF;
  UPDATE public.access_grants x SET state = 'approved', decided_by = me, decided_at = now(),
         expires_at = now() + make_interval(mins => g.minutes) WHERE x.org_id = g.org_id AND x.id = g.id;
  RETURN 'approved';
END $$;
GRANT EXECUTE ON FUNCTION app.decide_access_grant TO vouchsafe_app;

-- Ends an active grant or withdraws a pending request. The member, the requester, and members who may decide on
-- requests can call it. Returns false if nothing changed.
CREATE OR REPLACE FUNCTION app.end_access_grant(grant_id uuid) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  g public.access_grants;
BEGIN
  SELECT * INTO g FROM public.access_grants x WHERE x.org_id = app.org_id() AND x.id = grant_id FOR UPDATE;
  IF g.id IS NULL OR g.state NOT IN ('requested', 'approved') OR g.expires_at <= now()
    OR NOT (app.is_system() OR coalesce(app.interactive_membership_id()
      IN (g.membership_id, coalesce(g.requested_by, g.membership_id)), false)
        OR app.has_permission('access-grant:decide')) THEN
    RETURN false;
  END IF;
  UPDATE public.access_grants x SET state = CASE g.state WHEN 'requested' THEN 'declined'
    ELSE 'ended' END, ended_at = now()
   WHERE x.org_id = g.org_id AND x.id = g.id;
  UPDATE public.assignments a SET ends_at = now()
    WHERE a.org_id = g.org_id AND a.access_grant_id = g.id AND a.ends_at > now();
  RETURN true;
END $$;
GRANT EXECUTE ON FUNCTION app.end_access_grant TO vouchsafe_app;

-- Marks expired grants as ended, so that the caller can write audit events for them. Returns the ids of these grants.
-- An expired grant gives no permissions even before this function runs.
CREATE OR REPLACE FUNCTION app.close_expired_access_grants() RETURNS SETOF uuid
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  UPDATE public.access_grants x SET state = 'ended', ended_at = x.expires_at
   WHERE x.org_id = app.org_id() AND x.state = 'approved' AND x.expires_at <= now() RETURNING x.id
$$;
GRANT EXECUTE ON FUNCTION app.close_expired_access_grants TO vouchsafe_worker;

-- A member can request a grant only for the member's own account. The system requests grants for support staff.
CREATE POLICY as_oneself ON access_grants AS RESTRICTIVE FOR INSERT TO vouchsafe_app
  WITH CHECK (org_id = (SELECT app.org_if_system())
    OR (org_id, requested_by) = (SELECT app.org_id(), app.membership_id()));
