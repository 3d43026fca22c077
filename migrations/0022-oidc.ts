import { SqlMigration } from '../src/platform/database/sql-migration.js';

/** What OpenID Connect needs beyond a connection: sessions that the provider ends, and the domains its hosted accounts may be of. */
export class Oidc1770000000022 extends SqlMigration {
  protected readonly sql = /* sql */ `
    -- Members see which of their own sessions came through which connection, to leave by the same door.
    GRANT SELECT (connection_id) ON sessions TO vouchsafe_app;

    -- The domains that the organization of a connection answers for: to hold a provider's hosted domain against, before anybody is signed in.
    CREATE FUNCTION app.sso_verified_domains(connection uuid) RETURNS text[]
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
      SELECT coalesce(array_agg(d.domain), '{}') FROM public.sso_connections c JOIN public.sso_domains d ON d.org_id = c.org_id AND d.verified_at IS NOT NULL
       WHERE c.id = connection AND c.enabled
    $$;

    -- Ends the sessions that a connection's provider says are over, for whoever holds the connection's secret: those of the provider's
    -- session, of the subject, or of both where both are named; also where they went on to another organization. Nothing beyond
    -- the connection. The context is then that of whoever they were of, so that it is in the log of that organization.
    CREATE FUNCTION app.sso_end_sessions(connection uuid, entrance bytea, subject text, provider_session text,
      OUT ended integer, OUT org_id uuid, OUT user_id uuid, OUT email text)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
      c public.sso_connections; m public.memberships; members uuid[];
    BEGIN
      ended := 0;
      org_id := app.enter_sso_log(connection);
      SELECT x.* INTO c FROM public.sso_connections x WHERE x.id = connection AND x.enabled AND x.entrance_hash = sha256(entrance);
      IF NOT FOUND OR (subject IS NULL AND provider_session IS NULL) THEN RETURN; END IF;
      WITH gone AS (UPDATE public.sessions s SET revoked_at = now()
       WHERE s.connection_id = c.id AND s.revoked_at IS NULL
         AND (provider_session IS NULL OR s.idp_session = provider_session)
         AND (subject IS NULL OR s.user_id IN (
           SELECT x.user_id FROM public.sso_identities i JOIN public.memberships x ON x.org_id = i.org_id AND x.id = i.membership_id
            WHERE i.connection_id = c.id AND i.subject_key = subject)) RETURNING s.org_id, s.membership_id)
      SELECT count(*), array_agg(g.membership_id ORDER BY g.org_id <> c.org_id) INTO ended, members FROM gone g;
      IF ended = 0 THEN RETURN; END IF;
      SELECT * INTO m FROM public.memberships x WHERE x.id = members[1];
      org_id := m.org_id; user_id := m.user_id; email := (SELECT u.email FROM public.users u WHERE u.id = m.user_id);
      PERFORM app_private.sign_member(app_private.at_present(m));
    END $$;

    GRANT EXECUTE ON FUNCTION app.sso_verified_domains, app.sso_end_sessions TO vouchsafe_app;
  `;
}
