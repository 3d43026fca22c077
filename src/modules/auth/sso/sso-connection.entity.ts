import type { Columns } from '../../../platform/database/columns.js';

export type SsoProtocol = 'saml' | 'oidc';
/**
 * How our messages reach a SAML identity provider: by redirect where it offers that, else by a form that the browser
 * posts.
 */
export type SamlBinding = 'redirect' | 'post';

/** A connection to an identity provider as it is stored. */
export interface SsoConnectionEntity {
  orgId: string;
  id: string;
  name: string;
  enabled: boolean;
  protocol: SsoProtocol;
  idpEntityId: string | null;
  idpSsoUrl: string | null;
  idpSsoBinding: SamlBinding;
  idpSloUrl: string | null;
  idpSloResponseUrl: string | null;
  idpSloBinding: SamlBinding;
  idpCertificates: string[];
  /** The scopes (shibmd:Scope) of scoped attributes that the provider speaks for. */
  idpScopes: string[];
  metadataUrl: string | null;
  metadataFetchedAt: Date | null;
  /** Why the last refresh failed; null when it did not. */
  metadataError: string | null;
  /** How many days before the end of the last certificate was last warned of it. */
  expiryAlert: number | null;
  wantResponseSigned: boolean;
  wantAssertionEncrypted: boolean;
  signRequests: boolean;
  idpInitiated: boolean;
  forceAuthn: boolean;
  /** Our private keys towards this provider, sealed: a JSON list of PEM in the order of the certificates. */
  spKey: Buffer | null;
  spCertificates: string[];
  oidcIssuer: string | null;
  oidcClientId: string | null;
  oidcClientSecret: Buffer | null;
  /** For an issuer of many tenants (Entra ID): those let in. */
  oidcTenants: string[];
  /** Asked for beside openid, email and profile. */
  oidcScopes: string[];
  subject: 'name-id' | 'entra-object' | 'sub';
  emailAttribute: string | null;
  nameAttribute: string | null;
  groupAttribute: string | null;
  groupRoles: { group: string; role: string }[];
  attributeRoles: { attribute: string; value: string; role: string }[];
  defaultRole: string | null;
  jitProvisioning: boolean;
  /** Whether organizations of the same institution may sign in through it. */
  shared: boolean;
  /** When somebody last signed in through it; until then it cannot be enforced. */
  testedAt: Date | null;
  clockSkewSeconds: number;
  entrance: Buffer;
  dbSecretHash: Buffer;
  createdAt: Date;
}

export const SSO_CONNECTION_COLUMNS: Columns<SsoConnectionEntity> = {
  orgId: 'org_id',
  id: 'id',
  name: 'name',
  enabled: 'enabled',
  protocol: 'protocol',
  idpEntityId: 'idp_entity_id',
  idpSsoUrl: 'idp_sso_url',
  idpSsoBinding: 'idp_sso_binding',
  idpSloUrl: 'idp_slo_url',
  idpSloResponseUrl: 'idp_slo_response_url',
  idpSloBinding: 'idp_slo_binding',
  idpCertificates: 'idp_certificates',
  idpScopes: 'idp_scopes',
  metadataUrl: 'metadata_url',
  metadataFetchedAt: 'metadata_fetched_at',
  metadataError: 'metadata_error',
  expiryAlert: 'expiry_alert',
  wantResponseSigned: 'want_response_signed',
  wantAssertionEncrypted: 'want_assertion_encrypted',
  signRequests: 'sign_requests',
  idpInitiated: 'idp_initiated',
  forceAuthn: 'force_authn',
  spKey: 'sp_key_enc',
  spCertificates: 'sp_certificates',
  oidcIssuer: 'oidc_issuer',
  oidcClientId: 'oidc_client_id',
  oidcClientSecret: 'oidc_client_secret_enc',
  oidcTenants: 'oidc_tenants',
  oidcScopes: 'oidc_scopes',
  subject: 'subject',
  emailAttribute: 'email_attribute',
  nameAttribute: 'name_attribute',
  groupAttribute: 'group_attribute',
  groupRoles: { json: 'group_roles' },
  attributeRoles: { json: 'attribute_roles' },
  defaultRole: 'default_role',
  jitProvisioning: 'jit_provisioning',
  shared: 'shared',
  testedAt: 'tested_at',
  clockSkewSeconds: 'clock_skew_seconds',
  entrance: 'db_secret_enc',
  dbSecretHash: 'db_secret_hash',
  createdAt: 'created_at',
};
