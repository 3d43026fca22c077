-- SCIM tokens and the tenant context of a SCIM client.
-- requires platform/database/context.sql
-- requires platform/policies/giving-rights.sql

-- Limits a connection to two active tokens. The second token allows rotation without an interruption.
CREATE OR REPLACE FUNCTION app_private.limit_scim_tokens() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM 1 FROM public.sso_connections c WHERE c.org_id = NEW.org_id AND c.id = NEW.connection_id FOR NO KEY UPDATE;
  IF (SELECT count(*) FROM public.scim_tokens t WHERE t.org_id = NEW.org_id AND t.connection_id = NEW.connection_id
        AND t.revoked_at IS NULL AND t.expires_at > now()) >= 2 THEN
    RAISE EXCEPTION 'scim_token_limit_reached' USING ERRCODE = 'VS409';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER limit_scim_tokens BEFORE INSERT ON scim_tokens FOR EACH ROW
  EXECUTE FUNCTION app_private.limit_scim_tokens();

-- Authenticates a SCIM token and sets the tenant context.
-- - The state is `ok` if the token is valid.
-- - The state is `unknown` if no such token exists.
-- - The state is `revoked` or `expired` if the token is no longer valid.
-- - The state is `disabled` if the connection is disabled.
-- - The state is `suspended` if the organization is not active.
-- If a known token is rejected, the context can only write the rejection to the audit log. If `may_change` is true, the
-- function locks the organization before it checks the token. The lock serializes changes by SCIM clients and members.
CREATE OR REPLACE FUNCTION app.enter_scim(
  secret text, address inet, may_change boolean, OUT state text, OUT org_id uuid, OUT connection_id uuid,
  OUT token_id uuid
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  digest bytea := sha256(convert_to(secret, 'UTF8'));
  t public.scim_tokens; enabled boolean; organization_status text;
BEGIN
  IF may_change THEN
    PERFORM 1 FROM public.organizations o JOIN public.scim_tokens x ON x.org_id = o.id
      WHERE x.secret_hash = digest FOR NO KEY UPDATE OF o;
  END IF;
  SELECT * INTO t FROM public.scim_tokens x WHERE x.secret_hash = digest;
  IF NOT FOUND THEN state := 'unknown'; RETURN; END IF;
  SELECT c.enabled, o.status INTO enabled, organization_status
    FROM public.sso_connections c JOIN public.organizations o ON o.id = c.org_id
   WHERE c.org_id = t.org_id AND c.id = t.connection_id;
  org_id := t.org_id; connection_id := t.connection_id; token_id := t.id;
  state := CASE
    WHEN t.revoked_at IS NOT NULL THEN 'revoked'
    WHEN t.expires_at <= now() THEN 'expired'
    WHEN enabled IS NOT TRUE THEN 'disabled'
    WHEN organization_status <> 'active' THEN 'suspended'
    ELSE 'ok' END;
  IF state <> 'ok' THEN
    PERFORM app_private.sign_audit_only_context(t.org_id);
    RETURN;
  END IF;
  IF t.last_used_at IS NULL OR t.last_used_at < now() - interval '1 minute' THEN
    UPDATE public.scim_tokens x SET last_used_at = now(), last_used_ip = address WHERE (x.org_id, x.id) IN (
      SELECT y.org_id, y.id FROM public.scim_tokens y
        WHERE y.org_id = t.org_id AND y.id = t.id FOR NO KEY UPDATE SKIP LOCKED);
  END IF;
  PERFORM app_private.sign_context(ARRAY['scim', NULL, NULL, NULL, NULL, NULL, t.org_id::text, t.connection_id::text]);
END $$;
GRANT EXECUTE ON FUNCTION app.enter_scim TO vouchsafe_app;

-- Returns the connection id of the SCIM context. Returns null in any other context.
CREATE OR REPLACE FUNCTION app.scim_connection_id() RETURNS uuid LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT CASE WHEN c[1] = 'scim' THEN c[8]::uuid END FROM app.verified_context() AS c;
END;
GRANT EXECUTE ON FUNCTION app.scim_connection_id TO vouchsafe_app;

-- Returns the connection of the SCIM context. Raises 42501 in any other context.
CREATE OR REPLACE FUNCTION app_private.scim_connection() RETURNS public.sso_connections
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  own_connection public.sso_connections;
BEGIN
  SELECT * INTO own_connection FROM public.sso_connections c
    WHERE c.org_id = app.audit_org_id() AND c.id = app.scim_connection_id();
  IF NOT FOUND THEN RAISE EXCEPTION 'the context is not a SCIM context' USING ERRCODE = '42501'; END IF;
  RETURN own_connection;
END $$;

-- A SCIM client creates and ends memberships. Therefore, only a member with every permission of the owner role can
-- create a token, and an API key cannot.
CREATE POLICY speaks_for_all ON scim_tokens AS RESTRICTIVE FOR INSERT TO vouchsafe_app
  WITH CHECK (org_id = (SELECT app.org_if_owner_equivalent()) AND (SELECT app.api_key_id()) IS NULL);

-- A revoked token stays revoked.
CREATE POLICY ended_for_good ON scim_tokens AS RESTRICTIVE
  FOR UPDATE TO vouchsafe_app USING (true) WITH CHECK (revoked_at IS NOT NULL);
