import { SqlMigration } from '../src/platform/database/sql-migration.js';

/**
 * SCIM 2.0 (RFC 7643, 7644): what an institution's directory says of an organization's members, and the entrance for
 * it.
 *
 * A directory comes by a token of one connection. Its context (kind "scim") names no organization in the second field,
 * so that
 * no policy opens a tenant row to it; the last field holds the connection. All it can do is what the functions of
 * scim-provisioning do, and each of them asks the signed context whose directory it is, never its caller.
 */
export class Scim1770000000023 extends SqlMigration {
  protected readonly sql = /* sql */ `
    CREATE TABLE scim_tokens (
      org_id uuid NOT NULL,
      id uuid NOT NULL,
      connection_id uuid NOT NULL,
      prefix text NOT NULL CHECK (prefix ~ '^vs_scim_[A-Za-z0-9_-]{6}$'),
      secret_hash bytea NOT NULL CHECK (length(secret_hash) = 32),
      created_at timestamptz NOT NULL DEFAULT now(),
      expires_at timestamptz NOT NULL CHECK (expires_at - created_at <= interval '365 days'),
      last_used_at timestamptz,
      last_used_ip inet,
      revoked_at timestamptz,
      PRIMARY KEY (org_id, id),
      FOREIGN KEY (org_id, connection_id) REFERENCES sso_connections (org_id, id) ON DELETE CASCADE
    );
    CREATE INDEX scim_tokens_secret ON scim_tokens (secret_hash);
    CREATE INDEX scim_tokens_connection ON scim_tokens (org_id, connection_id);
    CREATE INDEX scim_tokens_expiry ON scim_tokens (org_id, expires_at);
    SELECT app_private.protect_table('scim_tokens', 'INSERT (org_id, id, connection_id, prefix, secret_hash, expires_at)', true);
    GRANT SELECT (org_id, id, connection_id, prefix, created_at, expires_at, last_used_at, last_used_ip, revoked_at), UPDATE (revoked_at)
      ON scim_tokens TO vouchsafe_app;
    GRANT SELECT (ctid), DELETE ON scim_tokens TO vouchsafe_worker;

    -- A directory makes and ends members: its token is made by who may let a provider speak for everybody, in person.
    -- What is revoked stays so.
    CREATE POLICY speaks_for_all ON scim_tokens AS RESTRICTIVE FOR INSERT TO vouchsafe_app
      WITH CHECK (org_id = (SELECT app.org_if_speaks_for_all()) AND (SELECT app.api_key_id()) IS NULL);
    CREATE POLICY ended_for_good ON scim_tokens AS RESTRICTIVE FOR UPDATE TO vouchsafe_app USING (true) WITH CHECK (revoked_at IS NOT NULL);

    -- Two at once, so that one can take the other's place without a gap.
    CREATE FUNCTION app_private.two_scim_tokens() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
      PERFORM 1 FROM public.sso_connections c WHERE c.org_id = NEW.org_id AND c.id = NEW.connection_id FOR NO KEY UPDATE;
      IF (SELECT count(*) FROM public.scim_tokens t WHERE t.org_id = NEW.org_id AND t.connection_id = NEW.connection_id
            AND t.revoked_at IS NULL AND t.expires_at > now()) >= 2 THEN
        RAISE EXCEPTION 'scim_tokens_enough' USING ERRCODE = 'VS409';
      END IF;
      RETURN NEW;
    END $$;
    CREATE TRIGGER two_scim_tokens BEFORE INSERT ON scim_tokens FOR EACH ROW EXECUTE FUNCTION app_private.two_scim_tokens();

    -- What a directory says of a member. A membership is of one directory at most. active: what the directory said
    -- last;
    -- without_role: the membership ended because no group stood for a role, and begins again as soon as one does. The
    -- directory is
    -- told that somebody is active who is a member, or would be but for that.
    CREATE TABLE scim_users (
      org_id uuid NOT NULL,
      connection_id uuid NOT NULL,
      membership_id uuid NOT NULL,
      user_name text NOT NULL CHECK (length(user_name) BETWEEN 1 AND 254),
      user_name_key text NOT NULL GENERATED ALWAYS AS (lower(user_name)) STORED,
      external_id text CHECK (length(external_id) BETWEEN 1 AND 254),
      email text NOT NULL CHECK (email = lower(email) AND length(email) BETWEEN 3 AND 254),
      email_type text NOT NULL CHECK (length(email_type) BETWEEN 1 AND 40),
      given_name text CHECK (length(given_name) <= 200),
      family_name text CHECK (length(family_name) <= 200),
      active boolean NOT NULL,
      without_role boolean NOT NULL DEFAULT false,
      version integer NOT NULL DEFAULT 1,
      created_at timestamptz(3) NOT NULL DEFAULT now(),
      updated_at timestamptz(3) NOT NULL DEFAULT now(),
      PRIMARY KEY (org_id, connection_id, membership_id),
      UNIQUE (org_id, membership_id),
      UNIQUE (org_id, connection_id, user_name_key),
      UNIQUE (org_id, connection_id, external_id),
      FOREIGN KEY (org_id, connection_id) REFERENCES sso_connections (org_id, id) ON DELETE CASCADE,
      FOREIGN KEY (org_id, membership_id) REFERENCES memberships (org_id, id)
    );
    SELECT app_private.protect_table('scim_users', 'SELECT', true);

    CREATE TABLE scim_groups (
      org_id uuid NOT NULL,
      connection_id uuid NOT NULL,
      id uuid NOT NULL,
      display_name text NOT NULL CHECK (length(display_name) BETWEEN 1 AND 254),
      display_name_key text NOT NULL GENERATED ALWAYS AS (lower(display_name)) STORED,
      external_id text CHECK (length(external_id) BETWEEN 1 AND 254),
      version integer NOT NULL DEFAULT 1,
      created_at timestamptz(3) NOT NULL DEFAULT now(),
      updated_at timestamptz(3) NOT NULL DEFAULT now(),
      PRIMARY KEY (org_id, connection_id, id),
      UNIQUE (org_id, connection_id, display_name_key),
      UNIQUE (org_id, connection_id, external_id),
      FOREIGN KEY (org_id, connection_id) REFERENCES sso_connections (org_id, id) ON DELETE CASCADE
    );
    SELECT app_private.protect_table('scim_groups', 'SELECT', true);

    CREATE TABLE scim_group_members (
      org_id uuid NOT NULL,
      connection_id uuid NOT NULL,
      group_id uuid NOT NULL,
      membership_id uuid NOT NULL,
      PRIMARY KEY (org_id, connection_id, group_id, membership_id),
      FOREIGN KEY (org_id, connection_id, group_id) REFERENCES scim_groups (org_id, connection_id, id) ON DELETE CASCADE,
      FOREIGN KEY (org_id, connection_id, membership_id) REFERENCES scim_users (org_id, connection_id, membership_id) ON DELETE CASCADE
    );
    CREATE INDEX scim_group_members_member ON scim_group_members (org_id, connection_id, membership_id);
    SELECT app_private.protect_table('scim_group_members', 'SELECT', true);

    -- Entrance of a directory. State is 'ok' or why the token is refused: unknown | revoked | expired | disabled |
    -- suspended. Where a
    -- token is known, the refusal may be written to the log. Who may change something waits for the organization:
    -- changes by
    -- directories and by members happen one after another, and what the token may is asked once it is its turn.
    CREATE FUNCTION app.enter_scim(secret text, address inet, may_change boolean, OUT state text, OUT org_id uuid, OUT connection_id uuid, OUT token_id uuid)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
      digest bytea := sha256(convert_to(secret, 'UTF8'));
      t public.scim_tokens; enabled boolean; organization_status text;
    BEGIN
      IF may_change THEN
        PERFORM 1 FROM public.organizations o JOIN public.scim_tokens x ON x.org_id = o.id WHERE x.secret_hash = digest FOR NO KEY UPDATE OF o;
      END IF;
      SELECT * INTO t FROM public.scim_tokens x WHERE x.secret_hash = digest;
      IF NOT FOUND THEN state := 'unknown'; RETURN; END IF;
      SELECT c.enabled, o.status INTO enabled, organization_status FROM public.sso_connections c JOIN public.organizations o ON o.id = c.org_id
       WHERE c.org_id = t.org_id AND c.id = t.connection_id;
      org_id := t.org_id; connection_id := t.connection_id; token_id := t.id;
      state := CASE
        WHEN t.revoked_at IS NOT NULL THEN 'revoked'
        WHEN t.expires_at <= now() THEN 'expired'
        WHEN enabled IS NOT TRUE THEN 'disabled'
        WHEN organization_status <> 'active' THEN 'suspended'
        ELSE 'ok' END;
      IF state <> 'ok' THEN
        PERFORM app_private.sign_limited(t.org_id);
        RETURN;
      END IF;
      IF t.last_used_at IS NULL OR t.last_used_at < now() - interval '1 minute' THEN
        UPDATE public.scim_tokens x SET last_used_at = now(), last_used_ip = address WHERE (x.org_id, x.id) IN (
          SELECT y.org_id, y.id FROM public.scim_tokens y WHERE y.org_id = t.org_id AND y.id = t.id FOR NO KEY UPDATE SKIP LOCKED);
      END IF;
      PERFORM app_private.sign_context(ARRAY['scim', NULL, NULL, NULL, NULL, NULL, t.org_id::text, t.connection_id::text]);
    END $$;

    -- The connection whose directory is here; null for everybody else.
    CREATE FUNCTION app.scim_connection_id() RETURNS uuid LANGUAGE sql STABLE
    BEGIN ATOMIC
      SELECT CASE WHEN c[1] = 'scim' THEN c[8]::uuid END FROM app.verified_context() AS c;
    END;
    CREATE FUNCTION app_private.scim_connection() RETURNS public.sso_connections
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
      mine public.sso_connections;
    BEGIN
      SELECT * INTO mine FROM public.sso_connections c WHERE c.org_id = app.audit_org_id() AND c.id = app.scim_connection_id();
      IF NOT FOUND THEN RAISE EXCEPTION 'no directory is here' USING ERRCODE = '42501'; END IF;
      RETURN mine;
    END $$;

    -- A directory writes about what it does, and tells listeners, in its own organization; about nothing else.
    ALTER POLICY refusals_alone ON audit_events WITH CHECK ((SELECT app.org_id()) IS NOT NULL OR outcome <> 'success' AND actor_type <> 'user' OR (SELECT (app.verified_context())[1]) = 'proven'
      OR ((SELECT app.scim_connection_id()) IS NOT NULL AND starts_with(type, 'scim.') AND actor_type = 'source' AND actor_id = (SELECT app.scim_connection_id())::text));
    CREATE POLICY directory ON live_events FOR INSERT TO vouchsafe_app
      WITH CHECK (org_id = (SELECT app.audit_org_id()) AND (SELECT app.scim_connection_id()) IS NOT NULL AND starts_with(type, 'scim.'));

    GRANT EXECUTE ON FUNCTION app.enter_scim, app.scim_connection_id TO vouchsafe_app;
  `;
}
