-- Proves that the server accepts a write, and returns its time. setval writes a WAL record that the commit flushes. It
-- creates no row version and no lock, so callers do not wait for each other. It fails on a read-only server with 25006.
CREATE OR REPLACE FUNCTION app.prove_write() RETURNS timestamptz
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT setval('app_private.write_proof', 1, false);
  SELECT clock_timestamp();
$$;
GRANT EXECUTE ON FUNCTION app.prove_write TO vouchsafe_app;
