import pg from 'pg';

/** Tables of a program without tenants, an audit log or partitions: one index for look-ups, one for the time. */
const TABLES = `
  DROP SCHEMA IF EXISTS bare CASCADE;
  CREATE SCHEMA bare;
  CREATE TABLE bare.views (
    id uuid PRIMARY KEY, at timestamptz NOT NULL, event text NOT NULL, user_id uuid NOT NULL, person_id uuid NOT NULL,
    request_id text NOT NULL, ip text, user_agent text
  );
  CREATE INDEX views_at ON bare.views (at);
  CREATE TABLE bare.inbox (
    source text NOT NULL, message_id text NOT NULL, at timestamptz NOT NULL DEFAULT now(), body bytea NOT NULL,
    PRIMARY KEY (source, message_id)
  );`;

/** Creates the tables that only the bare server writes. It shares sessions and people with the application. */
export async function prepareBareDatabase(url) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(TABLES);
  } finally {
    await client.end();
  }
}
