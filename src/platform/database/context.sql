-- The tenant context: signing it, verifying it, and what it says. The transaction-local setting vouchsafe.context holds
-- fields joined by '|' and their seal, a SHA-256 over a secret of the database session, the fields, and the start of
-- the transaction. The application's roles cannot read the secret. A value that stray SQL sets, keeps from another
-- transaction, or carries to another connection therefore fails verification. Functions name pg_temp last in their
-- search_path (PostgreSQL manual, CREATE FUNCTION, "Writing SECURITY DEFINER Functions Safely"). With an empty path it
-- would come first, and a caller's temporary type called "text" would run the caller's code as the owner.

-- Gives this session its secret. What lies in the sequences afterwards is no longer it: setval without is_called leaves
-- currval alone. Like any setval it is refused in a transaction that began READ ONLY. The random bits are in no
-- variable: a plan made for a variable's value holds it, and whoever asks for debug_print_plan is shown the plan.
CREATE OR REPLACE FUNCTION app_private.random_bigint() RETURNS bigint LANGUAGE sql
BEGIN ATOMIC
  SELECT ('x' || encode(substring(sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())) FROM 1 FOR 8),
    'hex'))::bit(64)::bigint;
END;

CREATE OR REPLACE FUNCTION app_private.make_session_secret() RETURNS void LANGUAGE sql
BEGIN ATOMIC
  SELECT setval('app_private.session_secret_a', app_private.random_bigint(), true);
  SELECT setval('app_private.session_secret_b', app_private.random_bigint(), true);
  SELECT setval('app_private.session_secret_a', 0, false);
  SELECT setval('app_private.session_secret_b', 0, false);
END;

-- The seal of a context's fields in this transaction of this session. An error (55000) in a session without a secret.
-- That a secret stands in front does not let SQL extend what is hashed: the padding holds zero bytes, which no text
-- does. Parsed here, and without a search path of its own, so that it is inlined.
CREATE OR REPLACE FUNCTION app_private.seal(fields bytea) RETURNS text LANGUAGE sql
BEGIN ATOMIC
  SELECT encode(sha256(int8send(currval('app_private.session_secret_a'))
    || int8send(currval('app_private.session_secret_b'))
    || fields || timestamptz_send(transaction_timestamp())), 'hex');
END;

-- Signs a context for the rest of this transaction. Only entrance functions call it. Eight fields: kind (member |
-- system | limited | proven | scim), organization, user, membership, scopes of what is about people (JSON), person,
-- organization of the log, API key. A limited context leaves the second field empty: it reaches no tenant row. A key's
-- leaves the user empty: what is for a user in person, such as their password, is not for it.
CREATE OR REPLACE FUNCTION app_private.sign_context(fields text[]) RETURNS void
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
-- forged. Asked several times a statement: the seal is cut off bytes, because cutting text means counting its
-- characters.
CREATE OR REPLACE FUNCTION app.verified_context() RETURNS text[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  raw text := current_setting('vouchsafe.context', true);
  c text[];
BEGIN
  IF raw IS NULL OR raw = '' THEN
    RETURN NULL;
  END IF;
  c := string_to_array(raw, '|', '');
  IF c[9] IS DISTINCT FROM app_private.seal(substring(convert_to(raw, 'UTF8')
    FROM 1 FOR greatest(octet_length(raw) - 65, 0))) THEN
    RAISE EXCEPTION 'the tenant context was not issued for this transaction' USING ERRCODE = '42501';
  END IF;
  RETURN c;
END $$;
GRANT EXECUTE ON FUNCTION app.verified_context TO vouchsafe_app;

-- The organization whose rows this transaction may touch; null for limited entrances.
CREATE OR REPLACE FUNCTION app.org_id() RETURNS uuid LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT (app.verified_context())[2]::uuid;
END;
GRANT EXECUTE ON FUNCTION app.org_id TO vouchsafe_app;

-- The organization whose log this transaction writes to: every entrance has one, limited ones nothing else.
CREATE OR REPLACE FUNCTION app.audit_org_id() RETURNS uuid LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT (app.verified_context())[7]::uuid;
END;
GRANT EXECUTE ON FUNCTION app.audit_org_id TO vouchsafe_app;

CREATE OR REPLACE FUNCTION app.user_id() RETURNS uuid LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT (app.verified_context())[3]::uuid;
END;
GRANT EXECUTE ON FUNCTION app.user_id TO vouchsafe_app;

CREATE OR REPLACE FUNCTION app.membership_id() RETURNS uuid LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT (app.verified_context())[4]::uuid;
END;
GRANT EXECUTE ON FUNCTION app.membership_id TO vouchsafe_app;

-- The API key that a member came by; null for a member in person.
CREATE OR REPLACE FUNCTION app.api_key_id() RETURNS uuid LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT (app.verified_context())[8]::uuid;
END;
GRANT EXECUTE ON FUNCTION app.api_key_id TO vouchsafe_app;

-- The membership of a member who is here in person. A key has none: it acts by its permissions alone.
CREATE OR REPLACE FUNCTION app.membership_in_person() RETURNS uuid LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT CASE WHEN c[8] IS NULL THEN c[4]::uuid END FROM app.verified_context() AS c;
END;
GRANT EXECUTE ON FUNCTION app.membership_in_person TO vouchsafe_app;

CREATE OR REPLACE FUNCTION app.own_person_id() RETURNS uuid LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT (app.verified_context())[6]::uuid;
END;
GRANT EXECUTE ON FUNCTION app.own_person_id TO vouchsafe_app;

-- Jobs and operators act as the system: no permission narrows them, only the organization.
CREATE OR REPLACE FUNCTION app.is_system() RETURNS boolean LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT coalesce((app.verified_context())[1] = 'system', false);
END;
GRANT EXECUTE ON FUNCTION app.is_system TO vouchsafe_app;

-- How wide a scope is; none is 0.
CREATE OR REPLACE FUNCTION app.width(scope text) RETURNS integer LANGUAGE sql IMMUTABLE
BEGIN ATOMIC
  SELECT CASE scope WHEN 'org' THEN 3 WHEN 'assigned' THEN 2 WHEN 'own' THEN 1 ELSE 0 END;
END;
GRANT EXECUTE ON FUNCTION app.width TO vouchsafe_app;

-- What policies ask, each answered with the organization that it is true of, and null where it is not: whether a
-- permission about people reaches everybody (it stands in the signed context), whether the caller is the system, who is
-- here.
CREATE OR REPLACE FUNCTION app.org_if_everybody(VARIADIC permissions text[]) RETURNS uuid
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
GRANT EXECUTE ON FUNCTION app.org_if_everybody TO vouchsafe_app;

CREATE OR REPLACE FUNCTION app.org_if_system() RETURNS uuid LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT CASE WHEN c[1] = 'system' THEN c[2]::uuid END FROM app.verified_context() AS c;
END;
GRANT EXECUTE ON FUNCTION app.org_if_system TO vouchsafe_app;

CREATE OR REPLACE FUNCTION app.in_person(OUT org uuid, OUT membership uuid) LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT c[2]::uuid, CASE WHEN c[8] IS NULL THEN c[4]::uuid END FROM app.verified_context() AS c;
END;
GRANT EXECUTE ON FUNCTION app.in_person TO vouchsafe_app;
