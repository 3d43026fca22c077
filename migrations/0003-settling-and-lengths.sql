-- unsettled: the groups of the member changed, and the job scim.settle has not applied them to the role yet.
ALTER TABLE scim_users ADD unsettled boolean NOT NULL DEFAULT false;
CREATE INDEX scim_users_unsettled ON scim_users (org_id, connection_id, membership_id) WHERE unsettled;

-- Lengths that every key and factor of the application has. SQL in a member's session could store other values.
ALTER TABLE app_private.user_keys ADD CHECK (length(wrapped) BETWEEN 61 AND 1024);
ALTER TABLE app_private.totp_factors ADD CHECK (length(sealed) BETWEEN 61 AND 1024);
ALTER TABLE app_private.passkeys
  ADD CHECK (length(sealed) BETWEEN 61 AND 1024),
  ADD CHECK (length(public_key) BETWEEN 16 AND 4096);
