-- Verified e-mail domains, and the discovery of SSO connections by e-mail domain.

-- Returns true if an organization has verified the domain of an e-mail address.
CREATE OR REPLACE FUNCTION app_private.has_verified_domain(org uuid, address text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT EXISTS (SELECT FROM public.sso_domains d
    WHERE d.org_id = org AND d.domain = split_part(address, '@', 2) AND d.verified_at IS NOT NULL)
$$;

-- Rejects the verification of a domain that another organization has verified. Organizations of one institution can
-- verify the same domain.
CREATE OR REPLACE FUNCTION app_private.domain_of_one() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended(NEW.domain, 0));
  IF EXISTS (
    SELECT FROM public.sso_domains d JOIN public.organizations o ON o.id = d.org_id
      JOIN public.organizations own ON own.id = NEW.org_id
     WHERE d.domain = NEW.domain AND d.org_id <> NEW.org_id AND d.verified_at <= NEW.verified_at
       AND (o.institution_id = own.institution_id) IS NOT TRUE) THEN
    RAISE EXCEPTION 'domain_taken' USING ERRCODE = 'VS409';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER domain_of_one BEFORE UPDATE OF verified_at ON sso_domains FOR EACH ROW
  WHEN (NEW.verified_at IS NOT NULL) EXECUTE FUNCTION app_private.domain_of_one();

-- Returns the sign-in methods for an e-mail domain. An unauthenticated caller can call it. The list contains the
-- connections of the organizations that verified the domain, including shared connections. The function reads no
-- account data. For a shared connection, the field "organization" names the organization that the user enters.
CREATE OR REPLACE FUNCTION app.discover_sso(mail_domain text, OUT password boolean, OUT connections jsonb)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH home AS (
    SELECT o AS org FROM public.organizations o JOIN public.sso_domains d ON d.org_id = o.id AND d.domain = mail_domain
      AND d.verified_at IS NOT NULL
     WHERE o.status = 'active'
  ), ways AS (
    SELECT c.id, c.name, c.protocol, CASE WHEN c.org_id <> (h.org).id THEN (h.org).id END AS organization
      FROM home h JOIN public.sso_connections c ON c.enabled AND c.status = 'ready'
       AND c.protocol = ANY ((h.org).allowed_sign_in)
       AND (c.org_id = (h.org).id OR c.shared AND app_private.trusts(h.org, c.org_id))
      JOIN public.organizations x ON x.id = c.org_id AND c.protocol = ANY (x.allowed_sign_in)
  )
  SELECT coalesce((SELECT bool_or(NOT (h.org).require_sso AND 'password' = ANY ((h.org).allowed_sign_in)) FROM home h),
    true),
         coalesce((SELECT jsonb_agg(to_jsonb(w) ORDER BY w.name, w.id, w.organization) FROM ways w), '[]')
$$;
GRANT EXECUTE ON FUNCTION app.discover_sso TO vouchsafe_app;

-- Returns the domains that the organization of a connection has verified. Before sign-in, the API compares them with
-- the hosted domain in the provider's response.
CREATE OR REPLACE FUNCTION app.sso_verified_domains(connection uuid) RETURNS text[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(array_agg(d.domain), '{}')
    FROM public.sso_connections c JOIN public.sso_domains d ON d.org_id = c.org_id AND d.verified_at IS NOT NULL
   WHERE c.id = connection AND c.enabled
$$;
GRANT EXECUTE ON FUNCTION app.sso_verified_domains TO vouchsafe_app;
