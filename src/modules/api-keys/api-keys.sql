-- API keys: authentication, rotation, and revocation.
-- requires platform/database/context.sql
-- requires platform/policies/policies.sql

-- Returns a membership whose permissions are limited to those of an active API key. If no key is given, returns the
-- membership unchanged.
CREATE OR REPLACE FUNCTION app_private.narrow_to_key(m public.memberships, key_id uuid) RETURNS public.memberships
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  listed text[];
BEGIN
  IF key_id IS NULL THEN RETURN m; END IF;
  SELECT k.permissions INTO listed FROM public.api_keys k WHERE k.org_id = m.org_id AND k.id = key_id
     AND k.membership_id = m.id AND k.revoked_at IS NULL AND k.expires_at > now();
  m.grants := (SELECT coalesce(jsonb_object_agg(g.key, g.value) FILTER (WHERE g.key = ANY (listed)), '{}')
    FROM jsonb_each_text(m.grants) g);
  m.person_scopes := (SELECT coalesce(jsonb_object_agg(s.key, CASE WHEN s.key = ANY (listed) THEN s.value
    ELSE 'none' END), '{}')
    FROM jsonb_each_text(m.person_scopes) s);
  RETURN m;
END $$;

-- Returns true if an IP is in one of the ranges. An IPv4-mapped IPv6 address is treated as IPv4 (RFC 4291 section
-- 2.5.5.2).
CREATE OR REPLACE FUNCTION app_private.within_ranges(address inet, ranges cidr[]) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT EXISTS (SELECT FROM unnest(ranges) r WHERE r >>=
    CASE WHEN address <<= '::ffff:0.0.0.0/96'::inet THEN replace(host(address), '::ffff:', '')::inet ELSE address END)
$$;

-- Authenticates an API key and sets the context of its membership. Returns the same columns as app.enter_session, and
-- the id of the key.
-- - The state is `ok` if the key is active. Only this state sets a context that can read tenant rows.
-- - The state is `unknown` if no such key exists.
-- - The state is `revoked` or `key_expired` if the key is no longer valid.
-- - The state is `address` if the request comes from an IP outside the allowed ranges.
-- - The state is `ended` if the membership has ended.
-- - The state is `suspended` if the organization is not active.
-- If a known key is rejected, the context can only write the rejection to the audit log. The sign-in requirements of
-- the organization do not apply to a key. The function updates last_used_at at most once per minute. It does not wait
-- for a row lock that a parallel request holds.
CREATE OR REPLACE FUNCTION app.enter_api_key(
  secret text, address inet, read_only boolean, OUT state text, OUT session_id uuid, OUT user_id uuid,
  OUT email text, OUT user_name text, OUT org_id uuid, OUT org_name text, OUT preset text,
  OUT membership_id uuid, OUT person_id uuid, OUT role text, OUT portal boolean, OUT grants text,
  OUT method text, OUT must_change_password boolean, OUT required_action text, OUT authenticated_at timestamptz,
  OUT expires_at timestamptz, OUT idle_minutes integer, OUT access_grant_id uuid, OUT api_key_id uuid
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  k public.api_keys; m public.memberships; o public.organizations;
BEGIN
  SELECT * INTO k FROM public.api_keys x WHERE x.secret_hash = sha256(convert_to(secret, 'UTF8'));
  IF NOT FOUND THEN state := 'unknown'; RETURN; END IF;
  SELECT * INTO m FROM public.memberships x WHERE x.org_id = k.org_id AND x.id = k.membership_id;
  SELECT * INTO o FROM public.organizations x WHERE x.id = k.org_id;
  org_id := k.org_id; api_key_id := k.id;
  state := CASE
    WHEN k.revoked_at IS NOT NULL THEN 'revoked'
    WHEN k.expires_at <= now() THEN 'key_expired'
    WHEN k.allowed_ranges IS NOT NULL AND NOT app_private.within_ranges(address, k.allowed_ranges) THEN 'address'
    WHEN m.status <> 'active' THEN 'ended'
    WHEN o.status <> 'active' THEN 'suspended'
    ELSE 'ok' END;
  IF state <> 'ok' THEN
    PERFORM app_private.sign_audit_only_context(k.org_id);
    RETURN;
  END IF;
  m := app_private.narrow_to_key(app_private.with_active_grants(m), k.id);
  user_id := m.user_id; user_name := m.name;
  email := (SELECT u.contact_email FROM public.users u WHERE u.id = m.user_id);
  org_name := o.name; preset := o.preset; membership_id := m.id; person_id := m.person_id; role := m.role;
  portal := m.portal; grants := m.grants::text;
  method := 'api_key'; must_change_password := false;
  authenticated_at := to_timestamp(0); expires_at := k.expires_at; idle_minutes := o.idle_minutes;
  access_grant_id := m.access_grant_id;
  IF k.last_used_at IS NULL OR k.last_used_at < now() - interval '1 minute' THEN
    UPDATE public.api_keys x SET last_used_at = now(), last_used_ip = address WHERE (x.org_id, x.id) IN (
      SELECT y.org_id, y.id FROM public.api_keys y
        WHERE y.org_id = k.org_id AND y.id = k.id FOR NO KEY UPDATE SKIP LOCKED);
  END IF;
  PERFORM app_private.membership_used(m);
  PERFORM app_private.sign_member(m, k.id);
  IF read_only THEN PERFORM set_config('transaction_read_only', 'on', true); END IF;
END $$;
GRANT EXECUTE ON FUNCTION app.enter_api_key TO vouchsafe_app;

-- Creates a successor of a key of the caller. The successor has the same permissions and lifetime. The old key expires
-- after the overlap period. Raises 42501 if the caller may not rotate keys or the overlap is longer than one week.
-- - Returns `ok` if the successor was created.
-- - Returns `unknown` if the caller has no such active key.
-- - Returns `rotated` if the key already has a successor.
-- - Returns `beyond` if the caller no longer holds all permissions of the key.
CREATE OR REPLACE FUNCTION app.rotate_api_key(
  key_id uuid, new_id uuid, new_prefix text, new_hash bytea, overlap_seconds integer
) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  k public.api_keys;
BEGIN
  IF NOT app.has_permission('api-key:rotate') OR overlap_seconds NOT BETWEEN 0 AND 604800 THEN
    RAISE EXCEPTION 'rotating a key needs a member who may, and an overlap of a week at most' USING ERRCODE = '42501';
  END IF;
  SELECT * INTO k FROM public.api_keys x WHERE x.org_id = app.org_id() AND x.id = key_id
     AND x.membership_id = app.interactive_membership_id() AND x.revoked_at IS NULL AND x.expires_at > now() FOR UPDATE;
  IF k.id IS NULL THEN RETURN 'unknown'; END IF;
  IF EXISTS (SELECT FROM public.api_keys x WHERE x.org_id = k.org_id AND x.rotated_from = k.id) THEN RETURN 'rotated';
  END IF;
  IF EXISTS (SELECT FROM unnest(k.permissions) p WHERE app.granted_scope(p) = 'none') THEN RETURN 'beyond'; END IF;
  INSERT INTO public.api_keys (org_id, id, membership_id, name, prefix, secret_hash, permissions, allowed_ranges,
    expires_at, rotated_from)
  VALUES (k.org_id, new_id, k.membership_id, k.name, new_prefix, new_hash, k.permissions, k.allowed_ranges,
    now() + make_interval(secs => extract(epoch FROM k.expires_at - k.created_at)), k.id);
  UPDATE public.api_keys x SET expires_at = least(x.expires_at, now() + make_interval(secs => overlap_seconds))
    WHERE x.org_id = k.org_id AND x.id = k.id;
  RETURN 'ok';
END $$;
GRANT EXECUTE ON FUNCTION app.rotate_api_key TO vouchsafe_app;

-- Revokes the API keys of a membership when the membership ends.
CREATE OR REPLACE FUNCTION app_private.membership_ended() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  UPDATE public.api_keys k SET revoked_at = now()
    WHERE k.org_id = NEW.org_id AND k.membership_id = NEW.id AND k.revoked_at IS NULL;
  RETURN NULL;
END $$;

CREATE TRIGGER membership_ended AFTER UPDATE OF status ON memberships FOR EACH ROW
  WHEN (NEW.status = 'ended' AND OLD.status <> 'ended') EXECUTE FUNCTION app_private.membership_ended();

-- A member can create keys only for the member's own membership and only in an interactive session. A key can have only
-- permissions that the member holds.
CREATE POLICY within_own ON api_keys AS RESTRICTIVE FOR INSERT TO vouchsafe_app WITH CHECK (
  membership_id = (SELECT app.interactive_membership_id())
    AND NOT EXISTS (SELECT FROM unnest(permissions) p WHERE app.granted_scope(p) = 'none'));

-- A revoked key stays revoked. An API key cannot revoke another key.
CREATE POLICY ended_for_good ON api_keys AS RESTRICTIVE FOR UPDATE TO vouchsafe_app
  USING ((SELECT app.api_key_id()) IS NULL) WITH CHECK (revoked_at IS NOT NULL);
