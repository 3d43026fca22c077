import { SqlMigration } from '../src/platform/database/sql-migration.js';

/**
 * What OpenID Connect needs beyond a connection: whose session came through which connection, and the domains its
 * hosted accounts may be of.
 */
export class Oidc1770000000022 extends SqlMigration {
  protected readonly sql = /* sql */ `
    -- Members see which of their own sessions came through which connection, to leave by the same door.
    GRANT SELECT (connection_id) ON sessions TO vouchsafe_app;

    -- The domains that the organization of a connection answers for: to hold a provider's hosted domain against, before
    -- anybody is signed in.
    CREATE FUNCTION app.sso_verified_domains(connection uuid) RETURNS text[]
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
      SELECT coalesce(array_agg(d.domain), '{}') FROM public.sso_connections c JOIN public.sso_domains d ON d.org_id = c.org_id AND d.verified_at IS NOT NULL
       WHERE c.id = connection AND c.enabled
    $$;

    GRANT EXECUTE ON FUNCTION app.sso_verified_domains TO vouchsafe_app;
  `;
}
