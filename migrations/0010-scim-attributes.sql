-- The values of a SCIM user without a column of their own, in the form of a User resource (RFC 7643 section 4).
ALTER TABLE scim_users ADD COLUMN attributes jsonb NOT NULL DEFAULT '{}'
  CHECK (jsonb_typeof(attributes) = 'object' AND octet_length(attributes::text) <= 32768);
ALTER TYPE app.scim_user ADD ATTRIBUTE attributes jsonb;

-- The SCIM client answers for the uniqueness of an externalId (RFC 7643 section 3.1).
ALTER TABLE scim_users DROP CONSTRAINT scim_users_org_id_connection_id_external_id_key;
ALTER TABLE scim_groups DROP CONSTRAINT scim_groups_org_id_connection_id_external_id_key;
