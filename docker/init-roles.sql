-- Creates the roles of Vouchsafe. Run it as superuser in the database `vouchsafe`; a second run changes nothing.
-- Passwords are set elsewhere, so that this file never contains a secret.
--
--   vouchsafe_owner     owns every object; it cannot sign in
--   vouchsafe_migrator  applies migrations: its sessions act as vouchsafe_owner from the first statement
--   vouchsafe_app       the API; row-level security always applies to it
--   vouchsafe_worker    the background worker; has the rights of vouchsafe_app, and may enter any organization

DO $$
DECLARE
  wanted record;
BEGIN
  FOR wanted IN
    SELECT * FROM (VALUES
      ('vouchsafe_owner', 'NOLOGIN'),
      ('vouchsafe_migrator', 'LOGIN'),
      ('vouchsafe_app', 'LOGIN'),
      ('vouchsafe_worker', 'LOGIN')
    ) AS roles(name, login)
  LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted.name) THEN
      EXECUTE format('CREATE ROLE %I', wanted.name);
    END IF;
    EXECUTE format('ALTER ROLE %I %s NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS', wanted.name,
      wanted.login);
  END LOOP;
END
$$;

GRANT vouchsafe_owner TO vouchsafe_migrator;
GRANT vouchsafe_app TO vouchsafe_worker;
ALTER ROLE vouchsafe_migrator SET role = 'vouchsafe_owner';

-- Sets what the statements and the parsing of their results depend on, before any setting of the server or database.
-- Each process compares its settings with src/platform/database/session-settings.ts and restores them. Each prepared
-- statement has one plan: row-level security hides the number of rows from the planner, so with custom plans it would
-- choose to read whole tables, and would plan again for each request. A statement that needs longer than the timeout
-- sets its own limit. A job may work outside the database between two statements.
DO $$
DECLARE
  role text; setting text[];
BEGIN
  FOREACH role IN ARRAY ARRAY['vouchsafe_app', 'vouchsafe_worker'] LOOP
    FOREACH setting SLICE 1 IN ARRAY ARRAY[
      ['search_path', 'public'],
      ['row_security', 'on'],
      ['statement_timeout', '30s'],
      ['idle_in_transaction_session_timeout', CASE role WHEN 'vouchsafe_app' THEN '60s' ELSE '15min' END],
      ['lock_timeout', '0'],
      ['plan_cache_mode', 'force_generic_plan'],
      ['default_transaction_isolation', 'read committed'],
      ['datestyle', 'ISO, MDY'],
      ['intervalstyle', 'postgres'],
      ['timezone', 'UTC'],
      ['bytea_output', 'hex'],
      ['extra_float_digits', '1'],
      ['standard_conforming_strings', 'on'],
      ['array_nulls', 'on'],
      ['transform_null_equals', 'off']
    ] LOOP
      EXECUTE format('ALTER ROLE %I SET %s = %L', role, setting[1], setting[2]);
    END LOOP;
  END LOOP;
END
$$;

ALTER DATABASE vouchsafe OWNER TO vouchsafe_owner;
REVOKE ALL ON DATABASE vouchsafe FROM PUBLIC;
GRANT CONNECT ON DATABASE vouchsafe TO vouchsafe_migrator, vouchsafe_app, vouchsafe_worker;

-- Only the owner creates objects, including temporary objects, because these precede real tables in name lookup.
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO vouchsafe_app, vouchsafe_migrator;
-- Explicit, because a copy of the database may have another owner, and the log partitions are created there too.
GRANT USAGE, CREATE ON SCHEMA public TO vouchsafe_owner;

-- Tenants share connections, so the names of prepared statements must stay secret to the process that created them.
REVOKE ALL ON pg_catalog.pg_prepared_statements FROM PUBLIC;
REVOKE ALL ON FUNCTION pg_catalog.pg_prepared_statement() FROM PUBLIC;

-- Large objects and locks that outlive a transaction belong to no organization, so SQL of one could reach another.
DO $$
DECLARE
  routine regprocedure;
BEGIN
  FOR routine IN
    SELECT p.oid FROM pg_proc p WHERE p.pronamespace = 'pg_catalog'::regnamespace
       AND p.proname ~ '^(lo_.*|loread|lowrite|pg_(try_)?advisory_lock(_shared)?)$'
  LOOP
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', routine);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO vouchsafe_owner', routine);
  END LOOP;
END
$$;
REVOKE ALL ON pg_catalog.pg_largeobject_metadata FROM PUBLIC;
