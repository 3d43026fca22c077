-- logout_hint_enc: the ID token of an OpenID provider, encrypted with the data key of the connection's organization. A
-- logout at the provider sends it (OpenID Connect RP-Initiated Logout 1.0). logout_hint_session: the session for which
-- it was encrypted. A switch to another organization keeps both.
ALTER TABLE sessions
  ADD COLUMN logout_hint_enc bytea CHECK (length(logout_hint_enc) <= 8192),
  ADD COLUMN logout_hint_session uuid,
  ADD CHECK ((logout_hint_enc IS NULL) = (logout_hint_session IS NULL));
GRANT SELECT (logout_hint_enc, logout_hint_session) ON sessions TO vouchsafe_app;
ALTER TYPE app.new_session ADD ATTRIBUTE logout_hint_enc bytea;

-- A connection without the provider's data is a draft. It shows the values that the provider needs. It has either all
-- of the provider's data or none, and no test sign-in.
ALTER TABLE sso_connections DROP CONSTRAINT sso_connections_check, DROP CONSTRAINT sso_connections_check2;
ALTER TABLE sso_connections
  ADD COLUMN status text NOT NULL GENERATED ALWAYS AS (
    CASE WHEN CASE protocol WHEN 'saml' THEN idp_entity_id ELSE oidc_issuer END IS NULL THEN 'draft' ELSE 'ready' END
  ) STORED,
  ADD CONSTRAINT sso_connections_saml_complete CHECK (protocol <> 'saml'
    OR ((idp_entity_id IS NULL) = (idp_sso_url IS NULL)
      AND (idp_entity_id IS NULL) = (cardinality(idp_certificates) = 0))),
  ADD CONSTRAINT sso_connections_oidc_complete CHECK (protocol <> 'oidc'
    OR (oidc_issuer IS NULL) = (oidc_client_id IS NULL)),
  ADD CONSTRAINT sso_connections_draft_untested CHECK (status = 'ready' OR tested_at IS NULL);

-- LemonLDAP::NG sends the subject in place of the session id. Then the request ends all sessions of the user.
ALTER TABLE sso_connections ADD COLUMN frontchannel_by_subject boolean NOT NULL DEFAULT false;
GRANT UPDATE (frontchannel_by_subject) ON sso_connections TO vouchsafe_app;
