-- Exports.

-- Returns a text that no spreadsheet runs as a formula: the rule of csvSafe in csv.ts; null stays null. It has no
-- search path and is not STRICT, so that Postgres can inline it, which makes a large export several times as fast. Text
-- that starts with a digit or a Latin letter skips the pattern.
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
