-- Whether the assertion itself must be signed. Otherwise a signature of the response around it suffices.
ALTER TABLE sso_connections ADD COLUMN want_assertion_signed boolean NOT NULL DEFAULT false;
GRANT UPDATE (want_assertion_signed) ON sso_connections TO vouchsafe_app;
