-- Row policies of data keys.
-- requires platform/database/context.sql

-- Only the system can insert later versions of a data key. The newest version encrypts all new data of its
-- organization, person, or user, so a member must not be able to choose it.
CREATE POLICY first_generation ON data_keys AS RESTRICTIVE FOR INSERT TO vouchsafe_app
  WITH CHECK (key_version = 1 OR (SELECT app.is_system()));
