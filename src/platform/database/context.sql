-- The tenant context: its signature, verification, and fields. The transaction-local setting vouchsafe.context contains
-- fields joined by '|' and a MAC: SHA-256 over a secret of the database session, the fields, and the start time of the
-- transaction. The application roles cannot read the secret. Verification fails for a value that SQL sets, keeps from
-- another transaction, or copies to another connection. Functions name pg_temp last in their search_path (PostgreSQL
-- manual, CREATE FUNCTION, "Writing SECURITY DEFINER Functions Safely"). With an empty path, pg_temp would come first,
-- and a temporary type named "text" would run code of the caller as the owner.

-- Returns 64 random bits. They are never stored in a variable, because debug_print_plan would print them.
CREATE OR REPLACE FUNCTION app_private.random_bigint() RETURNS bigint LANGUAGE sql
BEGIN ATOMIC
  SELECT ('x' || encode(substring(sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())) FROM 1 FOR 8),
    'hex'))::bit(64)::bigint;
END;

-- Creates the secret of this database session. The sequences do not reveal it afterward: setval without is_called does
-- not change currval. Like every setval, it fails in a transaction that began READ ONLY.
CREATE OR REPLACE FUNCTION app_private.make_session_secret() RETURNS void LANGUAGE sql
BEGIN ATOMIC
  SELECT setval('app_private.session_secret_a', app_private.random_bigint(), true);
  SELECT setval('app_private.session_secret_b', app_private.random_bigint(), true);
  SELECT setval('app_private.session_secret_a', 0, false);
  SELECT setval('app_private.session_secret_b', 0, false);
END;

-- Returns the MAC of context fields for this transaction and session. Raises 55000 in a session without a secret. The
-- secret prefix does not allow a length extension: the padding contains zero bytes, which text cannot contain. The body
-- is parsed here and has no search path, so that Postgres can inline it.
CREATE OR REPLACE FUNCTION app_private.context_mac(fields bytea) RETURNS text LANGUAGE sql
BEGIN ATOMIC
  SELECT encode(sha256(int8send(currval('app_private.session_secret_a'))
    || int8send(currval('app_private.session_secret_b'))
    || fields || timestamptz_send(transaction_timestamp())), 'hex');
END;

-- Signs a context for the rest of this transaction. Only enter functions call it. The eight fields are: kind (member |
-- system | limited | proven | scim), organization, user, membership, person-scoped permissions (JSON), person,
-- organization of the audit log, and API key. A limited context has no organization and cannot read tenant rows. The
-- context of an API key has no user, so user data such as a password is not accessible.
CREATE OR REPLACE FUNCTION app_private.sign_context(fields text[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  payload text := array_to_string(fields, '|', '');
  mac text;
BEGIN
  BEGIN
    mac := app_private.context_mac(convert_to(payload, 'UTF8'));
  EXCEPTION WHEN object_not_in_prerequisite_state THEN
    PERFORM app_private.make_session_secret();
    mac := app_private.context_mac(convert_to(payload, 'UTF8'));
  END;
  PERFORM set_config('vouchsafe.context', payload || '|' || mac, true);
END $$;

-- Returns the verified fields of the current context with the MAC as the ninth field. Returns null without a context
-- and raises 42501 for a forged one. Policies call it several times per statement, so the MAC is cut from bytes:
-- cutting text would count characters.
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
  IF c[9] IS DISTINCT FROM app_private.context_mac(substring(convert_to(raw, 'UTF8')
    FROM 1 FOR greatest(octet_length(raw) - 65, 0))) THEN
    RAISE EXCEPTION 'the tenant context was not issued for this transaction' USING ERRCODE = '42501';
  END IF;
  RETURN c;
END $$;
GRANT EXECUTE ON FUNCTION app.verified_context TO vouchsafe_app;

-- Returns the organization whose rows this transaction can access; null in a limited context.
CREATE OR REPLACE FUNCTION app.org_id() RETURNS uuid LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT (app.verified_context())[2]::uuid;
END;
GRANT EXECUTE ON FUNCTION app.org_id TO vouchsafe_app;

-- Returns the organization whose audit log this transaction writes to. Every context has one; a limited context has
-- nothing else.
CREATE OR REPLACE FUNCTION app.audit_org_id() RETURNS uuid LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT (app.verified_context())[7]::uuid;
END;
GRANT EXECUTE ON FUNCTION app.audit_org_id TO vouchsafe_app;

-- Returns the user of the context; null for an API key and for the system.
CREATE OR REPLACE FUNCTION app.user_id() RETURNS uuid LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT (app.verified_context())[3]::uuid;
END;
GRANT EXECUTE ON FUNCTION app.user_id TO vouchsafe_app;

-- Returns the membership of the context; null for the system.
CREATE OR REPLACE FUNCTION app.membership_id() RETURNS uuid LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT (app.verified_context())[4]::uuid;
END;
GRANT EXECUTE ON FUNCTION app.membership_id TO vouchsafe_app;

-- Returns the API key that authenticated the caller; null for a session.
CREATE OR REPLACE FUNCTION app.api_key_id() RETURNS uuid LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT (app.verified_context())[8]::uuid;
END;
GRANT EXECUTE ON FUNCTION app.api_key_id TO vouchsafe_app;

-- Returns the membership of an interactive session; null for an API key, which has only its permissions.
CREATE OR REPLACE FUNCTION app.interactive_membership_id() RETURNS uuid LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT CASE WHEN c[8] IS NULL THEN c[4]::uuid END FROM app.verified_context() AS c;
END;
GRANT EXECUTE ON FUNCTION app.interactive_membership_id TO vouchsafe_app;

-- Returns the person record that the membership is linked to; null without one.
CREATE OR REPLACE FUNCTION app.own_person_id() RETURNS uuid LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT (app.verified_context())[6]::uuid;
END;
GRANT EXECUTE ON FUNCTION app.own_person_id TO vouchsafe_app;

-- Returns true if the caller is the system. Jobs and operators act as the system: only the organization limits them.
CREATE OR REPLACE FUNCTION app.is_system() RETURNS boolean LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT coalesce((app.verified_context())[1] = 'system', false);
END;
GRANT EXECUTE ON FUNCTION app.is_system TO vouchsafe_app;

-- Returns the rank of a scope: org 3, assigned 2, own 1, none 0.
CREATE OR REPLACE FUNCTION app.scope_rank(scope text) RETURNS integer LANGUAGE sql IMMUTABLE
BEGIN ATOMIC
  SELECT CASE scope WHEN 'org' THEN 3 WHEN 'assigned' THEN 2 WHEN 'own' THEN 1 ELSE 0 END;
END;
GRANT EXECUTE ON FUNCTION app.scope_rank TO vouchsafe_app;

-- Returns the organization if one of the permissions has the scope org, or if the caller is the system; otherwise null.
-- Row policies compare the result with the organization of the row.
CREATE OR REPLACE FUNCTION app.org_if_unscoped(VARIADIC permissions text[]) RETURNS uuid
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
GRANT EXECUTE ON FUNCTION app.org_if_unscoped TO vouchsafe_app;

-- Returns the organization if the caller is the system; otherwise null.
CREATE OR REPLACE FUNCTION app.org_if_system() RETURNS uuid LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT CASE WHEN c[1] = 'system' THEN c[2]::uuid END FROM app.verified_context() AS c;
END;
GRANT EXECUTE ON FUNCTION app.org_if_system TO vouchsafe_app;

-- Returns the organization and the membership of an interactive session, for row policies. The membership is null for
-- an API key.
CREATE OR REPLACE FUNCTION app.interactive_membership(OUT org uuid, OUT membership uuid) LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT c[2]::uuid, CASE WHEN c[8] IS NULL THEN c[4]::uuid END FROM app.verified_context() AS c;
END;
GRANT EXECUTE ON FUNCTION app.interactive_membership TO vouchsafe_app;
