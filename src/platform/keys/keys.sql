-- Row policies of data keys.
-- requires platform/database/context.sql

-- A session can create only the first key: a later version would replace the current key for every member.
CREATE POLICY first_generation ON data_keys AS RESTRICTIVE FOR INSERT TO vouchsafe_app
  WITH CHECK (key_version = 1 OR (SELECT app.is_system()));
