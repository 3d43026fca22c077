-- The parts of an identity provider's metadata that are not used. Each element has the fields code and detail.
ALTER TABLE sso_connections ADD COLUMN metadata_warnings jsonb NOT NULL DEFAULT '[]';
GRANT UPDATE (metadata_warnings) ON sso_connections TO vouchsafe_app;

-- All addresses that a SCIM client sent, each with value, type, and primary. The column email holds the one that is in
-- use. Rows of an earlier release have only that address.
ALTER TABLE scim_users ADD COLUMN emails jsonb NOT NULL DEFAULT '[]';
UPDATE scim_users
  SET emails = jsonb_build_array(jsonb_build_object('value', email, 'type', email_type, 'primary', false));
ALTER TYPE app.scim_user ADD ATTRIBUTE emails jsonb;
