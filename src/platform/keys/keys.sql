-- Row policies of data keys.
-- requires platform/database/context.sql

-- In a session keys are only made where there is none: a later generation would be taken for the newest by everybody.
CREATE POLICY first_generation ON data_keys AS RESTRICTIVE FOR INSERT TO vouchsafe_app
  WITH CHECK (generation = 1 OR (SELECT app.is_system()));
