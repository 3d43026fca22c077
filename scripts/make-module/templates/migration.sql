-- $Words$ of an organization.
CREATE TABLE $table$ (
  org_id uuid NOT NULL REFERENCES organizations,
  id uuid NOT NULL,
  title text NOT NULL CHECK (length(title) BETWEEN 1 AND 200),
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (org_id, id)
);
CREATE INDEX $table$_age ON $table$ (org_id, created_at);
SELECT app_private.protect_table('$table$',
  'SELECT, INSERT (org_id, id, title), UPDATE (title, updated_at), DELETE');
-- The worker locks and deletes rows for retention.
GRANT UPDATE, DELETE ON $table$ TO vouchsafe_worker;
