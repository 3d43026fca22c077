-- The schema: tables, types, indexes, and privileges. Functions, triggers, and most row policies are in the .sql files
-- under src. `vouchsafe migrate` runs those files after the migrations.

-- -------------------- Schemas and privileges

-- The schema public contains the tables. The schema app contains the functions that the application's roles can call.
-- The schema app_private contains secrets and internal functions.
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
CREATE SCHEMA app;
CREATE SCHEMA app_private;
REVOKE ALL ON SCHEMA app_private FROM PUBLIC;
GRANT USAGE ON SCHEMA public, app TO vouchsafe_app;
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;

-- -------------------- Tenant context

-- These sequences hold 128 random bits that authenticate the tenant contexts of one database session. setval stores the
-- bits as the currval of the calling session, even after a rollback (PostgreSQL manual, "Sequence Manipulation
-- Functions"). Only the owner can use these sequences. They are unlogged, so that setval writes no WAL and uses no
-- transaction id.
CREATE UNLOGGED SEQUENCE app_private.session_secret_a MINVALUE -9223372036854775808;
CREATE UNLOGGED SEQUENCE app_private.session_secret_b MINVALUE -9223372036854775808;

-- Placeholder for the function in src/platform/database/context.sql, which replaces it later. The policies that
-- protect_table creates already need the function. Until the replacement, it returns null, so the policies show no
-- rows.
CREATE FUNCTION app.org_id() RETURNS uuid LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT NULL::uuid;
END;

-- Adds the standard row policy to a table: all roles, including the owner, can access only rows of the current
-- organization. The features declare further restrictions, and migrate creates restrictive policies from them. If
-- `entrance` is true, functions that run as the owner can access all rows. The owner's enter functions need this
-- because they run before a context is set. Migrations call no other function.
CREATE FUNCTION app_private.protect_table(
  target regclass,
  privileges text DEFAULT 'SELECT, INSERT, UPDATE, DELETE',
  entrance boolean DEFAULT false
) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  tenant text := 'org_id = (SELECT app.org_id())';
BEGIN
  EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target);
  EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', target);
  EXECUTE format('CREATE POLICY tenant ON %s USING (%s) WITH CHECK (%s)', target, tenant, tenant);
  IF entrance THEN
    EXECUTE format('CREATE POLICY entrance ON %s TO vouchsafe_owner USING (true) WITH CHECK (true)', target);
  END IF;
  EXECUTE format('GRANT %s ON %s TO vouchsafe_app', privileges, target);
END $$;

-- -------------------- Institutions and organizations

-- An institution is a group of organizations that can share sign-in and reporting. Each organization consents
-- individually. The consent is valid for one institution only and ends when the organization leaves it. No role can
-- read the table directly. Only functions read it.
CREATE TABLE institutions (
  id uuid PRIMARY KEY,
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE organizations (
  id uuid PRIMARY KEY,
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  preset text NOT NULL CHECK (preset IN ('gme', 'workforce', 'enrollment', 'installation')),
  status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'suspended')),
  idle_minutes integer NOT NULL DEFAULT 15 CHECK (idle_minutes IN (15, 30, 10080)),
  session_hours integer NOT NULL DEFAULT 12 CHECK (session_hours BETWEEN 1 AND 168),
  remember_me_allowed boolean NOT NULL DEFAULT false,
  require_mfa boolean NOT NULL DEFAULT false,
  remember_device_days integer NOT NULL DEFAULT 0 CHECK (remember_device_days BETWEEN 0 AND 30),
  require_sso boolean NOT NULL DEFAULT false,
  allowed_sign_in text[] NOT NULL DEFAULT '{password,passkey,saml,oidc}'
    CHECK (cardinality(allowed_sign_in) > 0 AND allowed_sign_in <@ ARRAY['password', 'passkey', 'saml', 'oidc']),
  postal_address text CHECK (length(postal_address) BETWEEN 1 AND 500),
  institution_id uuid REFERENCES institutions,
  institution_sign_in boolean NOT NULL DEFAULT false,
  institution_reporting boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT consent_to_an_institution
    CHECK (institution_id IS NOT NULL OR NOT (institution_sign_in OR institution_reporting))
);
ALTER TABLE organizations ENABLE ROW LEVEL SECURITY;
ALTER TABLE organizations FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON organizations USING (id = (SELECT app.org_id())) WITH CHECK (id = (SELECT app.org_id()));
CREATE POLICY entrance ON organizations TO vouchsafe_owner USING (true) WITH CHECK (true);
GRANT
  SELECT,
  UPDATE (
    name, idle_minutes, session_hours, postal_address, allowed_sign_in, require_mfa,
    remember_device_days, remember_me_allowed, require_sso, institution_sign_in, institution_reporting,
    updated_at
  )
  ON organizations TO vouchsafe_app;

-- The nil organization represents the installation itself. It has no members, and it owns the installation's audit log
-- and jobs.
INSERT INTO organizations (id, name, preset)
  VALUES ('00000000-0000-0000-0000-000000000000', 'Installation', 'installation');

-- -------------------- Users, people, and memberships

-- scoped_org_id: the organization that added the user while the e-mail address was not verified. Such a user is visible
-- only in that organization. Therefore, an organization cannot block an e-mail address that others use.
CREATE TABLE users (
  id uuid PRIMARY KEY,
  email text NOT NULL CHECK (email = lower(email) AND length(email) BETWEEN 3 AND 254),
  email_proven_at timestamptz,
  scoped_org_id uuid REFERENCES organizations,
  must_change_password boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX users_email ON users (email) WHERE scoped_org_id IS NULL;
CREATE UNIQUE INDEX users_home_email ON users (scoped_org_id, email) WHERE scoped_org_id IS NOT NULL;

-- Organizations share the table of users. Only functions that run as the owner write to it.
ALTER TABLE users ENABLE ROW LEVEL SECURITY;
ALTER TABLE users FORCE ROW LEVEL SECURITY;
CREATE POLICY entrance ON users TO vouchsafe_owner USING (true) WITH CHECK (true);
GRANT SELECT ON users TO vouchsafe_app;

CREATE TABLE people (
  org_id uuid NOT NULL REFERENCES organizations,
  id uuid NOT NULL,
  external_id text,
  kind text NOT NULL CHECK (kind IN ('trainee', 'clinician', 'provider')),
  given_name text NOT NULL CHECK (length(given_name) BETWEEN 1 AND 100),
  family_name text NOT NULL CHECK (length(family_name) BETWEEN 1 AND 100),
  title text,
  npi text CHECK (npi ~ '^[0-9]{10}$'),
  status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'inactive')),
  email_enc bytea,
  email_index bytea,
  phone_enc bytea,
  address_enc bytea,
  date_of_birth_enc bytea,
  ssn_enc bytea,
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (org_id, id),
  UNIQUE (org_id, external_id)
);
CREATE INDEX people_email ON people (org_id, email_index) WHERE email_index IS NOT NULL;
CREATE INDEX people_name ON people (org_id, family_name, given_name, id);
SELECT app_private.protect_table(
  'people',
  'SELECT,
    INSERT,
    UPDATE (external_id, kind, given_name, family_name, title, npi, status, email_enc, email_index, phone_enc,
      address_enc, date_of_birth_enc, ssn_enc)'
);

CREATE TABLE memberships (
  org_id uuid NOT NULL REFERENCES organizations,
  id uuid NOT NULL,
  user_id uuid NOT NULL REFERENCES users,
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  role text NOT NULL,
  kind text NOT NULL DEFAULT 'member' CHECK (kind IN ('member', 'support')),
  person_id uuid,
  status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'ended')),
  grants jsonb NOT NULL DEFAULT '{}',
  person_scopes jsonb NOT NULL DEFAULT '{}',
  portal boolean NOT NULL DEFAULT true,
  access_grant_id uuid,
  grants_change_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  ended_at timestamptz,
  last_used_at timestamptz,
  PRIMARY KEY (org_id, id),
  UNIQUE (org_id, user_id),
  FOREIGN KEY (org_id, person_id) REFERENCES people (org_id, id)
);
CREATE INDEX memberships_user ON memberships (user_id);
SELECT app_private.protect_table(
  'memberships',
  'SELECT,
    INSERT (org_id, id, user_id, name, kind, role, person_id),
    UPDATE (name, role, person_id, status, ended_at)',
  true
);

-- -------------------- Permissions and roles

-- The declared permissions and roles. When migrate finds changed declarations, app_private.sync_access_rules writes
-- them.
CREATE TABLE permissions (
  key text PRIMARY KEY,
  person_scoped boolean NOT NULL
);

CREATE TABLE preset_roles (
  preset text NOT NULL,
  role text NOT NULL,
  is_owner_role boolean NOT NULL,
  portal boolean NOT NULL,
  PRIMARY KEY (preset, role)
);

CREATE TABLE role_defaults (
  role text NOT NULL,
  permission text NOT NULL REFERENCES permissions,
  scope text NOT NULL CHECK (scope IN ('org', 'assigned', 'own')),
  PRIMARY KEY (role, permission)
);
GRANT SELECT ON permissions, preset_roles, role_defaults TO vouchsafe_app;

-- Custom roles of an organization. They supplement the roles of its preset. The table role_overrides contains their
-- permissions.
CREATE TABLE roles (
  org_id uuid NOT NULL REFERENCES organizations,
  key text NOT NULL CHECK (key ~ '^[a-z]+(_[a-z]+)*$' AND length(key) BETWEEN 2 AND 40 AND key <> 'support'),
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
  description text NOT NULL DEFAULT '' CHECK (length(description) <= 500),
  portal boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (org_id, key)
);
SELECT app_private.protect_table(
  'roles',
  'SELECT,
    INSERT (org_id, key, name, description, portal),
    UPDATE (name, description, portal),
    DELETE',
  true
);

CREATE TABLE role_overrides (
  org_id uuid NOT NULL REFERENCES organizations,
  role text NOT NULL,
  permission text NOT NULL,
  scope text NOT NULL CHECK (scope IN ('org', 'assigned', 'own', 'none')),
  set_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (org_id, role, permission)
);
SELECT app_private.protect_table('role_overrides', 'SELECT, INSERT, UPDATE, DELETE', true);

CREATE TABLE member_overrides (
  org_id uuid NOT NULL,
  membership_id uuid NOT NULL,
  permission text NOT NULL,
  scope text NOT NULL CHECK (scope IN ('org', 'assigned', 'own', 'none')),
  set_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (org_id, membership_id, permission),
  FOREIGN KEY (org_id, membership_id) REFERENCES memberships (org_id, id)
);
SELECT app_private.protect_table('member_overrides', 'SELECT, INSERT, UPDATE, DELETE', true);

-- Temporary permissions. A member requests them with a reason, and another member approves them. They have the same
-- level as member overrides, and a denial on this level takes precedence over them. Only app.decide_access_grant and
-- app.end_access_grant can approve, decline, or end a row early.
CREATE TABLE access_grants (
  org_id uuid NOT NULL,
  id uuid NOT NULL,
  membership_id uuid NOT NULL,
  person_id uuid,
  scopes jsonb NOT NULL CHECK (jsonb_typeof(scopes) = 'object' AND scopes <> '{}'),
  reason text NOT NULL CHECK (length(reason) BETWEEN 10 AND 500),
  minutes integer NOT NULL CHECK (minutes BETWEEN 5 AND 480),
  requested_by uuid,
  created_at timestamptz NOT NULL DEFAULT now(),
  state text NOT NULL DEFAULT 'requested' CHECK (state IN ('requested', 'approved', 'declined', 'ended')),
  decided_by uuid,
  decided_at timestamptz,
  expires_at timestamptz,
  ended_at timestamptz,
  PRIMARY KEY (org_id, id),
  FOREIGN KEY (org_id, membership_id) REFERENCES memberships (org_id, id),
  FOREIGN KEY (org_id, person_id) REFERENCES people (org_id, id),
  FOREIGN KEY (org_id, requested_by) REFERENCES memberships (org_id, id),
  FOREIGN KEY (org_id, decided_by) REFERENCES memberships (org_id, id),
  CHECK (decided_by <> membership_id AND decided_by <> requested_by),
  CHECK (state NOT IN ('approved', 'ended') OR (decided_by IS NOT NULL AND expires_at IS NOT NULL))
);
CREATE INDEX access_grants_member ON access_grants (org_id, membership_id, expires_at) WHERE state = 'approved';
CREATE INDEX access_grants_age ON access_grants (org_id, created_at);
SELECT app_private.protect_table(
  'access_grants',
  'SELECT,
    INSERT (org_id, id, membership_id, person_id, scopes, reason, minutes, requested_by)',
  true
);

CREATE TABLE assignments (
  org_id uuid NOT NULL,
  id uuid NOT NULL,
  person_id uuid NOT NULL,
  membership_id uuid NOT NULL,
  starts_at timestamptz NOT NULL DEFAULT now(),
  ends_at timestamptz,
  access_grant_id uuid,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (org_id, id),
  FOREIGN KEY (org_id, access_grant_id) REFERENCES access_grants (org_id, id),
  FOREIGN KEY (org_id, person_id) REFERENCES people (org_id, id),
  FOREIGN KEY (org_id, membership_id) REFERENCES memberships (org_id, id)
);
CREATE INDEX assignments_member ON assignments (org_id, membership_id, person_id);
CREATE INDEX assignments_person ON assignments (org_id, person_id);
SELECT app_private.protect_table('assignments', 'SELECT, INSERT, UPDATE (ends_at)', true);

-- -------------------- History and keys of people

-- version: the version of the person record before the change. changed_by: the member who made the change; null for
-- jobs and operators. before: the columns before the change. Encrypted columns remain encrypted for their original
-- column of the table people. After the person's key is deleted, they cannot be decrypted.
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
SELECT app_private.protect_table('person_snapshots', 'SELECT', true);

-- Data keys, wrapped by the KMS. Each organization has one key (nil subject), and each person has one key. Decryption
-- of a data key requires the KMS.
CREATE TABLE data_keys (
  org_id uuid NOT NULL REFERENCES organizations,
  subject_id uuid NOT NULL,
  purpose text NOT NULL CHECK (purpose IN ('data', 'index')),
  key_version smallint NOT NULL CHECK (key_version BETWEEN 1 AND 255),
  wrapped bytea,
  created_at timestamptz NOT NULL DEFAULT now(),
  destroyed_at timestamptz,
  PRIMARY KEY (org_id, subject_id, purpose, key_version),
  CHECK ((wrapped IS NULL) = (destroyed_at IS NOT NULL))
);
SELECT app_private.protect_table('data_keys', 'SELECT, INSERT');

-- Enter functions can read the wrapped key of an organization, but not the key of a person.
CREATE POLICY entrance ON data_keys TO vouchsafe_owner USING (subject_id = '00000000-0000-0000-0000-000000000000');

-- -------------------- Audit log

-- The part of an audit event that is sealed. The personal part is in audit_private, so that it can be erased. Only the
-- salted digest of the personal part is sealed.
CREATE TABLE audit_events (
  org_id uuid NOT NULL,
  occurred_at timestamptz(3) NOT NULL,
  id uuid NOT NULL,
  type text NOT NULL,
  outcome text NOT NULL CHECK (outcome IN ('success', 'denied', 'failure')),
  actor_type text NOT NULL CHECK (actor_type IN ('user', 'system', 'source', 'anonymous')),
  actor_id text,
  target_type text,
  target_id text,
  request_id text NOT NULL,
  api_key_id uuid,
  access_grant_id uuid,
  meta jsonb NOT NULL DEFAULT '{}',
  canonical bytea NOT NULL,
  private_digest bytea NOT NULL,
  transaction_id xid8 NOT NULL DEFAULT pg_current_xact_id(),
  PRIMARY KEY (org_id, occurred_at, id)
) PARTITION BY RANGE (occurred_at);

-- Each filter has one index, in the order of the result pages. INCLUDE adds the other filter columns, so that one index
-- is sufficient for every combination of filters. Each target id has few rows, so its index needs no INCLUDE.
CREATE INDEX audit_events_actor ON audit_events (org_id, actor_id, occurred_at DESC, id DESC)
  INCLUDE (type, target_type, outcome);
CREATE INDEX audit_events_type ON audit_events (org_id, type, occurred_at DESC, id DESC)
  INCLUDE (actor_id, target_type, outcome);
CREATE INDEX audit_events_target ON audit_events (org_id, target_id, occurred_at DESC, id DESC)
  WHERE target_id IS NOT NULL;
CREATE INDEX audit_events_target_type ON audit_events (org_id, target_type, occurred_at DESC, id DESC)
  INCLUDE (outcome) WHERE target_type IS NOT NULL;
CREATE INDEX audit_events_outcome ON audit_events (org_id, outcome, occurred_at DESC, id DESC)
  INCLUDE (type, actor_id, target_type) WHERE outcome <> 'success';
CREATE INDEX audit_events_grant ON audit_events (org_id, access_grant_id, occurred_at DESC, id DESC)
  WHERE access_grant_id IS NOT NULL;
CREATE INDEX audit_events_key ON audit_events (org_id, api_key_id, occurred_at DESC, id DESC)
  WHERE api_key_id IS NOT NULL;
CREATE INDEX audit_events_order ON audit_events (transaction_id);

CREATE TABLE audit_private (
  org_id uuid NOT NULL,
  occurred_at timestamptz(3) NOT NULL,
  event_id uuid NOT NULL,
  salt bytea NOT NULL CHECK (length(salt) = 16),
  payload bytea NOT NULL,
  PRIMARY KEY (org_id, occurred_at, event_id)
) PARTITION BY RANGE (occurred_at);
GRANT SELECT, INSERT ON audit_events, audit_private TO vouchsafe_app;

-- The row policies are in src/platform/audit/audit.sql. Until migrate creates them, no role can access the tables.
ALTER TABLE audit_events ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_events FORCE ROW LEVEL SECURITY;
ALTER TABLE audit_private ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_private FORCE ROW LEVEL SECURITY;

-- -------------------- Jobs

CREATE TABLE outbox (
  org_id uuid NOT NULL REFERENCES organizations,
  id uuid NOT NULL,
  seq bigint GENERATED ALWAYS AS IDENTITY,
  job text NOT NULL,
  group_key text NOT NULL CHECK (starts_with(group_key, org_id::text || ':')),
  order_key text,
  payload jsonb NOT NULL,
  request_id text NOT NULL,
  state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'dispatched', 'done', 'failed')),
  available_at timestamptz NOT NULL DEFAULT now(),
  leased_until timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  finished_at timestamptz,
  error_code text,
  PRIMARY KEY (org_id, id)
);
CREATE INDEX outbox_pending ON outbox (group_key, seq) WHERE state = 'pending';
CREATE INDEX outbox_dispatched ON outbox (group_key, leased_until) WHERE state = 'dispatched';
CREATE INDEX outbox_order ON outbox (group_key, order_key, seq)
  WHERE state IN ('pending', 'dispatched') AND order_key IS NOT NULL;
CREATE INDEX outbox_finished ON outbox (org_id, finished_at) WHERE finished_at IS NOT NULL;
SELECT app_private.protect_table(
  'outbox',
  'SELECT,
    INSERT (org_id, id, job, group_key, order_key, payload, request_id, available_at)',
  true
);
GRANT UPDATE, DELETE ON outbox TO vouchsafe_worker;

-- Each scheduled time has one row. The instance that inserts the row enqueues the job. A missed time is inserted later.
CREATE TABLE job_runs (
  org_id uuid NOT NULL REFERENCES organizations,
  schedule text NOT NULL,
  period timestamptz NOT NULL,
  outbox_id uuid NOT NULL,
  status text NOT NULL DEFAULT 'queued' CHECK (status IN ('queued', 'succeeded', 'failed')),
  counts jsonb NOT NULL DEFAULT '{}',
  error_code text,
  created_at timestamptz NOT NULL DEFAULT now(),
  finished_at timestamptz,
  PRIMARY KEY (org_id, schedule, period)
);
CREATE INDEX job_runs_recent ON job_runs (org_id, created_at DESC);
CREATE INDEX job_runs_outbox ON job_runs (org_id, outbox_id);
SELECT app_private.protect_table('job_runs', 'SELECT, INSERT');
GRANT UPDATE, DELETE ON job_runs TO vouchsafe_worker;

-- -------------------- Passwords

CREATE TABLE app_private.credentials (
  user_id uuid PRIMARY KEY REFERENCES users,
  salt bytea NOT NULL CHECK (length(salt) = 16),
  verifier bytea NOT NULL CHECK (length(verifier) = 32),
  changed_at timestamptz NOT NULL DEFAULT now()
);

-- The key for the decoy salts of unknown e-mail addresses. The salt of an address is constant, and a caller cannot
-- predict it.
CREATE TABLE app_private.false_salt_key (
  singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
  secret bytea NOT NULL DEFAULT sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()))
);
INSERT INTO app_private.false_salt_key DEFAULT VALUES;

-- The key of a row is the SHA-256 of the entered e-mail address. Therefore, an unknown address is locked in the same
-- way as a known one.
CREATE TABLE app_private.sign_in_locks (
  lockout_key bytea PRIMARY KEY,
  failures integer NOT NULL,
  pending integer NOT NULL,
  last_at timestamptz NOT NULL,
  locked_until timestamptz
);
CREATE INDEX sign_in_locks_age ON app_private.sign_in_locks (last_at);

-- -------------------- Sessions

-- The data of a new session.
-- - device: identifies the browser.
-- - country, latitude, longitude, radius_km: the location of the IP.
-- - idp_subject: the name of the person at the identity provider.
-- - signed_in_at: when the identity provider authenticated the person.
-- - remembered_hash: the digest of the secret of a remembered device.
CREATE TYPE app.new_session AS (
  id uuid,
  secret_hash bytea,
  ip inet,
  user_agent text,
  device bytea,
  country text,
  latitude real,
  longitude real,
  radius_km real,
  remember boolean,
  request_id text,
  idp_subject text,
  signed_in_at timestamptz,
  remembered_hash bytea
);

-- - origin_org_id: the organization in which the user signed in; set only after a switch to another organization.
-- - signed_in_at: the time of the sign-in.
-- - stepped_up_at: the time of the last step-up.
-- - remembered_device: the user presented the second factor on this device at an earlier sign-in.
-- - connection_id: the SSO connection that opened the session.
-- - idp_subject, idp_session: the provider's names for the person and the session. A logout request contains them.
-- - remembered: the session can last seven days while the organization allows remembered sessions.
-- - flagged_suspicious: impossible travel since the previous sign-in. The sign-in is not accepted as a recent
--   authentication.
CREATE TABLE sessions (
  org_id uuid NOT NULL,
  id uuid NOT NULL,
  membership_id uuid NOT NULL,
  user_id uuid NOT NULL REFERENCES users,
  secret_hash bytea NOT NULL,
  method text NOT NULL CHECK (method IN ('password', 'passkey', 'saml', 'oidc')),
  second_factor_at timestamptz,
  remembered_device boolean NOT NULL DEFAULT false,
  signed_in_at timestamptz NOT NULL DEFAULT now(),
  stepped_up_at timestamptz,
  origin_org_id uuid,
  connection_id uuid,
  idp_subject text,
  idp_session text,
  created_at timestamptz NOT NULL DEFAULT now(),
  last_seen_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  revoked_at timestamptz,
  ip inet,
  user_agent text,
  country text,
  latitude real,
  longitude real,
  radius_km real,
  remembered boolean NOT NULL DEFAULT false,
  flagged_suspicious boolean NOT NULL DEFAULT false,
  PRIMARY KEY (org_id, id),
  FOREIGN KEY (org_id, membership_id) REFERENCES memberships (org_id, id)
);
CREATE INDEX sessions_secret ON sessions (secret_hash);
CREATE INDEX sessions_user ON sessions (user_id, created_at) WHERE revoked_at IS NULL;
CREATE INDEX sessions_expiry ON sessions (org_id, expires_at);
CREATE INDEX sessions_provider ON sessions (connection_id, idp_subject) WHERE revoked_at IS NULL;
SELECT app_private.protect_table('sessions', 'DELETE', true);
GRANT
  SELECT (
    org_id, id, membership_id, user_id, method, second_factor_at, created_at, last_seen_at, expires_at,
    revoked_at, ip, user_agent, country, remembered, connection_id, idp_subject, idp_session
  ),
  UPDATE (revoked_at)
  ON sessions TO vouchsafe_app;

-- Sessions end when their connection is removed, disabled, or no longer shared.
CREATE INDEX sessions_connection ON sessions (connection_id) WHERE connection_id IS NOT NULL AND revoked_at IS NULL;
CREATE INDEX sessions_placed ON sessions (org_id, membership_id, created_at) WHERE country IS NOT NULL;

-- A retention batch finds its rows by ctid. A table with column privileges therefore needs a privilege on ctid too.
GRANT SELECT (ctid) ON sessions TO vouchsafe_worker;

-- -------------------- MFA

-- The data key of a user, wrapped by the KMS. The key encrypts the user's factors. It belongs to no organization
-- because a user can have several.
CREATE TABLE app_private.user_keys (
  user_id uuid PRIMARY KEY REFERENCES users,
  wrapped bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE app_private.totp_factors (
  user_id uuid PRIMARY KEY REFERENCES users,
  sealed bytea NOT NULL,
  proof_hash bytea NOT NULL CHECK (length(proof_hash) = 32),
  last_step bigint NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL DEFAULT now(),
  confirmed_at timestamptz
);

CREATE TABLE app_private.passkeys (
  id uuid PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES users,
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
  credential_id bytea NOT NULL UNIQUE CHECK (length(credential_id) BETWEEN 1 AND 1023),
  public_key bytea NOT NULL,
  counter bigint NOT NULL CHECK (counter >= 0),
  transports text[] NOT NULL CHECK (cardinality(transports) <= 10),
  backed_up boolean NOT NULL,
  sealed bytea NOT NULL,
  proof_hash bytea NOT NULL CHECK (length(proof_hash) = 32),
  created_at timestamptz NOT NULL DEFAULT now(),
  last_used_at timestamptz
);
CREATE INDEX passkeys_user ON app_private.passkeys (user_id);

-- Recovery codes are stored like passwords: a salt and the SHA-256 of the slow hash. lookup: the first bytes of an
-- HMAC.
CREATE TABLE app_private.recovery_codes (
  user_id uuid NOT NULL REFERENCES users,
  lookup bytea NOT NULL CHECK (length(lookup) = 8),
  salt bytea NOT NULL CHECK (length(salt) = 16),
  verifier bytea NOT NULL CHECK (length(verifier) = 32),
  used_at timestamptz,
  PRIMARY KEY (user_id, lookup)
);

CREATE TABLE app_private.remembered_devices (
  id uuid PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES users,
  organization uuid NOT NULL REFERENCES organizations,
  secret_hash bytea NOT NULL UNIQUE CHECK (length(secret_hash) = 32),
  ip inet,
  user_agent text,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL
);
CREATE INDEX remembered_devices_user ON app_private.remembered_devices (user_id);

-- Sign-ins that wait for the MFA challenge. A pending sign-in is not a session and gives no access.
CREATE TABLE app_private.pending_sign_ins (
  secret_hash bytea PRIMARY KEY CHECK (length(secret_hash) = 32),
  user_id uuid NOT NULL REFERENCES users,
  organization uuid NOT NULL REFERENCES organizations,
  lockout_key bytea NOT NULL,
  visit jsonb NOT NULL,
  expires_at timestamptz NOT NULL,
  ended_at timestamptz
);
CREATE INDEX pending_sign_ins_user ON app_private.pending_sign_ins (user_id);

-- A presented factor or password.
-- - TOTP code: proof and step.
-- - Recovery code: lookup and proof. The proof is the slow hash of the code.
-- - Passkey: credential_id, proof, and counter.
-- - Password, for a user without a factor: proof. The proof is the slow hash of the password.
CREATE TYPE app.presented_factor AS (
  kind text,
  proof bytea,
  step bigint,
  lookup bytea,
  credential_id bytea,
  counter bigint
);

-- The factors of a user, for one verification step. passkeys has the form [{id (hex), transports}].
CREATE TYPE app.factors AS (
  user_id uuid,
  email text,
  wrapped bytea,
  totp bytea,
  totp_confirmed_at timestamptz,
  totp_step bigint,
  recovery_codes integer,
  passkeys jsonb,
  has_password boolean
);

-- -------------------- Account recovery

-- address: null after the mail was sent, or if no user has the address. consumed_at: when the token was used or
-- invalidated.
CREATE TABLE app_private.account_mails (
  id uuid PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('reset', 'verify', 'locked')),
  lockout_key bytea NOT NULL CHECK (length(lockout_key) = 32),
  address text CHECK (length(address) <= 254),
  user_id uuid REFERENCES public.users ON DELETE CASCADE,
  token_hash bytea CHECK (length(token_hash) = 32),
  requested_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz,
  consumed_at timestamptz
);
CREATE INDEX account_mails_key ON app_private.account_mails (lockout_key, kind, requested_at);
CREATE INDEX account_mails_token ON app_private.account_mails (token_hash) WHERE token_hash IS NOT NULL;
CREATE INDEX account_mails_age ON app_private.account_mails (requested_at);

-- -------------------- Unusual sign-ins

-- The devices and countries from which a member has signed in.
CREATE TABLE known_sign_in_signals (
  org_id uuid NOT NULL,
  membership_id uuid NOT NULL,
  kind text NOT NULL CHECK (kind IN ('device', 'country')),
  digest bytea NOT NULL CHECK (length(digest) = 32),
  first_seen_at timestamptz NOT NULL DEFAULT now(),
  last_seen_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (org_id, membership_id, kind, digest),
  FOREIGN KEY (org_id, membership_id) REFERENCES memberships (org_id, id)
);
CREATE INDEX sign_in_marks_age ON known_sign_in_signals (org_id, last_seen_at);
SELECT app_private.protect_table('known_sign_in_signals', 'SELECT (org_id, last_seen_at)', true);
GRANT SELECT (ctid), UPDATE (last_seen_at), DELETE ON known_sign_in_signals TO vouchsafe_worker;

-- Wrong passwords. A row belongs to the organization of the user. For an unknown e-mail address, it belongs to the
-- installation. The columns spraying_noted and guessing_noted mark failures that were reported.
CREATE TABLE sign_in_failures (
  org_id uuid NOT NULL REFERENCES organizations,
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  address_mark bytea,
  account_mark bytea NOT NULL,
  spraying_noted boolean NOT NULL DEFAULT false,
  guessing_noted boolean NOT NULL DEFAULT false,
  failed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (org_id, id)
);
CREATE INDEX sign_in_failures_address ON sign_in_failures (org_id, address_mark, failed_at);
CREATE INDEX sign_in_failures_account ON sign_in_failures (org_id, account_mark, failed_at);
CREATE INDEX sign_in_failures_age ON sign_in_failures (org_id, failed_at);
SELECT app_private.protect_table('sign_in_failures', 'SELECT (org_id, id, failed_at)', true);
GRANT SELECT (ctid), UPDATE (failed_at), DELETE ON sign_in_failures TO vouchsafe_worker;

-- The key for the hashes of IPs and e-mail addresses. Without a key, an attacker could hash all possible values and
-- compare them.
CREATE TABLE app_private.failure_mark_key (
  singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
  secret bytea NOT NULL DEFAULT sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()))
);
INSERT INTO app_private.failure_mark_key DEFAULT VALUES;

-- -------------------- SSO

CREATE TABLE sso_connections (
  org_id uuid NOT NULL REFERENCES organizations,
  id uuid NOT NULL,
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
  enabled boolean NOT NULL DEFAULT true,
  protocol text NOT NULL CHECK (protocol IN ('saml', 'oidc')),
  -- SAML 2.0: the metadata of the identity provider and the requirements on its messages.
  idp_entity_id text,
  idp_sso_url text,
  idp_sso_binding text NOT NULL DEFAULT 'redirect' CHECK (idp_sso_binding IN ('redirect', 'post')),
  idp_slo_url text,
  idp_slo_response_url text,
  idp_slo_binding text NOT NULL DEFAULT 'redirect' CHECK (idp_slo_binding IN ('redirect', 'post')),
  idp_certificates text[] NOT NULL DEFAULT '{}' CHECK (cardinality(idp_certificates) <= 10),
  idp_scopes text[] NOT NULL DEFAULT '{}',
  metadata_url text,
  metadata_fetched_at timestamptz,
  metadata_error text,
  -- The threshold, in days before the last certificate expires, for which the last warning was sent.
  expiry_alert smallint,
  want_response_signed boolean NOT NULL DEFAULT false,
  want_assertion_encrypted boolean NOT NULL DEFAULT false,
  sign_requests boolean NOT NULL DEFAULT false,
  idp_initiated boolean NOT NULL DEFAULT false,
  force_authn boolean NOT NULL DEFAULT false,
  -- sp_key_enc: the private keys of the service provider for this connection, encrypted as one list. sp_certificates:
  -- their certificates. The first key signs, and the second key will replace it.
  sp_key_enc bytea,
  sp_certificates text[] NOT NULL DEFAULT '{}' CHECK (cardinality(sp_certificates) <= 2),
  -- OpenID Connect: the issuer, the client, and the requested scopes.
  oidc_issuer text,
  oidc_client_id text,
  oidc_client_secret_enc bytea,
  oidc_tenants text[] NOT NULL DEFAULT '{}' CHECK (cardinality(oidc_tenants) <= 100),
  oidc_scopes text[] NOT NULL DEFAULT '{}' CHECK (cardinality(oidc_scopes) <= 10),
  -- How a response identifies a person, and how groups and attributes determine the role.
  subject text NOT NULL DEFAULT 'name-id' CHECK (subject IN ('name-id', 'entra-object', 'sub')),
  email_attribute text,
  name_attribute text,
  group_attribute text,
  group_roles jsonb NOT NULL DEFAULT '[]',
  attribute_roles jsonb NOT NULL DEFAULT '[]',
  default_role text,
  jit_provisioning boolean NOT NULL DEFAULT true,
  shared boolean NOT NULL DEFAULT false,
  tested_at timestamptz,
  clock_skew_seconds integer NOT NULL DEFAULT 120 CHECK (clock_skew_seconds BETWEEN 60 AND 180),
  db_secret_enc bytea NOT NULL,
  db_secret_hash bytea NOT NULL CHECK (length(db_secret_hash) = 32),
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (org_id, id),
  CHECK (protocol <> 'saml'
    OR (idp_entity_id IS NOT NULL AND idp_sso_url IS NOT NULL AND cardinality(idp_certificates) > 0)),
  CHECK ((sp_key_enc IS NULL) = (cardinality(sp_certificates) = 0)),
  CHECK (protocol <> 'oidc' OR (oidc_issuer IS NOT NULL AND oidc_client_id IS NOT NULL))
);
CREATE INDEX sso_connections_id ON sso_connections (id);
SELECT app_private.protect_table('sso_connections', 'SELECT, INSERT, DELETE', true);

-- The API can update every column except the identity of the connection, its timestamps, and its secret for opening
-- sessions.
GRANT UPDATE (
  name, enabled, idp_entity_id, idp_sso_url, idp_sso_binding, idp_slo_url, idp_slo_response_url,
  idp_slo_binding, idp_certificates, idp_scopes, metadata_url, metadata_fetched_at, metadata_error,
  expiry_alert, want_response_signed, want_assertion_encrypted, sign_requests, idp_initiated,
  force_authn, sp_key_enc, sp_certificates, oidc_issuer, oidc_client_id, oidc_client_secret_enc,
  oidc_tenants, oidc_scopes, subject, email_attribute, name_attribute, group_attribute, group_roles,
  attribute_roles, default_role, jit_provisioning, shared, clock_skew_seconds
) ON sso_connections TO vouchsafe_app;

-- The identities of a connection. An identity is the provider's own name for a person and never an e-mail address.
-- facts: the groups and role attributes of the last sign-in. The preview of a changed mapping uses them.
CREATE TABLE sso_identities (
  org_id uuid NOT NULL,
  connection_id uuid NOT NULL,
  subject_key text NOT NULL,
  membership_id uuid NOT NULL,
  facts jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL DEFAULT now(),
  last_sign_in_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (org_id, connection_id, subject_key),
  FOREIGN KEY (org_id, connection_id) REFERENCES sso_connections (org_id, id) ON DELETE CASCADE,
  FOREIGN KEY (org_id, membership_id) REFERENCES memberships (org_id, id)
);
CREATE INDEX sso_identities_membership ON sso_identities (org_id, membership_id);
SELECT app_private.protect_table('sso_identities', 'SELECT, DELETE', true);

-- E-mail domains that an organization verifies with a DNS record. Organizations of one institution can verify the same
-- domain.
CREATE TABLE sso_domains (
  org_id uuid NOT NULL REFERENCES organizations,
  id uuid NOT NULL,
  domain text NOT NULL CHECK (domain = lower(domain) AND length(domain) BETWEEN 3 AND 253),
  token text NOT NULL CHECK (length(token) BETWEEN 20 AND 100),
  created_at timestamptz NOT NULL DEFAULT now(),
  checked_at timestamptz,
  verified_at timestamptz,
  -- verification_failed_at: since when the DNS record is missing. problem: the result of the last check.
  verification_failed_at timestamptz,
  problem text,
  PRIMARY KEY (org_id, id),
  UNIQUE (org_id, domain)
);
CREATE INDEX sso_domains_domain ON sso_domains (domain) WHERE verified_at IS NOT NULL;
SELECT app_private.protect_table(
  'sso_domains',
  'SELECT,
    INSERT (org_id, id, domain, token),
    DELETE',
  true
);
GRANT UPDATE (checked_at, verified_at, verification_failed_at, problem) ON sso_domains TO vouchsafe_worker;

-- Recent SSO attempts and their outcomes. The table contains no credentials. It contains only attribute values that map
-- to roles. test_by: the member who tested the connection. result_enc: the encrypted result.
CREATE TABLE sso_attempts (
  org_id uuid NOT NULL,
  id uuid NOT NULL,
  connection_id uuid NOT NULL,
  at timestamptz NOT NULL DEFAULT now(),
  accepted boolean NOT NULL,
  reason text,
  issuer text,
  name_id_format text,
  attributes text[] NOT NULL DEFAULT '{}',
  request_id text NOT NULL,
  diagnostics text,
  test_by uuid,
  result_enc bytea,
  PRIMARY KEY (org_id, id),
  FOREIGN KEY (org_id, connection_id) REFERENCES sso_connections (org_id, id) ON DELETE CASCADE
);
CREATE INDEX sso_attempts_connection ON sso_attempts (org_id, connection_id, at);
CREATE INDEX sso_attempts_age ON sso_attempts (org_id, at);
SELECT app_private.protect_table('sso_attempts', 'SELECT', true);
GRANT UPDATE, DELETE ON sso_attempts TO vouchsafe_worker;

-- -------------------- SCIM

CREATE TABLE scim_tokens (
  org_id uuid NOT NULL,
  id uuid NOT NULL,
  connection_id uuid NOT NULL,
  prefix text NOT NULL CHECK (prefix ~ '^vs_scim_[A-Za-z0-9_-]{6}$'),
  secret_hash bytea NOT NULL CHECK (length(secret_hash) = 32),
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL CHECK (expires_at - created_at <= interval '365 days'),
  last_used_at timestamptz,
  last_used_ip inet,
  revoked_at timestamptz,
  PRIMARY KEY (org_id, id),
  FOREIGN KEY (org_id, connection_id) REFERENCES sso_connections (org_id, id) ON DELETE CASCADE
);
CREATE INDEX scim_tokens_secret ON scim_tokens (secret_hash);
CREATE INDEX scim_tokens_connection ON scim_tokens (org_id, connection_id);
CREATE INDEX scim_tokens_expiry ON scim_tokens (org_id, expires_at);
SELECT app_private.protect_table(
  'scim_tokens',
  'INSERT (org_id, id, connection_id, prefix, secret_hash, expires_at)',
  true
);
GRANT
  SELECT (org_id, id, connection_id, prefix, created_at, expires_at, last_used_at, last_used_ip, revoked_at),
  UPDATE (revoked_at)
  ON scim_tokens TO vouchsafe_app;
GRANT SELECT (ctid), DELETE ON scim_tokens TO vouchsafe_worker;

-- The data that a SCIM client sent about a member. A membership belongs to one SCIM client at most.
-- - active: the last value that the SCIM client sent.
-- - without_role: the membership ended because no group maps to a role. When a group maps to a role, the membership is
--   reactivated. The SCIM client sees such a user as active.
CREATE TABLE scim_users (
  org_id uuid NOT NULL,
  connection_id uuid NOT NULL,
  membership_id uuid NOT NULL,
  user_name text NOT NULL CHECK (length(user_name) BETWEEN 1 AND 254),
  user_name_key text NOT NULL GENERATED ALWAYS AS (lower(user_name)) STORED,
  external_id text CHECK (length(external_id) BETWEEN 1 AND 254),
  email text NOT NULL CHECK (email = lower(email) AND length(email) BETWEEN 3 AND 254),
  email_type text NOT NULL CHECK (length(email_type) BETWEEN 1 AND 40),
  given_name text CHECK (length(given_name) <= 200),
  family_name text CHECK (length(family_name) <= 200),
  active boolean NOT NULL,
  without_role boolean NOT NULL DEFAULT false,
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (org_id, connection_id, membership_id),
  UNIQUE (org_id, membership_id),
  UNIQUE (org_id, connection_id, user_name_key),
  UNIQUE (org_id, connection_id, external_id),
  FOREIGN KEY (org_id, connection_id) REFERENCES sso_connections (org_id, id) ON DELETE CASCADE,
  FOREIGN KEY (org_id, membership_id) REFERENCES memberships (org_id, id)
);
SELECT app_private.protect_table('scim_users', 'SELECT', true);

CREATE TABLE scim_groups (
  org_id uuid NOT NULL,
  connection_id uuid NOT NULL,
  id uuid NOT NULL,
  display_name text NOT NULL CHECK (length(display_name) BETWEEN 1 AND 254),
  display_name_key text NOT NULL GENERATED ALWAYS AS (lower(display_name)) STORED,
  external_id text CHECK (length(external_id) BETWEEN 1 AND 254),
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (org_id, connection_id, id),
  UNIQUE (org_id, connection_id, display_name_key),
  UNIQUE (org_id, connection_id, external_id),
  FOREIGN KEY (org_id, connection_id) REFERENCES sso_connections (org_id, id) ON DELETE CASCADE
);
SELECT app_private.protect_table('scim_groups', 'SELECT', true);

CREATE TABLE scim_group_members (
  org_id uuid NOT NULL,
  connection_id uuid NOT NULL,
  group_id uuid NOT NULL,
  membership_id uuid NOT NULL,
  PRIMARY KEY (org_id, connection_id, group_id, membership_id),
  FOREIGN KEY (org_id, connection_id, group_id) REFERENCES scim_groups (org_id, connection_id, id) ON DELETE CASCADE,
  FOREIGN KEY (org_id, connection_id, membership_id) REFERENCES scim_users (org_id, connection_id,
    membership_id) ON DELETE CASCADE
);
CREATE INDEX scim_group_members_member ON scim_group_members (org_id, connection_id, membership_id);
SELECT app_private.protect_table('scim_group_members', 'SELECT', true);

CREATE TYPE app.scim_user AS (
  user_name text,
  external_id text,
  display_name text,
  given_name text,
  family_name text,
  email text,
  email_type text,
  active boolean
);

-- The effect of a SCIM request on a member.
-- - `provisioned`: a membership was created.
-- - `adopted`: the SCIM client now manages an existing membership.
-- - `role`: the role changed.
-- - `ended`: the membership ended.
-- - `revived`: an ended membership was reactivated.
CREATE TYPE app.scim_effect AS (
  membership_id uuid,
  effect text,
  role_before text,
  role_after text
);

-- -------------------- API keys, invites, and access reviews

CREATE TABLE api_keys (
  org_id uuid NOT NULL,
  id uuid NOT NULL,
  membership_id uuid NOT NULL,
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
  prefix text NOT NULL CHECK (prefix ~ '^vs_[A-Za-z0-9_-]{6}$'),
  secret_hash bytea NOT NULL CHECK (length(secret_hash) = 32),
  permissions text[] NOT NULL CHECK (cardinality(permissions) BETWEEN 1 AND 100),
  allowed_ranges cidr[] CHECK (cardinality(allowed_ranges) BETWEEN 1 AND 20),
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL CHECK (expires_at - created_at <= interval '365 days'),
  last_used_at timestamptz,
  last_used_ip inet,
  revoked_at timestamptz,
  rotated_from uuid,
  PRIMARY KEY (org_id, id),
  UNIQUE (org_id, rotated_from),
  FOREIGN KEY (org_id, membership_id) REFERENCES memberships (org_id, id),
  FOREIGN KEY (org_id, rotated_from) REFERENCES api_keys (org_id, id) ON DELETE SET NULL (rotated_from)
);
CREATE INDEX api_keys_secret ON api_keys (secret_hash);
CREATE INDEX api_keys_member ON api_keys (org_id, membership_id);
CREATE INDEX api_keys_expiry ON api_keys (org_id, expires_at);
SELECT app_private.protect_table(
  'api_keys',
  'INSERT (org_id, id, membership_id, name, prefix, secret_hash, permissions, allowed_ranges, expires_at)',
  true
);
GRANT
  SELECT (
    org_id, id, membership_id, name, prefix, permissions, allowed_ranges, created_at, expires_at, last_used_at,
    last_used_ip, revoked_at, rotated_from
  ),
  UPDATE (revoked_at)
  ON api_keys TO vouchsafe_app;
GRANT SELECT (ctid), DELETE ON api_keys TO vouchsafe_worker;

CREATE TABLE invites (
  org_id uuid NOT NULL REFERENCES organizations,
  id uuid NOT NULL,
  email text NOT NULL CHECK (email = lower(email) AND length(email) BETWEEN 3 AND 254),
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  role text NOT NULL,
  person_id uuid,
  invited_by uuid NOT NULL,
  token_hash bytea CHECK (length(token_hash) = 32),
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  expires_at timestamptz(3) NOT NULL,
  sent_at timestamptz,
  accepted_at timestamptz,
  accepted_membership uuid,
  revoked_at timestamptz,
  PRIMARY KEY (org_id, id),
  FOREIGN KEY (org_id, person_id) REFERENCES people (org_id, id),
  FOREIGN KEY (org_id, invited_by) REFERENCES memberships (org_id, id),
  FOREIGN KEY (org_id, accepted_membership) REFERENCES memberships (org_id, id),
  CHECK ((accepted_at IS NULL) = (accepted_membership IS NULL))
);
CREATE INDEX invites_expiry ON invites (org_id, expires_at);
SELECT app_private.protect_table(
  'invites',
  'SELECT (org_id, id, email, name, role, person_id, invited_by, created_at, expires_at, sent_at, accepted_at,
      accepted_membership, revoked_at),
    INSERT (org_id, id, email, name, role, person_id, expires_at),
    UPDATE (expires_at, revoked_at)',
  true
);
GRANT SELECT (ctid), UPDATE (token_hash, sent_at), DELETE ON invites TO vouchsafe_worker;

-- An access review. It lists everything that gives a member access when the review starts. A member confirms or revokes
-- each item.
CREATE TABLE access_reviews (
  org_id uuid NOT NULL REFERENCES organizations,
  id uuid NOT NULL,
  started_by uuid,
  created_at timestamptz NOT NULL DEFAULT now(),
  completed_by uuid,
  completed_at timestamptz,
  PRIMARY KEY (org_id, id),
  FOREIGN KEY (org_id, started_by) REFERENCES memberships (org_id, id),
  FOREIGN KEY (org_id, completed_by) REFERENCES memberships (org_id, id)
);
CREATE INDEX access_reviews_age ON access_reviews (org_id, created_at);
SELECT app_private.protect_table('access_reviews', 'SELECT, UPDATE (completed_by, completed_at)');
GRANT DELETE ON access_reviews TO vouchsafe_worker;

CREATE TABLE access_review_items (
  org_id uuid NOT NULL,
  id uuid NOT NULL,
  review_id uuid NOT NULL,
  number integer NOT NULL,
  kind text NOT NULL CHECK (kind IN ('membership', 'member-override', 'role', 'role-override')),
  membership_id uuid,
  role text,
  permission text,
  snapshot jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  decision text CHECK (decision IN ('confirm', 'revoke')),
  decided_by uuid,
  decided_at timestamptz,
  note text CHECK (length(note) <= 500),
  PRIMARY KEY (org_id, id),
  UNIQUE (org_id, review_id, number),
  FOREIGN KEY (org_id, review_id) REFERENCES access_reviews (org_id, id) ON DELETE CASCADE,
  FOREIGN KEY (org_id, membership_id) REFERENCES memberships (org_id, id),
  FOREIGN KEY (org_id, decided_by) REFERENCES memberships (org_id, id),
  CHECK ((decision IS NULL) = (decided_at IS NULL) AND (decision IS NULL) = (decided_by IS NULL))
);
CREATE INDEX access_review_items_age ON access_review_items (org_id, created_at);
SELECT app_private.protect_table(
  'access_review_items',
  'SELECT,
    UPDATE (decision, decided_by, decided_at, note)'
);
GRANT DELETE ON access_review_items TO vouchsafe_worker;

-- -------------------- Webhooks

CREATE TABLE webhook_sources (
  org_id uuid NOT NULL REFERENCES organizations,
  id uuid NOT NULL,
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  scheme text NOT NULL CHECK (scheme IN ('standard', 'stripe', 'github', 'slack', 'hmac')),
  applies_to text NOT NULL DEFAULT 'people' CHECK (applies_to IN ('people')),
  enabled boolean NOT NULL DEFAULT true,
  limit_per_minute integer NOT NULL CHECK (limit_per_minute BETWEEN 1 AND 1000000),
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  removed_at timestamptz,
  PRIMARY KEY (org_id, id)
);
CREATE INDEX webhook_sources_id ON webhook_sources (id);
SELECT app_private.protect_table(
  'webhook_sources',
  'SELECT,
    INSERT (org_id, id, name, scheme, limit_per_minute),
    UPDATE (name, enabled, limit_per_minute, updated_at, removed_at)',
  true
);

-- secret_enc: the secret, encrypted with the data key of the organization. db_secret_hash: the SHA-256 of the database
-- secret.
CREATE TABLE webhook_secrets (
  org_id uuid NOT NULL,
  id uuid NOT NULL,
  source_id uuid NOT NULL,
  secret_enc bytea NOT NULL,
  db_secret_hash bytea NOT NULL CHECK (length(db_secret_hash) = 32),
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz,
  PRIMARY KEY (org_id, id),
  FOREIGN KEY (org_id, source_id) REFERENCES webhook_sources (org_id, id)
);
CREATE INDEX webhook_secrets_source ON webhook_secrets (org_id, source_id);
CREATE INDEX webhook_secrets_expiry ON webhook_secrets (org_id, expires_at);
SELECT app_private.protect_table(
  'webhook_secrets',
  'SELECT (org_id, id, source_id, created_at, expires_at),
    INSERT (org_id, id, source_id, secret_enc, db_secret_hash),
    UPDATE (expires_at)',
  true
);
GRANT DELETE ON webhook_secrets TO vouchsafe_worker;

GRANT SELECT (ctid) ON webhook_secrets TO vouchsafe_worker;

-- Each message has one row. processed_at is set after processing. The job in outbox_id shows whether processing failed.
CREATE TABLE webhook_inbox (
  org_id uuid NOT NULL,
  id uuid NOT NULL,
  source_id uuid NOT NULL,
  message_id text NOT NULL CHECK (length(message_id) BETWEEN 1 AND 255),
  received_at timestamptz NOT NULL DEFAULT now(),
  body_enc bytea,
  has_body boolean NOT NULL GENERATED ALWAYS AS (body_enc IS NOT NULL) STORED,
  body_digest bytea NOT NULL CHECK (length(body_digest) = 32),
  outbox_id uuid NOT NULL,
  processed_at timestamptz,
  PRIMARY KEY (org_id, id),
  UNIQUE (org_id, source_id, message_id),
  FOREIGN KEY (org_id, source_id) REFERENCES webhook_sources (org_id, id)
);
CREATE INDEX webhook_inbox_list ON webhook_inbox (org_id, source_id, id);
CREATE INDEX webhook_inbox_open ON webhook_inbox (org_id, source_id, id) WHERE processed_at IS NULL;
CREATE INDEX webhook_inbox_processed ON webhook_inbox (org_id, processed_at);
CREATE INDEX webhook_inbox_payload ON webhook_inbox (org_id, processed_at) WHERE has_body;
CREATE INDEX webhook_inbox_unprocessed ON webhook_inbox (org_id, received_at) WHERE processed_at IS NULL;
SELECT app_private.protect_table(
  'webhook_inbox',
  'SELECT (org_id, id, source_id, message_id, received_at, has_body, outbox_id, processed_at)',
  true
);
GRANT SELECT, UPDATE (body_enc, processed_at), DELETE ON webhook_inbox TO vouchsafe_worker;

-- -------------------- Exports

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
  key_version smallint,
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
  CHECK (state NOT IN ('ready', 'downloaded')
    OR (key_version IS NOT NULL AND sha256 IS NOT NULL AND expires_at IS NOT NULL))
);
CREATE INDEX exports_finished ON exports (org_id, finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX exports_expiry ON exports (org_id, expires_at) WHERE object_key IS NOT NULL;
CREATE INDEX exports_person ON exports (org_id, person_id) WHERE person_id IS NOT NULL;
SELECT app_private.protect_table(
  'exports',
  'SELECT,
    INSERT (org_id, id, kind, person_id, filter, requested_by),
    UPDATE (state, token_hash, token_expires_at, expires_at)'
);
GRANT UPDATE, DELETE ON exports TO vouchsafe_worker;

-- -------------------- Retention

-- Each run of a policy has one row. The job in outbox_id shows whether the run failed. outbox_id is null if nothing was
-- due.
CREATE TABLE retention_runs (
  org_id uuid NOT NULL REFERENCES organizations,
  id uuid NOT NULL,
  policy text NOT NULL,
  requested_by text NOT NULL,
  cutoff timestamptz(3) NOT NULL,
  plan_hash bytea NOT NULL CHECK (length(plan_hash) = 32),
  due bigint NOT NULL,
  due_since timestamptz,
  removed bigint NOT NULL DEFAULT 0,
  objects bigint NOT NULL DEFAULT 0,
  batches integer NOT NULL DEFAULT 0,
  outbox_id uuid,
  created_at timestamptz NOT NULL DEFAULT now(),
  finished_at timestamptz,
  PRIMARY KEY (org_id, id),
  CHECK (outbox_id IS NOT NULL OR finished_at IS NOT NULL)
);
CREATE INDEX retention_runs_policy ON retention_runs (org_id, policy, id DESC);
CREATE INDEX retention_runs_age ON retention_runs (org_id, created_at);
CREATE INDEX retention_runs_open ON retention_runs (org_id, policy, id) WHERE finished_at IS NULL;
SELECT app_private.protect_table(
  'retention_runs',
  'SELECT,
    INSERT (org_id, id, policy, requested_by, cutoff, plan_hash, due, due_since, outbox_id, finished_at)',
  true
);
GRANT UPDATE (removed, objects, batches, finished_at), DELETE ON retention_runs TO vouchsafe_worker;

-- The declared retention floors (minimum periods). The migrator writes them. The table retention_overrides contains the
-- periods that organizations set.
CREATE TABLE app_private.retention_floors (
  policy text PRIMARY KEY,
  days integer NOT NULL
);

CREATE TABLE retention_overrides (
  org_id uuid NOT NULL REFERENCES organizations,
  policy text NOT NULL,
  days integer NOT NULL CHECK (days BETWEEN 0 AND 36500),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (org_id, policy)
);
SELECT app_private.protect_table('retention_overrides');

-- -------------------- Real-time events

-- Real-time events. The transaction that writes an audit event also writes the real-time event with the same id.
-- transaction_id determines the order. Identity values and timestamps are assigned before the commit, so they can
-- become visible out of order.
CREATE TABLE realtime_events (
  org_id uuid NOT NULL,
  id uuid NOT NULL,
  transaction_id xid8 NOT NULL DEFAULT pg_current_xact_id(),
  type text NOT NULL,
  target_type text,
  target_id text,
  person_id uuid,
  permission text NOT NULL,
  occurred_at timestamptz(3) NOT NULL,
  PRIMARY KEY (org_id, id)
);
CREATE INDEX live_events_order ON realtime_events (org_id, transaction_id, id);
CREATE INDEX live_events_age ON realtime_events (org_id, occurred_at);
SELECT app_private.protect_table(
  'realtime_events',
  'SELECT,
    INSERT (org_id, id, type, target_type, target_id, person_id, permission, occurred_at)',
  true
);
GRANT UPDATE, DELETE ON realtime_events TO vouchsafe_worker;

-- -------------------- State of migrate

-- The digest of the declarations that the database contains. Each process compares it with its own digest at startup.
CREATE TABLE app_private.catalog (
  singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
  digest text NOT NULL
);

-- The digest and the signatures of the function files that the database contains. Each process compares the digest with
-- its own digest at startup.
CREATE TABLE app_private.function_files (
  singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
  digest text NOT NULL,
  signatures jsonb NOT NULL
);
