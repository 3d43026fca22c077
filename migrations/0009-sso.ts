import { SqlMigration } from '../src/platform/database/sql-migration.js';

/**
 * Single sign-on: connections to identity providers, the domains an organization answers for, and the identities known
 * through them.
 */
export class Sso1770000000009 extends SqlMigration {
  protected readonly sql = /* sql */ `
    CREATE TABLE sso_connections (
      org_id uuid NOT NULL REFERENCES organizations,
      id uuid NOT NULL,
      name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
      enabled boolean NOT NULL DEFAULT true,
      protocol text NOT NULL CHECK (protocol IN ('saml', 'oidc')),
      -- SAML 2.0: the provider's metadata, and how strict we are with it.
      idp_entity_id text,
      idp_sso_url text,
      idp_sso_binding text NOT NULL DEFAULT 'redirect' CHECK (idp_sso_binding IN ('redirect', 'post')),
      idp_slo_url text,
      idp_slo_response_url text,
      idp_slo_binding text NOT NULL DEFAULT 'redirect' CHECK (idp_slo_binding IN ('redirect', 'post')),
      idp_certificates text[] NOT NULL DEFAULT '{}' CHECK (cardinality(idp_certificates) <= 10),
      idp_scopes text[] NOT NULL DEFAULT '{}',
      metadata_url text,
      metadata_fetched_at timestamptz,
      metadata_problem text,
      -- How many days before the end of the last certificate was last warned of it.
      expiry_alert smallint,
      want_response_signed boolean NOT NULL DEFAULT false,
      want_assertion_encrypted boolean NOT NULL DEFAULT false,
      sign_requests boolean NOT NULL DEFAULT false,
      idp_initiated boolean NOT NULL DEFAULT false,
      force_authn boolean NOT NULL DEFAULT false,
      -- Our keys towards this provider, sealed as one list, and their certificates: the first signs, the second is the
      -- one to come.
      sp_key_enc bytea,
      sp_certificates text[] NOT NULL DEFAULT '{}' CHECK (cardinality(sp_certificates) <= 2),
      -- OpenID Connect.
      oidc_issuer text,
      oidc_client_id text,
      oidc_client_secret_enc bytea,
      oidc_tenants text[] NOT NULL DEFAULT '{}' CHECK (cardinality(oidc_tenants) <= 100),
      oidc_scopes text[] NOT NULL DEFAULT '{}' CHECK (cardinality(oidc_scopes) <= 10),
      -- Who people are, and what they become.
      subject text NOT NULL DEFAULT 'name-id' CHECK (subject IN ('name-id', 'entra-object', 'sub')),
      email_attribute text,
      name_attribute text,
      group_attribute text,
      group_roles jsonb NOT NULL DEFAULT '[]',
      attribute_roles jsonb NOT NULL DEFAULT '[]',
      default_role text,
      jit_provisioning boolean NOT NULL DEFAULT true,
      shared boolean NOT NULL DEFAULT false,
      tested_at timestamptz,
      clock_skew_seconds integer NOT NULL DEFAULT 120 CHECK (clock_skew_seconds BETWEEN 60 AND 180),
      entrance_enc bytea NOT NULL,
      entrance_hash bytea NOT NULL CHECK (length(entrance_hash) = 32),
      created_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (org_id, id),
      CHECK (protocol <> 'saml' OR (idp_entity_id IS NOT NULL AND idp_sso_url IS NOT NULL AND cardinality(idp_certificates) > 0)),
      CHECK ((sp_key_enc IS NULL) = (cardinality(sp_certificates) = 0)),
      CHECK (protocol <> 'oidc' OR (oidc_issuer IS NOT NULL AND oidc_client_id IS NOT NULL))
    );
    CREATE INDEX sso_connections_id ON sso_connections (id);
    SELECT app_private.protect_table('sso_connections', 'SELECT, INSERT, DELETE', true);
    -- All may be changed but what it is, and the secret by which an answer that was verified opens a session.
    DO $$
    BEGIN
      EXECUTE (SELECT format('GRANT UPDATE (%s) ON sso_connections TO vouchsafe_app', string_agg(quote_ident(a.attname), ', ')) FROM pg_attribute a
        WHERE a.attrelid = 'sso_connections'::regclass AND a.attnum > 0
          AND a.attname <> ALL ('{org_id,id,protocol,entrance_enc,entrance_hash,tested_at,created_at}'));
    END $$;

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


    -- Who somebody is within a connection, for ever: the provider's own name for them, never an e-mail address. facts:
    -- the groups, and the
    -- attributes that roles hang on, of the last sign-in, to tell what another mapping would change.
    CREATE TABLE sso_identities (
      org_id uuid NOT NULL,
      connection_id uuid NOT NULL,
      subject_key text NOT NULL,
      membership_id uuid NOT NULL,
      facts jsonb NOT NULL DEFAULT '{}',
      created_at timestamptz NOT NULL DEFAULT now(),
      last_sign_in_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (org_id, connection_id, subject_key),
      FOREIGN KEY (org_id, connection_id) REFERENCES sso_connections (org_id, id) ON DELETE CASCADE,
      FOREIGN KEY (org_id, membership_id) REFERENCES memberships (org_id, id)
    );
    CREATE INDEX sso_identities_membership ON sso_identities (org_id, membership_id);
    SELECT app_private.protect_table('sso_identities', 'SELECT, DELETE', true);

    -- The mail domains that an organization answers for, once a DNS record has shown it. Several may answer for one:
    -- those of an institution.
    CREATE TABLE sso_domains (
      org_id uuid NOT NULL REFERENCES organizations,
      id uuid NOT NULL,
      domain text NOT NULL CHECK (domain = lower(domain) AND length(domain) BETWEEN 3 AND 253),
      token text NOT NULL CHECK (length(token) BETWEEN 20 AND 100),
      created_at timestamptz NOT NULL DEFAULT now(),
      checked_at timestamptz,
      verified_at timestamptz,
      -- Since when the record has not been found any more, and what the last look said.
      lost_at timestamptz,
      problem text,
      PRIMARY KEY (org_id, id),
      UNIQUE (org_id, domain)
    );
    CREATE INDEX sso_domains_domain ON sso_domains (domain) WHERE verified_at IS NOT NULL;
    SELECT app_private.protect_table('sso_domains', 'SELECT, INSERT (org_id, id, domain, token), DELETE', true);
    GRANT UPDATE (checked_at, verified_at, lost_at, problem) ON sso_domains TO vouchsafe_worker;

    -- Whether an organization answers for the domain of an address.
    CREATE FUNCTION app_private.answers_for(org uuid, address text) RETURNS boolean
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
      SELECT EXISTS (SELECT FROM public.sso_domains d WHERE d.org_id = org AND d.domain = split_part(address, '@', 2) AND d.verified_at IS NOT NULL)
    $$;

    -- Whether somebody has signed in, or can, as this user: by password, or through any provider.
    CREATE FUNCTION app_private.is_taken(member uuid) RETURNS boolean
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
      SELECT EXISTS (SELECT FROM app_private.credentials k WHERE k.user_id = member)
          OR EXISTS (SELECT FROM public.sso_identities i JOIN public.memberships m ON m.org_id = i.org_id AND m.id = i.membership_id WHERE m.user_id = member)
    $$;

    -- The user whom an organization means by an address that its directory names. An organization that answers for the
    -- domain means whoever has the address, unless that is an account whose address nobody has shown to be theirs. Any
    -- other means
    -- somebody it has added itself and who has never signed in, else a user known to it alone. Null: that would be
    -- somebody's account already.
    CREATE FUNCTION app_private.vouched_user(org uuid, address text, new_user uuid) RETURNS uuid
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
      u public.users; own public.users; answers boolean := app_private.answers_for(org, address);
    BEGIN
      SELECT * INTO u FROM public.users x WHERE x.email = address AND x.home_org_id IS NULL FOR UPDATE;
      SELECT * INTO own FROM public.users x WHERE x.email = address AND x.home_org_id = org FOR UPDATE;
      IF own.id IS NOT NULL THEN RETURN CASE WHEN NOT app_private.is_taken(own.id) THEN own.id END; END IF;
      IF answers AND u.id IS NOT NULL THEN RETURN CASE WHEN u.email_proven_at IS NOT NULL OR NOT app_private.is_taken(u.id) THEN u.id END; END IF;
      IF EXISTS (SELECT FROM public.memberships m WHERE m.org_id = org AND m.user_id = u.id) THEN
        RETURN CASE WHEN NOT app_private.is_taken(u.id) THEN u.id END;
      END IF;
      INSERT INTO public.users (id, email, home_org_id, email_proven_at)
      VALUES (new_user, address, CASE WHEN NOT answers THEN org END, CASE WHEN answers THEN now() END);
      RETURN new_user;
    END $$;

    -- What verifying a response needs. The entrance secret stays sealed: without the KMS nothing here opens anything.
    CREATE FUNCTION app.find_sso_connection(connection uuid)
    RETURNS TABLE (found public.sso_connections, preset text, generations smallint[], wrapped bytea[])
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
      SELECT c, o.preset, k.generations, k.wrapped
        FROM public.sso_connections c JOIN public.organizations o ON o.id = c.org_id AND o.status = 'active' AND c.protocol = ANY (o.allowed_sign_in)
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

    -- The membership of an identity. Known: theirs. Unknown: whom the connection's directory gave the address, or one
    -- this
    -- organization made for it, else, where the connection provisions, a new one. An account that somebody has signed
    -- in to is linked by its address only where the
    -- organization answers for the domain and the address has been shown to be theirs.
    CREATE FUNCTION app_private.sso_membership(c public.sso_connections, subject text, address text, full_name text,
      new_role text, new_user uuid, new_membership uuid, OUT member_id uuid, OUT state text)
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
      meant uuid;
    BEGIN
      SELECT i.membership_id INTO member_id FROM public.sso_identities i
       WHERE i.org_id = c.org_id AND i.connection_id = c.id AND i.subject_key = subject;
      IF FOUND THEN state := 'known'; RETURN; END IF;
      member_id := app_private.scim_member(c, subject, address);
      IF member_id IS NOT NULL THEN
        state := 'claimed';
        INSERT INTO public.sso_identities (org_id, connection_id, subject_key, membership_id) VALUES (c.org_id, c.id, subject, member_id);
        RETURN;
      END IF;
      IF address IS NULL THEN state := 'email_missing'; RETURN; END IF;
      meant := app_private.vouched_user(c.org_id, address, new_user);
      IF meant IS NULL THEN state := 'account_exists'; RETURN; END IF;
      SELECT x.id INTO member_id FROM public.memberships x WHERE x.user_id = meant AND x.org_id = c.org_id;
      IF member_id IS NOT NULL THEN
        state := 'claimed';
      ELSIF c.jit_provisioning THEN
        INSERT INTO public.memberships (org_id, id, user_id, name, role) VALUES (c.org_id, new_membership, meant, full_name, new_role);
        member_id := new_membership;
        state := 'provisioned';
      ELSE
        DELETE FROM public.users u WHERE u.id = meant AND u.id = new_user;
        state := 'account_unknown';
        RETURN;
      END IF;
      INSERT INTO public.sso_identities (org_id, connection_id, subject_key, membership_id) VALUES (c.org_id, c.id, subject, member_id);
    END $$;

    -- Entrance of somebody whom an identity provider's verified answer names, for whoever holds the connection's
    -- secret. The
    -- role the provider's groups stand for is taken over; with another role than before all other sessions of the
    -- member
    -- end. State: known | claimed | provisioned, then a session is open; else why not: connection_refused |
    -- role_missing |
    -- email_missing | account_exists | account_unknown | membership_ended | last_administrator (the role would leave
    -- nobody to lead).
    CREATE FUNCTION app.sso_sign_in(connection uuid, entrance bytea, subject text, address text, full_name text, granted_role text,
      new_user uuid, new_membership uuid, idp_session text, max_expiry timestamptz, visit app.visit, facts jsonb,
      OUT state text, OUT org_id uuid, OUT user_id uuid, OUT membership_id uuid, OUT email text, OUT role_before text, OUT role_now text, OUT expires_at timestamptz)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
      c public.sso_connections; m public.memberships; member_id uuid;
    BEGIN
      SELECT x.* INTO c FROM public.sso_connections x
        JOIN public.organizations o ON o.id = x.org_id AND o.status = 'active' AND x.protocol = ANY (o.allowed_sign_in)
       WHERE x.id = connection AND x.enabled AND x.entrance_hash = sha256(entrance);
      IF NOT FOUND THEN
        state := 'connection_refused';
        org_id := app.enter_sso_log(connection);
        RETURN;
      END IF;
      org_id := c.org_id;
      PERFORM app_private.sign_limited(c.org_id);
      IF app_private.scim_member(c, subject, address) IS NOT NULL THEN -- the directory's groups count, not those of the answer
        granted_role := app_private.scim_role_of(c, app_private.scim_member(c, subject, address));
      END IF;
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
      role_before := m.role; role_now := granted_role;
      IF m.role <> granted_role THEN
        BEGIN
          UPDATE public.memberships x SET role = granted_role WHERE x.org_id = m.org_id AND x.id = m.id RETURNING * INTO m;
        EXCEPTION WHEN SQLSTATE 'VS409' THEN
          state := 'last_administrator';
          RETURN;
        END;
        UPDATE public.sessions s SET revoked_at = now() WHERE s.org_id = m.org_id AND s.membership_id = m.id AND s.revoked_at IS NULL;
      END IF;
      UPDATE public.sso_identities i SET last_sign_in_at = now(), facts = sso_sign_in.facts
       WHERE i.org_id = c.org_id AND i.connection_id = c.id AND i.subject_key = subject;
      expires_at := app_private.open_session(m, visit, c.protocol, max_expiry);
      UPDATE public.sessions s SET connection_id = c.id, idp_subject = visit.idp_subject, idp_session = sso_sign_in.idp_session,
             signed_in_at = least(now(), coalesce(visit.signed_in_at, now())) WHERE s.org_id = m.org_id AND s.id = visit.id;
      user_id := m.user_id; membership_id := m.id; email := (SELECT u.email FROM public.users u WHERE u.id = m.user_id);
    END $$;

    -- Ends what an identity provider says is over, for whoever holds the connection's secret: the sessions that the
    -- connection opened for
    -- the person it names, the sessions it names, or where it names both those of that person, wherever they were
    -- carried. Where any
    -- ended, the rest of the transaction is that member's, to say so in the log. Ended null: not a connection that may
    -- speak.
    CREATE FUNCTION app.sso_end_sessions(connection uuid, entrance bytea, subject text, idp_sessions text[],
      OUT ended integer, OUT org_id uuid, OUT user_id uuid, OUT email text)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
      c public.sso_connections; m public.memberships; members uuid[];
    BEGIN
      SELECT * INTO c FROM public.sso_connections x WHERE x.id = connection AND x.enabled AND x.entrance_hash = sha256(entrance);
      org_id := app.enter_sso_log(connection);
      IF c.id IS NULL THEN RETURN; END IF;
      ended := 0;
      IF subject IS NULL AND cardinality(idp_sessions) = 0 THEN RETURN; END IF;
      WITH gone AS (
        UPDATE public.sessions s SET revoked_at = now() WHERE s.connection_id = c.id AND s.revoked_at IS NULL AND (subject IS NULL OR s.idp_subject = subject)
           AND (cardinality(idp_sessions) = 0 OR s.idp_session = ANY (idp_sessions)) RETURNING s.org_id, s.membership_id)
      SELECT count(*), array_agg(g.membership_id ORDER BY g.org_id <> c.org_id) INTO ended, members FROM gone g;
      IF ended = 0 THEN RETURN; END IF;
      SELECT * INTO m FROM public.memberships x WHERE x.id = members[1];
      org_id := m.org_id; user_id := m.user_id; email := (SELECT u.email FROM public.users u WHERE u.id = m.user_id);
      PERFORM app_private.sign_member(app_private.at_present(m));
    END $$;

    GRANT EXECUTE ON FUNCTION app.find_sso_connection, app.enter_sso_log, app.sso_sign_in, app.sso_end_sessions TO vouchsafe_app;
  `;
}
