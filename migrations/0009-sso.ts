import { SqlMigration } from '../src/platform/database/sql-migration.js';

/** Single sign-on: connections to identity providers, and the identities known through them. */
export class Sso1770000000009 extends SqlMigration {
  protected readonly sql = /* sql */ `
    CREATE TABLE sso_connections (
      org_id uuid NOT NULL REFERENCES organizations,
      id uuid NOT NULL,
      name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
      enabled boolean NOT NULL DEFAULT true,
      idp_entity_id text NOT NULL,
      idp_sso_url text NOT NULL,
      idp_certificates text[] NOT NULL CHECK (cardinality(idp_certificates) BETWEEN 1 AND 10),
      want_response_signed boolean NOT NULL DEFAULT false,
      subject text NOT NULL DEFAULT 'name-id' CHECK (subject IN ('name-id', 'entra-object')),
      email_attribute text,
      group_attribute text,
      group_roles jsonb NOT NULL DEFAULT '[]',
      default_role text,
      jit_provisioning boolean NOT NULL DEFAULT true,
      clock_skew_seconds integer NOT NULL DEFAULT 120 CHECK (clock_skew_seconds BETWEEN 60 AND 180),
      entrance_enc bytea NOT NULL,
      entrance_hash bytea NOT NULL CHECK (length(entrance_hash) = 32),
      created_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (org_id, id)
    );
    CREATE INDEX sso_connections_id ON sso_connections (id);
    SELECT app_private.protect_table('sso_connections', 'SELECT, INSERT, UPDATE, DELETE', true);

    -- A sign-in names its connection by id alone: two organizations never have the same.
    CREATE FUNCTION app_private.connection_id_is_free() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
      IF EXISTS (SELECT FROM public.sso_connections c WHERE c.id = NEW.id AND (TG_OP = 'INSERT' OR c.org_id <> OLD.org_id)) THEN
        RAISE EXCEPTION 'this id is taken' USING ERRCODE = '42501';
      END IF;
      RETURN NEW;
    END $$;
    CREATE TRIGGER connection_id_is_free BEFORE INSERT OR UPDATE OF id ON sso_connections FOR EACH ROW EXECUTE FUNCTION app_private.connection_id_is_free();


    -- Who somebody is within a connection, for ever: the provider's own name for them, never an e-mail address.
    CREATE TABLE sso_identities (
      org_id uuid NOT NULL,
      connection_id uuid NOT NULL,
      subject_key text NOT NULL,
      membership_id uuid NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now(),
      last_sign_in_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (org_id, connection_id, subject_key),
      FOREIGN KEY (org_id, connection_id) REFERENCES sso_connections (org_id, id) ON DELETE CASCADE,
      FOREIGN KEY (org_id, membership_id) REFERENCES memberships (org_id, id)
    );
    CREATE INDEX sso_identities_membership ON sso_identities (org_id, membership_id);
    SELECT app_private.protect_table('sso_identities', 'SELECT, DELETE', true);

    -- What verifying a response needs. The entrance secret stays sealed: without the KMS nothing here opens anything.
    CREATE FUNCTION app.find_sso_connection(connection uuid)
    RETURNS TABLE (found public.sso_connections, preset text, generations smallint[], wrapped bytea[])
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
      SELECT c, o.preset, k.generations, k.wrapped
        FROM public.sso_connections c JOIN public.organizations o ON o.id = c.org_id AND o.status = 'active' AND 'saml' = ANY (o.allowed_sign_in)
        CROSS JOIN LATERAL (SELECT array_agg(d.generation) AS generations, array_agg(d.wrapped) AS wrapped FROM public.data_keys d
          WHERE d.org_id = c.org_id AND d.subject_id = '00000000-0000-0000-0000-000000000000' AND d.purpose = 'data') k
       WHERE c.id = connection AND c.enabled
    $$;

    -- Writes about a refused sign-in into the log of the connection's organization, and nothing else.
    CREATE FUNCTION app.enter_sso_log(connection uuid) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
      org uuid := coalesce((SELECT c.org_id FROM public.sso_connections c WHERE c.id = connection), '00000000-0000-0000-0000-000000000000');
    BEGIN
      PERFORM app_private.sign_limited(org);
      RETURN org;
    END $$;

    -- The membership of an identity. Known: theirs. Unknown: one this organization made for the address, else, where the
    -- connection provisions, a new one. An account that somebody has signed in to, by password or through any provider, is
    -- never linked by its address.
    CREATE FUNCTION app_private.sso_membership(c public.sso_connections, subject text, address text, full_name text,
      new_role text, new_user uuid, new_membership uuid, OUT member_id uuid, OUT state text)
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
      known public.users;
    BEGIN
      SELECT i.membership_id INTO member_id FROM public.sso_identities i
       WHERE i.org_id = c.org_id AND i.connection_id = c.id AND i.subject_key = subject;
      IF FOUND THEN state := 'known'; RETURN; END IF;
      IF address IS NULL THEN state := 'email_missing'; RETURN; END IF;
      SELECT * INTO known FROM public.users u WHERE u.email = address FOR UPDATE;
      IF EXISTS (SELECT FROM app_private.credentials k WHERE k.user_id = known.id)
        OR EXISTS (SELECT FROM public.sso_identities i JOIN public.memberships x ON x.org_id = i.org_id AND x.id = i.membership_id
                    WHERE x.user_id = known.id) THEN
        state := 'account_exists';
        RETURN;
      END IF;
      SELECT x.id INTO member_id FROM public.memberships x WHERE x.user_id = known.id AND x.org_id = c.org_id;
      IF member_id IS NOT NULL THEN
        state := 'claimed';
      ELSIF c.jit_provisioning THEN
        IF known.id IS NULL THEN INSERT INTO public.users (id, email) VALUES (new_user, address); END IF;
        INSERT INTO public.memberships (org_id, id, user_id, name, role)
        VALUES (c.org_id, new_membership, coalesce(known.id, new_user), full_name, new_role);
        member_id := new_membership;
        state := 'provisioned';
      ELSE
        state := 'account_unknown';
        RETURN;
      END IF;
      INSERT INTO public.sso_identities (org_id, connection_id, subject_key, membership_id) VALUES (c.org_id, c.id, subject, member_id);
    END $$;

    -- Entrance of a verified assertion, for whoever holds the connection's secret. The role the provider's groups stand
    -- for is taken over; with another role than before all other sessions of the member end. State: known | claimed |
    -- provisioned, then a session is open; else why not: connection_refused | role_missing | email_missing |
    -- account_exists | account_unknown | membership_ended | last_administrator (the role would leave nobody to lead).
    CREATE FUNCTION app.sso_sign_in(connection uuid, entrance bytea, subject text, address text, full_name text, granted_role text,
      new_user uuid, new_membership uuid, session_id uuid, session_hash bytea, max_expiry timestamptz, ip inet, user_agent text,
      OUT state text, OUT org_id uuid, OUT user_id uuid, OUT membership_id uuid, OUT email text, OUT role_before text, OUT expires_at timestamptz)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
      c public.sso_connections; m public.memberships; member_id uuid;
    BEGIN
      SELECT x.* INTO c FROM public.sso_connections x
        JOIN public.organizations o ON o.id = x.org_id AND o.status = 'active' AND 'saml' = ANY (o.allowed_sign_in)
       WHERE x.id = connection AND x.enabled AND x.entrance_hash = sha256(entrance);
      IF NOT FOUND THEN
        state := 'connection_refused';
        org_id := app.enter_sso_log(connection);
        RETURN;
      END IF;
      org_id := c.org_id;
      PERFORM app_private.sign_limited(c.org_id);
      IF NOT coalesce(app_private.is_role(c.org_id, granted_role), false) THEN
        state := 'role_missing'; -- somebody whose groups no longer stand for a role is put out
        UPDATE public.sessions s SET revoked_at = now() WHERE s.org_id = c.org_id AND s.revoked_at IS NULL AND s.membership_id = (
          SELECT i.membership_id FROM public.sso_identities i WHERE i.org_id = c.org_id AND i.connection_id = c.id AND i.subject_key = subject);
      ELSE
        SELECT r.member_id, r.state INTO member_id, state
          FROM app_private.sso_membership(c, subject, address, full_name, granted_role, new_user, new_membership) r;
        SELECT x.* INTO m FROM public.memberships x WHERE x.org_id = c.org_id AND x.id = member_id;
        IF m.status = 'ended' THEN state := 'membership_ended'; END IF;
      END IF;
      IF state NOT IN ('known', 'claimed', 'provisioned') THEN RETURN; END IF;
      role_before := m.role;
      IF m.role <> granted_role THEN
        BEGIN
          UPDATE public.memberships x SET role = granted_role WHERE x.org_id = m.org_id AND x.id = m.id RETURNING * INTO m;
        EXCEPTION WHEN SQLSTATE 'VS409' THEN
          state := 'last_administrator';
          RETURN;
        END;
        UPDATE public.sessions s SET revoked_at = now() WHERE s.org_id = m.org_id AND s.membership_id = m.id AND s.revoked_at IS NULL;
      END IF;
      UPDATE public.sso_identities i SET last_sign_in_at = now()
       WHERE i.org_id = c.org_id AND i.connection_id = c.id AND i.subject_key = subject;
      PERFORM app_private.open_session(m, session_hash, sso_sign_in.session_id, 'saml', max_expiry, ip, user_agent);
      user_id := m.user_id; membership_id := m.id; email := (SELECT u.email FROM public.users u WHERE u.id = m.user_id);
      expires_at := (SELECT s.expires_at FROM public.sessions s WHERE s.org_id = m.org_id AND s.id = sso_sign_in.session_id);
    END $$;

    GRANT EXECUTE ON FUNCTION app.find_sso_connection, app.enter_sso_log, app.sso_sign_in TO vouchsafe_app;
  `;
}
