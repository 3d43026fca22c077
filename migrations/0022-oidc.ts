import { SqlMigration } from '../src/platform/database/sql-migration.js';

/** What OpenID Connect needs beyond a connection: sessions that the provider ends, and the domains its hosted accounts may be of. */
export class Oidc1770000000022 extends SqlMigration {
  protected readonly sql = /* sql */ `
    -- Members see which of their own sessions came through which connection, to leave by the same door.
    GRANT SELECT (connection_id) ON sessions TO vouchsafe_app;
    CREATE INDEX sessions_connection ON sessions (connection_id, idp_session) WHERE connection_id IS NOT NULL AND revoked_at IS NULL;

    -- The domains that the organization of a connection answers for: to hold a provider's hosted domain against, before anybody is signed in.
    CREATE FUNCTION app.sso_verified_domains(connection uuid) RETURNS text[]
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
      SELECT coalesce(array_agg(d.domain), '{}') FROM public.sso_connections c JOIN public.sso_domains d ON d.org_id = c.org_id AND d.verified_at IS NOT NULL
       WHERE c.id = connection AND c.enabled
    $$;

    -- Ends the sessions that a connection's provider says are over, for whoever holds the connection's secret: those of the provider's
    -- session, of the subject, or of both where both are named; also where they went on to another organization. Nothing beyond
    -- the connection. org_id is null where the secret is wrong.
    CREATE FUNCTION app.sso_end_sessions(connection uuid, entrance bytea, subject text, provider_session text, OUT org_id uuid, OUT ended integer)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
      c public.sso_connections;
    BEGIN
      ended := 0;
      SELECT x.* INTO c FROM public.sso_connections x WHERE x.id = connection AND x.enabled AND x.entrance_hash = sha256(entrance);
      IF NOT FOUND OR (subject IS NULL AND provider_session IS NULL) THEN RETURN; END IF;
      org_id := c.org_id;
      PERFORM app_private.sign_limited(c.org_id);
      UPDATE public.sessions s SET revoked_at = now()
       WHERE s.connection_id = c.id AND s.revoked_at IS NULL
         AND (provider_session IS NULL OR s.idp_session = provider_session)
         AND (subject IS NULL OR s.user_id IN (
           SELECT m.user_id FROM public.sso_identities i JOIN public.memberships m ON m.org_id = i.org_id AND m.id = i.membership_id
            WHERE i.connection_id = c.id AND i.subject_key = subject));
      GET DIAGNOSTICS ended = ROW_COUNT;
    END $$;

    GRANT EXECUTE ON FUNCTION app.sso_verified_domains, app.sso_end_sessions TO vouchsafe_app;
  `;
}
