import { SqlMigration } from '../src/platform/database/sql-migration.js';

/** Data keys, people and assignments. */
export class People1770000000006 extends SqlMigration {
  protected readonly sql = /* sql */ `
    CREATE TABLE people (
      org_id uuid NOT NULL REFERENCES organizations,
      id uuid NOT NULL,
      external_id text,
      kind text NOT NULL CHECK (kind IN ('trainee', 'clinician', 'provider')),
      given_name text NOT NULL CHECK (length(given_name) BETWEEN 1 AND 100),
      family_name text NOT NULL CHECK (length(family_name) BETWEEN 1 AND 100),
      title text,
      npi text CHECK (npi ~ '^[0-9]{10}$'),
      status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'inactive')),
      email_enc bytea,
      email_index bytea,
      phone_enc bytea,
      address_enc bytea,
      date_of_birth_enc bytea,
      ssn_enc bytea,
      version integer NOT NULL DEFAULT 1,
      created_at timestamptz NOT NULL DEFAULT now(),
      updated_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (org_id, id),
      UNIQUE (org_id, external_id)
    );
    CREATE INDEX people_email ON people (org_id, email_index) WHERE email_index IS NOT NULL;
    CREATE INDEX people_name ON people (org_id, family_name, given_name, id);
    ALTER TABLE memberships ADD FOREIGN KEY (org_id, person_id) REFERENCES people (org_id, id);
    ALTER TABLE access_grants ADD FOREIGN KEY (org_id, person_id) REFERENCES people (org_id, id);

    CREATE TABLE assignments (
      org_id uuid NOT NULL,
      id uuid NOT NULL,
      person_id uuid NOT NULL,
      membership_id uuid NOT NULL,
      starts_at timestamptz NOT NULL DEFAULT now(),
      ends_at timestamptz,
      access_grant_id uuid,
      created_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (org_id, id),
      FOREIGN KEY (org_id, access_grant_id) REFERENCES access_grants (org_id, id),
      FOREIGN KEY (org_id, person_id) REFERENCES people (org_id, id),
      FOREIGN KEY (org_id, membership_id) REFERENCES memberships (org_id, id)
    );
    CREATE INDEX assignments_member ON assignments (org_id, membership_id, person_id);
    CREATE INDEX assignments_person ON assignments (org_id, person_id);

    -- The assignments of a member that are in force: begun, and not over.
    CREATE FUNCTION app_private.assignments_in_force(org uuid, member uuid) RETURNS SETOF public.assignments
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
      SELECT a.* FROM public.assignments a
       WHERE a.org_id = org AND a.membership_id = member AND a.starts_at <= now() AND (a.ends_at IS NULL OR a.ends_at > now())
    $$;

    -- The people now assigned to the caller. DEFINER, so that the policy of people does not ask itself.
    CREATE FUNCTION app.assigned_people() RETURNS uuid[]
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
      c text[] := app.verified_context();
    BEGIN
      RETURN coalesce((SELECT array_agg(a.person_id) FROM app_private.assignments_in_force(c[2]::uuid, c[4]::uuid) a), '{}');
    END $$;
    -- The people whom the caller reaches by permissions that reach less than the organization, for policies: with their
    -- organization, and decided together with the scope.
    CREATE FUNCTION app.in_reach(VARIADIC permissions text[]) RETURNS TABLE (org uuid, person uuid)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
      c text[] := app.verified_context();
      scopes jsonb := c[5]::jsonb;
      widest integer := 0;
    BEGIN
      FOR i IN 1..cardinality(permissions) LOOP
        widest := greatest(widest, app.width(scopes ->> permissions[i]));
      END LOOP;
      IF widest = 2 THEN
        RETURN QUERY SELECT a.org_id, a.person_id FROM app_private.assignments_in_force(c[2]::uuid, c[4]::uuid) a;
      ELSIF widest = 1 THEN
        RETURN QUERY SELECT c[2]::uuid, c[6]::uuid;
      END IF;
    END $$;
    GRANT EXECUTE ON FUNCTION app.assigned_people, app.in_reach TO vouchsafe_app;

    SELECT app_private.protect_table('people', 'SELECT, INSERT, UPDATE (external_id, kind, given_name, family_name, title, npi, status,
      email_enc, email_index, phone_enc, address_enc, date_of_birth_enc, ssn_enc)');
    SELECT app_private.protect_table('assignments', 'SELECT, INSERT, UPDATE (ends_at)', true);

    -- Data keys, wrapped by the KMS: one for the organization, one for each person. The nil subject is the
    -- organization itself. Unwrapping needs the KMS, so a row alone opens nothing.
    CREATE TABLE data_keys (
      org_id uuid NOT NULL REFERENCES organizations,
      subject_id uuid NOT NULL,
      purpose text NOT NULL CHECK (purpose IN ('data', 'index')),
      generation smallint NOT NULL CHECK (generation BETWEEN 1 AND 255),
      wrapped bytea,
      created_at timestamptz NOT NULL DEFAULT now(),
      destroyed_at timestamptz,
      PRIMARY KEY (org_id, subject_id, purpose, generation),
      CHECK ((wrapped IS NULL) = (destroyed_at IS NOT NULL))
    );
    SELECT app_private.protect_table('data_keys', 'SELECT, INSERT');
    -- In a session keys are only made where there is none: a later generation would be taken for the newest by
    -- everybody.
    CREATE POLICY first_generation ON data_keys AS RESTRICTIVE FOR INSERT TO vouchsafe_app WITH CHECK (generation = 1 OR (SELECT app.is_system()));
    -- Entrance functions hand out an organization's own wrapped key, never a person's.
    CREATE POLICY entrance ON data_keys TO vouchsafe_owner USING (subject_id = '00000000-0000-0000-0000-000000000000');
  `;
}
