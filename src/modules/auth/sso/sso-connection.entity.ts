import type { Columns } from '../../../platform/database/columns.js';

export type SsoProtocol = 'saml' | 'oidc';
export type SsoConnectionStatus = 'draft' | 'ready';
/** How messages reach a SAML identity provider: by redirect if it offers that binding, otherwise by a form post. */
export type SamlBinding = 'redirect' | 'post';

/** The optional parts of a metadata file that can be skipped. */
export type MetadataWarningCode =
  | 'certificate_skipped'
  | 'sign_in_url_skipped'
  | 'logout_url_skipped'
  | 'scope_skipped';

/** The reasons why the documents of an OpenID provider cannot be used. */
export type ProviderFault =
  | 'provider_unreachable'
  | 'provider_issuer_mismatch'
  | 'provider_metadata_invalid'
  | 'provider_unsupported'
  | 'provider_keys_invalid';

/** A part of the provider's metadata that is not used, or a fault of an OpenID provider. */
export interface MetadataWarning {
  readonly code: MetadataWarningCode | ProviderFault;
  /** The skipped URL or scope, the reason why a certificate was skipped, or the details of the fault. */
  readonly detail: string;
}

/** A stored connection to an identity provider. */
export interface SsoConnectionEntity {
  orgId: string;
  id: string;
  name: string;
  enabled: boolean;
  protocol: SsoProtocol;
  /** The database sets `draft` while the provider's data is missing. A draft cannot be used to sign in. */
  readonly status: SsoConnectionStatus;
  idpEntityId: string | null;
  idpSsoUrl: string | null;
  idpSsoBinding: SamlBinding;
  idpSloUrl: string | null;
  idpSloResponseUrl: string | null;
  idpSloBinding: SamlBinding;
  idpCertificates: string[];
  /** The scopes (shibmd:Scope) that the provider may use in scoped attributes. */
  idpScopes: string[];
  metadataUrl: string | null;
  metadataFetchedAt: Date | null;
  /** The error code of the last metadata refresh; null when it succeeded. */
  metadataError: string | null;
  /** The parts of the last valid metadata that are not used. */
  metadataWarnings: readonly MetadataWarning[];
  /** The number of days before certificate expiry at which the last warning was sent. */
  expiryAlert: number | null;
  wantResponseSigned: boolean;
  wantAssertionSigned: boolean;
  wantAssertionEncrypted: boolean;
  signRequests: boolean;
  idpInitiated: boolean;
  forceAuthn: boolean;
  /** The encrypted private keys for this provider: a JSON list of PEM texts in the order of the certificates. */
  spKey: Buffer | null;
  spCertificates: string[];
  oidcIssuer: string | null;
  oidcClientId: string | null;
  oidcClientSecret: Buffer | null;
  /** The allowed tenants of an issuer that serves many tenants, such as Entra ID. */
  oidcTenants: string[];
  /** The scopes that are requested in addition to openid, email, and profile. */
  oidcScopes: string[];
  /** Whether a front-channel logout request names the subject in place of the session. */
  frontchannelBySubject: boolean;
  subject: 'name-id' | 'entra-object' | 'sub';
  emailAttribute: string | null;
  nameAttribute: string | null;
  groupAttribute: string | null;
  groupRoles: { group: string; role: string }[];
  attributeRoles: { attribute: string; value: string; role: string }[];
  defaultRole: string | null;
  jitProvisioning: boolean;
  /** Whether organizations of the same institution may use the connection. */
  shared: boolean;
  /** The time of the last successful test sign-in. SSO cannot be enforced without one. */
  testedAt: Date | null;
  clockSkewSeconds: number;
  dbSecret: Buffer;
  dbSecretHash: Buffer;
  createdAt: Date;
}

export const SSO_CONNECTION_COLUMNS: Columns<SsoConnectionEntity> = {
  orgId: 'org_id',
  id: 'id',
  name: 'name',
  enabled: 'enabled',
  protocol: 'protocol',
  status: 'status',
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
  metadataWarnings: { json: 'metadata_warnings' },
  expiryAlert: 'expiry_alert',
  wantResponseSigned: 'want_response_signed',
  wantAssertionSigned: 'want_assertion_signed',
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
  frontchannelBySubject: 'frontchannel_by_subject',
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
  dbSecret: 'db_secret_enc',
  dbSecretHash: 'db_secret_hash',
  createdAt: 'created_at',
};
