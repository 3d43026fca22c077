-- Roles of Vouchsafe. Run as superuser inside the database `vouchsafe`; running it again changes nothing.
-- Passwords are set apart from this file, so that no secret is ever written in it.
--
--   vouchsafe_owner     owns every object; nobody signs in as it
--   vouchsafe_migrator  applies migrations: its sessions act as vouchsafe_owner from the first statement
--   vouchsafe_app       the API; row security always applies to it
--   vouchsafe_worker    the background worker; all of vouchsafe_app's rights, and may enter any organization

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
    EXECUTE format('ALTER ROLE %I %s NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS', wanted.name, wanted.login);
  END LOOP;
END
$$;

-- Every prepared statement is planned once. Row security hides from the planner how many rows a query will see, and with
-- the values at hand it falls for reading whole tables, again for each request.
ALTER ROLE vouchsafe_app SET plan_cache_mode = 'force_generic_plan';
ALTER ROLE vouchsafe_worker SET plan_cache_mode = 'force_generic_plan';

GRANT vouchsafe_owner TO vouchsafe_migrator;
GRANT vouchsafe_app TO vouchsafe_worker;
ALTER ROLE vouchsafe_migrator SET role = 'vouchsafe_owner';

-- No statement of a request or a job holds its locks for longer; one that may is given its own limit where it is written.
-- A transaction that nobody goes on with is given up too; a job may work outside the database between two statements.
ALTER ROLE vouchsafe_app SET statement_timeout = '30s';
ALTER ROLE vouchsafe_app SET idle_in_transaction_session_timeout = '60s';
ALTER ROLE vouchsafe_worker SET statement_timeout = '30s';
ALTER ROLE vouchsafe_worker SET idle_in_transaction_session_timeout = '15min';

ALTER DATABASE vouchsafe OWNER TO vouchsafe_owner;
REVOKE ALL ON DATABASE vouchsafe FROM PUBLIC;
GRANT CONNECT ON DATABASE vouchsafe TO vouchsafe_migrator, vouchsafe_app, vouchsafe_worker;

-- Nobody but the owner creates objects; temporary ones neither, since they come before the real tables in name lookup.
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO vouchsafe_app, vouchsafe_migrator;
-- Said aloud, because a copy of the database may have another owner, and partitions of the log have to be made there too.
GRANT USAGE, CREATE ON SCHEMA public TO vouchsafe_owner;

-- The names of prepared statements are secrets of the process that made them: connections are shared by tenants.
REVOKE ALL ON pg_catalog.pg_prepared_statements FROM PUBLIC;
REVOKE ALL ON FUNCTION pg_catalog.pg_prepared_statement() FROM PUBLIC;
