-- The time of the newest applied event about each record. order_key is a keyed hash of the webhook source, the
-- resource, and the sender's id of the record. The worker ignores an older event.
CREATE TABLE webhook_order_marks (
  org_id uuid NOT NULL REFERENCES organizations,
  order_key text NOT NULL,
  event_at timestamptz NOT NULL,
  applied_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (org_id, order_key)
);
CREATE INDEX webhook_order_marks_applied ON webhook_order_marks (org_id, applied_at);
SELECT app_private.protect_table('webhook_order_marks', 'SELECT (org_id, applied_at)');
GRANT SELECT, INSERT, UPDATE, DELETE ON webhook_order_marks TO vouchsafe_worker;

-- A superseded delivery has been processed without an effect.
ALTER TABLE webhook_inbox ADD COLUMN superseded boolean NOT NULL DEFAULT false;
GRANT SELECT (superseded) ON webhook_inbox TO vouchsafe_app;
GRANT UPDATE (superseded) ON webhook_inbox TO vouchsafe_worker;

-- bom: the CSV file starts with a byte order mark. download_session: the session that used the download link. Until the
-- link expires, this session can continue an interrupted download.
ALTER TABLE exports ADD COLUMN bom boolean NOT NULL DEFAULT false, ADD COLUMN download_session uuid;
GRANT INSERT (bom), UPDATE (download_session) ON exports TO vouchsafe_app;
