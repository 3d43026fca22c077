-- SSO connections: changes, tests, enforcement, and the attempt log.
-- requires platform/database/context.sql
-- requires platform/policies/giving-rights.sql

-- Rejects a connection id that another organization uses. A sign-in request contains only the connection id, so the id
-- must be unique across organizations. The lock makes the second of two parallel changes see the first.
CREATE OR REPLACE FUNCTION app_private.connection_id_is_free() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('sso connection ' || NEW.id, 0));
  IF EXISTS (SELECT FROM public.sso_connections c
    WHERE c.id = NEW.id AND (TG_OP = 'INSERT' OR c.org_id <> OLD.org_id)) THEN
    RAISE EXCEPTION 'the connection id is already in use' USING ERRCODE = '42501';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER connection_id_is_free BEFORE INSERT OR UPDATE OF id ON sso_connections FOR EACH ROW
  EXECUTE FUNCTION app_private.connection_id_is_free();

-- Returns the data with which the API verifies a provider's response. The connection secret in the result is encrypted
-- and can be decrypted only with the KMS.
CREATE OR REPLACE FUNCTION app.find_sso_connection(connection uuid)
RETURNS TABLE (found public.sso_connections, preset text, key_versions smallint[], wrapped bytea[])
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT c, o.preset, k.key_versions, k.wrapped
    FROM public.sso_connections c JOIN public.organizations o ON o.id = c.org_id AND o.status = 'active'
      AND c.protocol = ANY (o.allowed_sign_in)
    CROSS JOIN LATERAL (SELECT array_agg(d.key_version) AS key_versions, array_agg(d.wrapped) AS wrapped
      FROM public.data_keys d
      WHERE d.org_id = c.org_id AND d.subject_id = '00000000-0000-0000-0000-000000000000' AND d.purpose = 'data') k
   WHERE c.id = connection AND c.enabled
$$;
GRANT EXECUTE ON FUNCTION app.find_sso_connection TO vouchsafe_app;

-- Clears tested_at when a member changes a setting that determines who can sign in through a connection. A job that
-- fetches new metadata from the configured URL does not clear it.
CREATE OR REPLACE FUNCTION app_private.connection_untested() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF current_user NOT IN ('vouchsafe_app', 'vouchsafe_worker') THEN RETURN NEW; END IF;
  NEW.tested_at := CASE WHEN TG_OP = 'UPDATE' AND NEW.tested_at IS NOT NULL AND (app.is_system() OR
    (NEW.protocol, NEW.idp_entity_id, NEW.idp_sso_url, NEW.idp_certificates, NEW.metadata_url, NEW.want_response_signed,
      NEW.want_assertion_signed, NEW.want_assertion_encrypted,
     NEW.sign_requests, NEW.force_authn, NEW.sp_certificates[1], NEW.oidc_issuer, NEW.oidc_client_id,
       NEW.oidc_client_secret_enc, NEW.oidc_tenants, NEW.subject)
    IS NOT DISTINCT FROM
    (OLD.protocol, OLD.idp_entity_id, OLD.idp_sso_url, OLD.idp_certificates, OLD.metadata_url, OLD.want_response_signed,
      OLD.want_assertion_signed, OLD.want_assertion_encrypted,
     OLD.sign_requests, OLD.force_authn, OLD.sp_certificates[1], OLD.oidc_issuer, OLD.oidc_client_id,
       OLD.oidc_client_secret_enc, OLD.oidc_tenants, OLD.subject))
    THEN OLD.tested_at END;
  RETURN NEW;
END $$;

CREATE TRIGGER connection_untested BEFORE INSERT OR UPDATE ON sso_connections FOR EACH ROW
  EXECUTE FUNCTION app_private.connection_untested();

-- Records a successful test sign-in by a member. The caller must present the secret of the connection. The context can
-- then write any audit event but cannot access tenant rows. If the connection or the active membership does not exist,
-- the function returns false. The context can then only write an audit event about the failed test.
CREATE OR REPLACE FUNCTION app.sso_test_passed(
  connection uuid, db_secret bytea, tester uuid, OUT passed boolean, OUT org_id uuid, OUT user_id uuid
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  m public.memberships;
BEGIN
  SELECT x.* INTO m FROM public.sso_connections c JOIN public.memberships x ON x.org_id = c.org_id AND x.id = tester
    AND x.status = 'active'
   WHERE c.id = connection AND c.enabled AND c.db_secret_hash = sha256(db_secret);
  passed := FOUND;
  IF NOT passed THEN org_id := app.enter_sso_log(connection); RETURN; END IF;
  UPDATE public.sso_connections c SET tested_at = now() WHERE c.org_id = m.org_id AND c.id = connection;
  -- The sign-in proves that the OpenID provider answers.
  UPDATE public.sso_connections c SET metadata_error = NULL, metadata_warnings = '[]'
    WHERE c.org_id = m.org_id AND c.id = connection AND c.protocol = 'oidc' AND c.metadata_error IS NOT NULL;
  org_id := m.org_id; user_id := m.user_id;
  PERFORM app_private.sign_authenticated_context(m.org_id); -- allows audit events but no access to tenant rows
END $$;
GRANT EXECUTE ON FUNCTION app.sso_test_passed TO vouchsafe_app;

-- Rejects SSO enforcement if no tested connection is available. Connections that other organizations share with this
-- organization are also considered. An OpenID provider that does not answer is not available. A SAML connection with an
-- error keeps its last valid metadata.
CREATE OR REPLACE FUNCTION app_private.sso_is_tested() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF session_user NOT IN ('vouchsafe_app', 'vouchsafe_worker') OR EXISTS (
    SELECT FROM public.sso_connections c
      WHERE c.enabled AND c.tested_at IS NOT NULL AND c.protocol = ANY (NEW.allowed_sign_in)
       AND (c.protocol <> 'oidc' OR c.metadata_error IS NULL)
       AND (c.org_id = NEW.id OR c.shared AND app_private.trusts(NEW, c.org_id))) THEN RETURN NEW; END IF;
  RAISE EXCEPTION 'sso_connection_not_tested' USING ERRCODE = 'VS409';
END $$;

CREATE TRIGGER sso_is_tested BEFORE UPDATE OF require_sso ON organizations FOR EACH ROW
  WHEN (NEW.require_sso AND NOT OLD.require_sso) EXECUTE FUNCTION app_private.sso_is_tested();

-- Ends the sessions of a connection when it is removed, disabled, or no longer shared.
CREATE OR REPLACE FUNCTION app_private.connection_ended() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  UPDATE public.sessions s SET revoked_at = now() WHERE s.connection_id = OLD.id AND s.revoked_at IS NULL
     AND (TG_OP = 'DELETE' OR NOT NEW.enabled OR NOT NEW.shared AND s.org_id <> OLD.org_id);
  RETURN NULL;
END $$;

CREATE TRIGGER connection_removed AFTER DELETE ON sso_connections FOR EACH ROW
  EXECUTE FUNCTION app_private.connection_ended();

CREATE TRIGGER connection_closed AFTER UPDATE ON sso_connections FOR EACH ROW
  WHEN (OLD.enabled AND NOT NEW.enabled OR OLD.shared AND NOT NEW.shared)
    EXECUTE FUNCTION app_private.connection_ended();

-- Enqueues the break-glass notification when an owner signs in locally while SSO is enforced. The job is in the same
-- transaction as the session. A remembered device is not accepted as a second factor for this sign-in.
CREATE OR REPLACE FUNCTION app_private.break_glass_used() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND OLD.second_factor_at IS NOT NULL AND NOT OLD.remembered_device THEN RETURN NULL; END IF;
  INSERT INTO public.outbox (org_id, id, job, group_key, payload, request_id)
    SELECT o.id, gen_random_uuid(), 'auth.notify_break_glass', o.id || ':auth.notify_break_glass',
           jsonb_build_object('sessionId', NEW.id, 'membershipId', m.id, 'userId', m.user_id), NEW.id::text
      FROM public.organizations o JOIN public.memberships m ON m.org_id = o.id AND m.id = NEW.membership_id
     WHERE o.id = NEW.org_id AND o.require_sso AND app_private.is_owner(o, m.role);
  RETURN NULL;
END $$;

CREATE TRIGGER break_glass_used AFTER INSERT OR UPDATE OF second_factor_at, remembered_device ON sessions FOR EACH ROW
  WHEN (NEW.second_factor_at IS NOT NULL AND NOT NEW.remembered_device AND app.is_local(NEW.method))
    EXECUTE FUNCTION app_private.break_glass_used();

-- Adds an attempt to the attempt log of a connection. The context must allow writing to the audit log of the
-- connection's organization. For each connection, the table keeps the last 200 accepted and the last 200 failed
-- attempts. This limit also bounds the table's size under attack.
CREATE OR REPLACE FUNCTION app.trace_sso_attempt(connection uuid, attempt jsonb, result bytea) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  org uuid := (SELECT c.org_id FROM public.sso_connections c WHERE c.id = connection AND c.org_id = app.audit_org_id());
BEGIN
  IF org IS NULL THEN RETURN; END IF;
  IF (attempt ->> 'accepted')::boolean AND (app.verified_context())[1] = 'limited' THEN
    RAISE EXCEPTION 'no session was opened' USING ERRCODE = '42501';
  END IF;
  INSERT INTO public.sso_attempts (org_id, id, connection_id, accepted, reason, issuer, name_id_format, attributes,
    request_id, diagnostics, test_by, result_enc)
    SELECT org, a.id, connection, a.accepted, left(a.reason, 100), left(a.issuer, 1024), left(a.name_id_format, 256),
      coalesce(a.attributes[1:100], '{}'),
           left(a.request_id, 100), left(a.diagnostics, 32768), a.test_by, result
      FROM jsonb_to_record(attempt) AS a (id uuid, accepted boolean, reason text, issuer text, name_id_format text,
        attributes text[], request_id text, diagnostics text, test_by uuid);
  DELETE FROM public.sso_attempts t WHERE (t.org_id, t.id) IN (
    SELECT x.org_id, x.id FROM public.sso_attempts x
      WHERE x.org_id = org AND x.connection_id = connection AND x.accepted = (attempt ->> 'accepted')::boolean
     ORDER BY x.at DESC, x.id DESC OFFSET 200); -- failed attempts do not displace accepted ones
END $$;
GRANT EXECUTE ON FUNCTION app.trace_sso_attempt TO vouchsafe_app;

-- An identity provider can authenticate any member. Therefore, only a member with every permission of the owner role
-- can create or change a connection.
CREATE POLICY speaks_for_all_insert ON sso_connections AS RESTRICTIVE FOR INSERT TO vouchsafe_app
  WITH CHECK (org_id = (SELECT app.org_if_owner_equivalent()));

CREATE POLICY speaks_for_all_update ON sso_connections AS RESTRICTIVE FOR UPDATE TO vouchsafe_app
  USING (org_id = (SELECT app.org_if_owner_equivalent())) WITH CHECK (org_id = (SELECT app.org_if_owner_equivalent()));
