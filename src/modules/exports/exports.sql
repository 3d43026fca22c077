-- Exports: protection against formula injection in CSV files.

-- Returns text that a spreadsheet does not run as a formula. It applies the same rule as csvSafe in csv.ts. A null
-- value stays null. Postgres inlines only a function that has no search path and is not STRICT. Inlining makes a large
-- export several times faster. For the same reason, text that starts with a digit or a Latin letter skips the regular
-- expression.
CREATE OR REPLACE FUNCTION app.csv_safe(value text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $body$
  SELECT CASE
    WHEN pg_catalog.strpos('0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ', pg_catalog.left(value, 1))
      OPERATOR(pg_catalog.>) 0 THEN value
    WHEN value OPERATOR(pg_catalog.~)
      '^(?:[\t\n\u000B\f\r]|[ \u00A0\u2000-\u200B\u202F\u205F\u3000\uFEFF]*'
      '[-=+@\uFF1D\uFF0B\uFF0D\uFF20\uFE66\uFE62\uFE63\uFE6B])'
      THEN '''' OPERATOR(pg_catalog.||) value
    ELSE value END
$body$;
GRANT EXECUTE ON FUNCTION app.csv_safe TO vouchsafe_app;
