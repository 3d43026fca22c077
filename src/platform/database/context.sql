-- The tenant context: its signature, verification, and fields. The transaction-local setting vouchsafe.context contains
-- eight fields and a MAC, joined by '|'. The MAC is the SHA-256 of a secret of the Postgres session, the fields, and
-- the start time of the transaction. The application roles cannot read the secret. Verification therefore fails for a
-- value that SQL sets directly or that comes from another transaction or connection.
--
-- Functions name pg_temp last in their search_path (PostgreSQL manual, CREATE FUNCTION, "Writing SECURITY DEFINER
-- Functions Safely"). Without that entry, Postgres searches pg_temp first. A caller could then create a temporary type
-- named "text", and the function would run the caller's code with the rights of the function's owner.

-- Returns 64 random bits. The callers never store them in a PL/pgSQL variable, because debug_print_plan would print its
-- value.
CREATE OR REPLACE FUNCTION app_private.random_bigint() RETURNS bigint LANGUAGE sql
BEGIN ATOMIC
  SELECT ('x' || encode(substring(sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())) FROM 1 FOR 8),
    'hex'))::bit(64)::bigint;
END;

-- Creates the secret of this Postgres session. The first two calls make the secret the currval of two sequences; only
-- this session can read its currval. The last two calls overwrite the stored values of the sequences. Because their
-- third argument is false, they do not change currval. setval fails in a transaction that began READ ONLY.
CREATE OR REPLACE FUNCTION app_private.make_session_secret() RETURNS void LANGUAGE sql
BEGIN ATOMIC
  SELECT setval('app_private.session_secret_a', app_private.random_bigint(), true);
  SELECT setval('app_private.session_secret_b', app_private.random_bigint(), true);
  SELECT setval('app_private.session_secret_a', 0, false);
  SELECT setval('app_private.session_secret_b', 0, false);
END;

-- Returns the MAC of context fields for this transaction and Postgres session. Raises 55000 if the session has no
-- secret. SHA-256 with a secret prefix normally permits length-extension attacks. Here they fail: the extended message
-- would contain zero bytes of padding, and a Postgres setting cannot contain a zero byte. BEGIN ATOMIC resolves names
-- when the function is created, so the function needs no search_path. Postgres cannot inline a function that sets one.
CREATE OR REPLACE FUNCTION app_private.context_mac(fields bytea) RETURNS text LANGUAGE sql
BEGIN ATOMIC
  SELECT encode(sha256(int8send(currval('app_private.session_secret_a'))
    || int8send(currval('app_private.session_secret_b'))
    || fields || timestamptz_send(transaction_timestamp())), 'hex');
END;

-- Signs a context for the rest of this transaction. The application roles cannot call it. Functions call it after they
-- have checked the caller's secret. Three functions sign without a secret: enter_organization and enter_member, which
-- only the worker's role can call, and sign_audit_only_context. The eight fields are: kind, organization, user,
-- membership, person-scoped permissions (JSON), person, organization of the audit log, and API key (for the kind scim:
-- SSO connection). The kinds are:
--   member   a member with a session or an API key. With an API key, the user is null, so that the key cannot access
--            data of the user, such as the password.
--   system   a job or an operator in one organization.
--   limited  audit-only: the caller is not authenticated. Allows only audit events about failures.
--   proven   authenticated: the caller's secret was valid. Also allows audit events about successes.
--   scim     a SCIM client. It reads and changes data through functions only.
-- The last three kinds have no organization in the second field, so row policies give them no tenant rows.
-- Triggers and functions check rows that other transactions change, such as the other owners. They lock a row and then
-- look. Only at the isolation level READ COMMITTED do they then see what the other transaction has committed (ADR 29).
-- At every other level the function makes the transaction read-only.
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
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    PERFORM set_config('transaction_read_only', 'on', true);
  END IF;
END $$;

-- Returns the verified fields of the current context, and the MAC as the ninth field. Returns null without a context.
-- Raises 42501 if the MAC is wrong. The MAC and its '|' are the last 65 bytes. The function removes them as bytes,
-- because this is faster than to count the characters of a text, and policies call it several times per statement.
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

-- Returns the organization whose rows this transaction can access; null for the kinds limited, proven, and scim.
CREATE OR REPLACE FUNCTION app.org_id() RETURNS uuid LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT (app.verified_context())[2]::uuid;
END;
GRANT EXECUTE ON FUNCTION app.org_id TO vouchsafe_app;

-- Returns the organization whose audit log this transaction writes to. Every kind of context has one. For the kinds
-- limited and proven, all other fields are null.
CREATE OR REPLACE FUNCTION app.audit_org_id() RETURNS uuid LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT (app.verified_context())[7]::uuid;
END;
GRANT EXECUTE ON FUNCTION app.audit_org_id TO vouchsafe_app;

-- Returns the user of a member's session; null for an API key and for all other kinds of context.
CREATE OR REPLACE FUNCTION app.user_id() RETURNS uuid LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT (app.verified_context())[3]::uuid;
END;
GRANT EXECUTE ON FUNCTION app.user_id TO vouchsafe_app;

-- Returns the membership of a member's session or API key; null for all other kinds of context.
CREATE OR REPLACE FUNCTION app.membership_id() RETURNS uuid LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT (app.verified_context())[4]::uuid;
END;
GRANT EXECUTE ON FUNCTION app.membership_id TO vouchsafe_app;

-- Returns the API key of a member's request; null for a session. For the kind scim, the field contains the SSO
-- connection.
CREATE OR REPLACE FUNCTION app.api_key_id() RETURNS uuid LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT (app.verified_context())[8]::uuid;
END;
GRANT EXECUTE ON FUNCTION app.api_key_id TO vouchsafe_app;

-- Returns the membership if the member uses a session; null for an API key. Functions call it for rights that every
-- signed-in member has. An API key has only the permissions in its list.
CREATE OR REPLACE FUNCTION app.interactive_membership_id() RETURNS uuid LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT CASE WHEN c[8] IS NULL THEN c[4]::uuid END FROM app.verified_context() AS c;
END;
GRANT EXECUTE ON FUNCTION app.interactive_membership_id TO vouchsafe_app;

-- Returns the person record that the membership is linked to; null if it is linked to none.
CREATE OR REPLACE FUNCTION app.own_person_id() RETURNS uuid LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT (app.verified_context())[6]::uuid;
END;
GRANT EXECUTE ON FUNCTION app.own_person_id TO vouchsafe_app;

-- Returns true if the caller is the system. Jobs and operators act as the system: they have all permissions, but only
-- in the organization of the context.
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

-- Returns the organization of the context if the caller holds one of the permissions with the scope org, or is the
-- system; otherwise null. Row policies compare the result with the organization of the row.
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

-- Returns the organization of the context if the caller is the system; otherwise null.
CREATE OR REPLACE FUNCTION app.org_if_system() RETURNS uuid LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT CASE WHEN c[1] = 'system' THEN c[2]::uuid END FROM app.verified_context() AS c;
END;
GRANT EXECUTE ON FUNCTION app.org_if_system TO vouchsafe_app;

-- Returns the organization and the membership of the context, for row policies. For an API key, the membership is null.
CREATE OR REPLACE FUNCTION app.interactive_membership(OUT org uuid, OUT membership uuid) LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT c[2]::uuid, CASE WHEN c[8] IS NULL THEN c[4]::uuid END FROM app.verified_context() AS c;
END;
GRANT EXECUTE ON FUNCTION app.interactive_membership TO vouchsafe_app;
