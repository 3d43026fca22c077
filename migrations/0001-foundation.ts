import { SqlMigration } from '../src/platform/database/sql-migration.js';

/**
 * The ground every table stands on: the signed tenant context and protect_table.
 *
 * The context is a transaction-local setting `vouchsafe.context`: fields joined by '|', and their seal, a SHA-256 over
 * a
 * secret of the backend's session, the fields and the transaction's start. The application's roles cannot read the
 * secret,
 * so a value set by stray SQL, kept from another transaction or carried to another connection, verifies nowhere.
 *
 * Functions name pg_temp last in their search_path (PostgreSQL manual, CREATE FUNCTION, "Writing SECURITY DEFINER
 * Functions Safely"): with an empty path it would come first, and a caller's temporary type called "text" or "uuid"
 * would run the caller's code as the owner.
 */
export class Foundation1770000000001 extends SqlMigration {
  protected readonly sql = /* sql */ `
    REVOKE CREATE ON SCHEMA public FROM PUBLIC;
    CREATE SCHEMA app;
    CREATE SCHEMA app_private;
    REVOKE ALL ON SCHEMA app_private FROM PUBLIC;
    GRANT USAGE ON SCHEMA public, app TO vouchsafe_app;
    ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;

    -- What seals contexts in one backend session: 128 random bits that it alone knows. setval leaves them to the
    -- currval of
    -- the session that called it, whatever becomes of the transaction (PostgreSQL manual, "Sequence Manipulation
    -- Functions").
    -- Nobody but the owner may use these sequences. Unlogged, they cost neither log nor transaction id.
    CREATE UNLOGGED SEQUENCE app_private.session_secret_a MINVALUE -9223372036854775808;
    CREATE UNLOGGED SEQUENCE app_private.session_secret_b MINVALUE -9223372036854775808;

    -- Gives this session its secret. What lies in the sequences afterwards is no longer it: setval without is_called
    -- leaves
    -- currval alone. Like any setval it is refused in a transaction that began READ ONLY. The random bits are in no
    -- variable:
    -- a plan made for a variable's value holds it, and whoever asks for debug_print_plan is shown the plan.
    CREATE FUNCTION app_private.random_bigint() RETURNS bigint LANGUAGE sql
    BEGIN ATOMIC
      SELECT ('x' || encode(substring(sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())) FROM 1 FOR 8), 'hex'))::bit(64)::bigint;
    END;
    CREATE FUNCTION app_private.make_session_secret() RETURNS void LANGUAGE sql
    BEGIN ATOMIC
      SELECT setval('app_private.session_secret_a', app_private.random_bigint(), true);
      SELECT setval('app_private.session_secret_b', app_private.random_bigint(), true);
      SELECT setval('app_private.session_secret_a', 0, false);
      SELECT setval('app_private.session_secret_b', 0, false);
    END;

    -- The seal of a context's fields in this transaction of this session. An error (55000) in a session without a
    -- secret. That a
    -- secret stands in front does not let SQL extend what is hashed: the padding holds zero bytes, which no text does.
    -- Parsed here, and without a search path of its own, so that it is inlined.
    CREATE FUNCTION app_private.seal(fields bytea) RETURNS text LANGUAGE sql
    BEGIN ATOMIC
      SELECT encode(sha256(int8send(currval('app_private.session_secret_a')) || int8send(currval('app_private.session_secret_b'))
        || fields || timestamptz_send(transaction_timestamp())), 'hex');
    END;

    -- Signs a context for the rest of this transaction. Only entrance functions call it.
    -- Eight fields: kind (member | system | limited | proven | scim), organization, user, membership, scopes of what is
    -- about people (JSON),
    -- person, organization of the log, API key. A limited context leaves the second field empty: it reaches no tenant
    -- row.
    -- A key's leaves the user empty: what is for a user in person, such as their password, is not for it.
    CREATE FUNCTION app_private.sign_context(fields text[]) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
      payload text := array_to_string(fields, '|', '');
      seal text;
    BEGIN
      BEGIN
        seal := app_private.seal(convert_to(payload, 'UTF8'));
      EXCEPTION WHEN object_not_in_prerequisite_state THEN
        PERFORM app_private.make_session_secret();
        seal := app_private.seal(convert_to(payload, 'UTF8'));
      END;
      PERFORM set_config('vouchsafe.context', payload || '|' || seal, true);
    END $$;

    -- The verified fields of the current context, and their seal as the ninth; null without one; an error where it was
    -- forged.
    -- Asked several times a statement: the seal is cut off bytes, because cutting text means counting its characters.
    CREATE FUNCTION app.verified_context() RETURNS text[]
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
      raw text := current_setting('vouchsafe.context', true);
      c text[];
    BEGIN
      IF raw IS NULL OR raw = '' THEN
        RETURN NULL;
      END IF;
      c := string_to_array(raw, '|', '');
      IF c[9] IS DISTINCT FROM app_private.seal(substring(convert_to(raw, 'UTF8') FROM 1 FOR greatest(octet_length(raw) - 65, 0))) THEN
        RAISE EXCEPTION 'the tenant context was not issued for this transaction' USING ERRCODE = '42501';
      END IF;
      RETURN c;
    END $$;

    -- The organization whose rows this transaction may touch; null for limited entrances.
    CREATE FUNCTION app.org_id() RETURNS uuid LANGUAGE sql STABLE
    BEGIN ATOMIC
      SELECT (app.verified_context())[2]::uuid;
    END;

    -- The organization whose log this transaction writes to: every entrance has one, limited ones nothing else.
    CREATE FUNCTION app.audit_org_id() RETURNS uuid LANGUAGE sql STABLE
    BEGIN ATOMIC
      SELECT (app.verified_context())[7]::uuid;
    END;
    CREATE FUNCTION app.user_id() RETURNS uuid LANGUAGE sql STABLE
    BEGIN ATOMIC
      SELECT (app.verified_context())[3]::uuid;
    END;
    CREATE FUNCTION app.membership_id() RETURNS uuid LANGUAGE sql STABLE
    BEGIN ATOMIC
      SELECT (app.verified_context())[4]::uuid;
    END;
    -- The API key that a member came by; null for a member in person.
    CREATE FUNCTION app.api_key_id() RETURNS uuid LANGUAGE sql STABLE
    BEGIN ATOMIC
      SELECT (app.verified_context())[8]::uuid;
    END;
    -- The membership of a member who is here in person. A key has none: it acts by its permissions alone.
    CREATE FUNCTION app.membership_in_person() RETURNS uuid LANGUAGE sql STABLE
    BEGIN ATOMIC
      SELECT CASE WHEN c[8] IS NULL THEN c[4]::uuid END FROM app.verified_context() AS c;
    END;
    CREATE FUNCTION app.own_person_id() RETURNS uuid LANGUAGE sql STABLE
    BEGIN ATOMIC
      SELECT (app.verified_context())[6]::uuid;
    END;
    -- Jobs and operators act as the system: no permission narrows them, only the organization.
    CREATE FUNCTION app.is_system() RETURNS boolean LANGUAGE sql STABLE
    BEGIN ATOMIC
      SELECT coalesce((app.verified_context())[1] = 'system', false);
    END;

    -- How wide a scope is; none is 0.
    CREATE FUNCTION app.width(scope text) RETURNS integer LANGUAGE sql IMMUTABLE
    BEGIN ATOMIC
      SELECT CASE scope WHEN 'org' THEN 3 WHEN 'assigned' THEN 2 WHEN 'own' THEN 1 ELSE 0 END;
    END;

    -- What policies ask, each answered with the organization that it is true of, and null where it is not: whether a
    -- permission about people reaches everybody (it stands in the signed context), whether the caller is the system,
    -- who is here.
    CREATE FUNCTION app.org_if_everybody(VARIADIC permissions text[]) RETURNS uuid
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
      c text[] := app.verified_context();
      scopes jsonb := c[5]::jsonb;
    BEGIN
      IF c[1] = 'system' THEN RETURN c[2]::uuid; END IF;
      FOR i IN 1..cardinality(permissions) LOOP
        IF scopes ->> permissions[i] = 'org' THEN RETURN c[2]::uuid; END IF;
      END LOOP;
      RETURN NULL;
    END $$;
    CREATE FUNCTION app.org_if_system() RETURNS uuid LANGUAGE sql STABLE
    BEGIN ATOMIC
      SELECT CASE WHEN c[1] = 'system' THEN c[2]::uuid END FROM app.verified_context() AS c;
    END;
    CREATE FUNCTION app.in_person(OUT org uuid, OUT membership uuid) LANGUAGE sql STABLE
    BEGIN ATOMIC
      SELECT c[2]::uuid, CASE WHEN c[8] IS NULL THEN c[4]::uuid END FROM app.verified_context() AS c;
    END;

    -- Puts a table under the standard policy: rows of the entered organization alone, for every role, the owner
    -- included. What a member may do within it follows from the rules that the table's feature declares: migrate turns
    -- them
    -- into further, restrictive policies. entrance lets the owner's entrance functions, which run before any context
    -- exists, see the table.
    CREATE FUNCTION app_private.protect_table(
      target regclass, privileges text DEFAULT 'SELECT, INSERT, UPDATE, DELETE', entrance boolean DEFAULT false
    ) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
      tenant text := 'org_id = (SELECT app.org_id())';
    BEGIN
      EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target);
      EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', target);
      EXECUTE format('CREATE POLICY tenant ON %s USING (%s) WITH CHECK (%s)', target, tenant, tenant);
      IF entrance THEN
        EXECUTE format('CREATE POLICY entrance ON %s TO vouchsafe_owner USING (true) WITH CHECK (true)', target);
      END IF;
      EXECUTE format('GRANT %s ON %s TO vouchsafe_app', privileges, target);
    END $$;

    GRANT EXECUTE ON FUNCTION app.verified_context(), app.org_id(), app.audit_org_id(), app.user_id(), app.membership_id(),
      app.api_key_id(), app.membership_in_person(), app.own_person_id(), app.is_system(), app.width(text), app.org_if_everybody(text[]),
      app.org_if_system(), app.in_person() TO vouchsafe_app;
  `;
}
