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

-- Uses one plan per prepared statement. Row-level security hides the number of rows from the planner. With custom
-- plans, it would choose to read whole tables, and would plan again for each request.
ALTER ROLE vouchsafe_app SET plan_cache_mode = 'force_generic_plan';
ALTER ROLE vouchsafe_worker SET plan_cache_mode = 'force_generic_plan';

GRANT vouchsafe_owner TO vouchsafe_migrator;
GRANT vouchsafe_app TO vouchsafe_worker;
ALTER ROLE vouchsafe_migrator SET role = 'vouchsafe_owner';

-- Limits how long a statement can hold its locks; a statement that needs longer sets its own limit. A transaction
-- without activity is aborted too; a job may work outside the database between two statements.
ALTER ROLE vouchsafe_app SET statement_timeout = '30s';
ALTER ROLE vouchsafe_app SET idle_in_transaction_session_timeout = '60s';
ALTER ROLE vouchsafe_worker SET statement_timeout = '30s';
ALTER ROLE vouchsafe_worker SET idle_in_transaction_session_timeout = '15min';

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
