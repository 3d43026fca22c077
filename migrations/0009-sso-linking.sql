-- id: names the identity in the API. provider_name, provider_email: what the provider sent at the last sign-in.
ALTER TABLE sso_identities
  ADD COLUMN id uuid NOT NULL DEFAULT gen_random_uuid(),
  ADD COLUMN provider_name text,
  ADD COLUMN provider_email text,
  ADD CONSTRAINT sso_identities_id UNIQUE (org_id, id);

-- A pending sign-in with a connection waits for a link: the user must prove the account of the membership, and then
-- the subject becomes an identity of this membership. It opens no session by a second factor.
-- password_at: when the password was correct. proven_at: when the proof was complete. proven_factor: whether it
-- contained a factor. proven_role: the member's role at the time of the proof.
ALTER TABLE app_private.pending_sign_ins
  ADD COLUMN connection_id uuid,
  ADD COLUMN subject_key text,
  ADD COLUMN membership_id uuid,
  ADD COLUMN password_at timestamptz,
  ADD COLUMN proven_at timestamptz,
  ADD COLUMN proven_factor boolean,
  ADD COLUMN proven_role text,
  ADD CHECK ((connection_id IS NULL) = (subject_key IS NULL) AND (connection_id IS NULL) = (membership_id IS NULL)),
  ADD CHECK (connection_id IS NOT NULL OR password_at IS NULL AND proven_at IS NULL),
  ADD CHECK ((proven_at IS NULL) = (proven_factor IS NULL) AND (proven_at IS NULL) = (proven_role IS NULL));

-- The members whose next sign-in through a connection gives them an identity of it, because an administrator moved the
-- identities of another connection. match_by and match_key: what the provider must send. Only functions write here.
CREATE TABLE sso_moves (
  org_id uuid NOT NULL,
  connection_id uuid NOT NULL,
  membership_id uuid NOT NULL,
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  match_by text NOT NULL CHECK (match_by IN ('subject', 'email')),
  match_key text NOT NULL,
  allow_lower_role boolean NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL CHECK (expires_at <= created_at + interval '90 days'),
  PRIMARY KEY (org_id, connection_id, membership_id),
  UNIQUE (org_id, connection_id, match_key),
  FOREIGN KEY (org_id, connection_id) REFERENCES sso_connections (org_id, id) ON DELETE CASCADE,
  FOREIGN KEY (org_id, membership_id) REFERENCES memberships (org_id, id)
);
CREATE INDEX sso_moves_membership ON sso_moves (org_id, membership_id);
CREATE INDEX sso_moves_expiry ON sso_moves (org_id, expires_at);
SELECT app_private.protect_table('sso_moves', 'SELECT, DELETE', true);
GRANT UPDATE (expires_at) ON sso_moves TO vouchsafe_worker; -- retention locks the rows that it deletes

-- email: the address under which the user joined. Providers and SCIM clients find the user by it. followed_email: the
-- address that the provider of a user of one organization alone sends now. contact_email: the address for display and
-- mail. No user is found by the last two, because users can often edit their address at the provider.
ALTER TABLE users
  ADD COLUMN followed_email text CHECK (followed_email = lower(followed_email)
    AND length(followed_email) BETWEEN 3 AND 254),
  ADD COLUMN contact_email text NOT NULL GENERATED ALWAYS AS (coalesce(followed_email, email)) STORED,
  ADD CHECK (followed_email IS NULL OR scoped_org_id IS NOT NULL);
CREATE INDEX users_followed_email ON users (scoped_org_id, followed_email) WHERE followed_email IS NOT NULL;

-- notice: the address until a provider changed it, for the mail about the change.
ALTER TABLE app_private.account_mails DROP CONSTRAINT account_mails_kind_check,
  ADD CONSTRAINT account_mails_kind_check CHECK (kind IN ('reset', 'verify', 'locked', 'notice'));
