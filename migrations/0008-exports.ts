import { CSV_SAFE_FUNCTION } from '../src/modules/exports/csv.js';
import { SqlMigration } from '../src/platform/database/sql-migration.js';

/**
 * Exports: who asked for which file, how far it is, and the one link to it. What the file says lies sealed in the
 * storage.
 */
export class Exports1770000000008 extends SqlMigration {
  protected readonly sql = /* sql */ `
    ${CSV_SAFE_FUNCTION};
    GRANT EXECUTE ON FUNCTION app.csv_safe TO vouchsafe_app;

    CREATE TABLE exports (
      org_id uuid NOT NULL REFERENCES organizations,
      id uuid NOT NULL,
      kind text NOT NULL CHECK (kind IN ('people_csv', 'person_pdf')),
      person_id uuid,
      filter jsonb NOT NULL DEFAULT '{}',
      requested_by uuid NOT NULL,
      state text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'running', 'ready', 'downloaded', 'failed')),
      rows integer NOT NULL DEFAULT 0,
      object_key text,
      key_generation smallint,
      bytes bigint,
      sha256 bytea CHECK (length(sha256) = 32),
      token_hash bytea CHECK (length(token_hash) = 32),
      token_expires_at timestamptz,
      error_code text,
      created_at timestamptz NOT NULL DEFAULT now(),
      finished_at timestamptz,
      expires_at timestamptz,
      PRIMARY KEY (org_id, id),
      FOREIGN KEY (org_id, requested_by) REFERENCES memberships (org_id, id),
      FOREIGN KEY (org_id, person_id) REFERENCES people (org_id, id),
      CHECK ((kind = 'person_pdf') = (person_id IS NOT NULL)),
      CHECK (state NOT IN ('ready', 'downloaded') OR (key_generation IS NOT NULL AND sha256 IS NOT NULL AND expires_at IS NOT NULL))
    );
    CREATE INDEX exports_finished ON exports (org_id, finished_at) WHERE finished_at IS NOT NULL;
    CREATE INDEX exports_expiry ON exports (org_id, expires_at) WHERE object_key IS NOT NULL;
    CREATE INDEX exports_person ON exports (org_id, person_id) WHERE person_id IS NOT NULL;
    SELECT app_private.protect_table('exports', 'SELECT, INSERT (org_id, id, kind, person_id, filter, requested_by), UPDATE (state, token_hash, token_expires_at, expires_at)');
    GRANT UPDATE, DELETE ON exports TO vouchsafe_worker;
  `;
}
