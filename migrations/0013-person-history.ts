import { SqlMigration } from '../src/platform/database/sql-migration.js';

/** What stood in a person's record before each change, and the version of the record, both kept by the database. */
export class PersonHistory1770000000013 extends SqlMigration {
  protected readonly sql = /* sql */ `
    -- version: that of the record as it was before. changed_by: the member who changed it; null for jobs and operators.
    -- before: the columns as they were. Sealed ones stay sealed, for the same place of the people table: they open with
    -- the
    -- person's key, and with it they are lost.
    CREATE TABLE person_snapshots (
      org_id uuid NOT NULL,
      person_id uuid NOT NULL,
      version integer NOT NULL,
      taken_at timestamptz NOT NULL,
      changed_by uuid,
      changed text[] NOT NULL CHECK (cardinality(changed) > 0),
      before jsonb NOT NULL,
      PRIMARY KEY (org_id, person_id, version),
      FOREIGN KEY (org_id, person_id) REFERENCES people (org_id, id),
      FOREIGN KEY (org_id, changed_by) REFERENCES memberships (org_id, id)
    );
    SELECT app_private.append_only('person_snapshots');
    SELECT app_private.protect_table('person_snapshots', 'SELECT', true);

    -- Takes a snapshot where anything but bookkeeping changes, of columns added later too, and counts the version;
    -- without
    -- a change nothing is counted. The caller may set neither, whatever the statement. DEFINER, because nobody else may
    -- write snapshots; bytea_output, because it decides how sealed columns are written into JSON.
    CREATE FUNCTION app_private.snapshot_person() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET bytea_output = hex AS $$
    DECLARE
      bookkeeping CONSTANT text[] := ARRAY['org_id', 'id', 'version', 'created_at', 'updated_at', 'email_index'];
      before CONSTANT jsonb := to_jsonb(OLD) - bookkeeping;
      after CONSTANT jsonb := to_jsonb(NEW) - bookkeeping;
      changed CONSTANT text[] := ARRAY(SELECT key FROM jsonb_each(before) WHERE value IS DISTINCT FROM after -> key ORDER BY key);
    BEGIN
      NEW.version := OLD.version;
      NEW.updated_at := OLD.updated_at;
      IF cardinality(changed) > 0 THEN
        IF session_user = 'vouchsafe_app' AND app.membership_id() IS NULL THEN
          RAISE EXCEPTION 'a change of a person is somebody''s' USING ERRCODE = '42501';
        END IF;
        INSERT INTO public.person_snapshots (org_id, person_id, version, taken_at, changed_by, changed, before)
        VALUES (OLD.org_id, OLD.id, OLD.version, clock_timestamp(), app.membership_id(), changed, before);
        NEW.version := OLD.version + 1;
        NEW.updated_at := now();
      END IF;
      RETURN NEW;
    END $$;
    CREATE TRIGGER snapshot BEFORE UPDATE ON people FOR EACH ROW EXECUTE FUNCTION app_private.snapshot_person();
  `;
}
