import { Column, Entity, PrimaryColumn } from 'typeorm';

export type SsoProtocol = 'saml' | 'oidc';
/**
 * How our messages reach a SAML identity provider: by redirect where it offers that, else by a form that the browser
 * posts.
 */
export type SamlBinding = 'redirect' | 'post';

/** A connection to an identity provider as it is stored. */
@Entity('sso_connections')
export class SsoConnectionEntity {
  @PrimaryColumn('uuid', { name: 'org_id' }) orgId: string;
  @PrimaryColumn('uuid') id: string;
  @Column('text') name: string;
  @Column('boolean') enabled: boolean;
  @Column('text') protocol: SsoProtocol;
  @Column('text', { name: 'idp_entity_id', nullable: true }) idpEntityId: string | null;
  @Column('text', { name: 'idp_sso_url', nullable: true }) idpSsoUrl: string | null;
  @Column('text', { name: 'idp_sso_binding' }) idpSsoBinding: SamlBinding;
  @Column('text', { name: 'idp_slo_url', nullable: true }) idpSloUrl: string | null;
  @Column('text', { name: 'idp_slo_response_url', nullable: true }) idpSloResponseUrl: string | null;
  @Column('text', { name: 'idp_slo_binding' }) idpSloBinding: SamlBinding;
  @Column('text', { name: 'idp_certificates', array: true }) idpCertificates: string[];
  /** The scopes (shibmd:Scope) of scoped attributes that the provider speaks for. */
  @Column('text', { name: 'idp_scopes', array: true }) idpScopes: string[];
  @Column('text', { name: 'metadata_url', nullable: true }) metadataUrl: string | null;
  @Column('timestamptz', { name: 'metadata_fetched_at', nullable: true }) metadataFetchedAt: Date | null;
  /** Why the last refresh failed; null when it did not. */
  @Column('text', { name: 'metadata_problem', nullable: true }) metadataProblem: string | null;
  /** How many days before the end of the last certificate was last warned of it. */
  @Column('smallint', { name: 'expiry_alert', nullable: true }) expiryAlert: number | null;
  @Column('boolean', { name: 'want_response_signed' }) wantResponseSigned: boolean;
  @Column('boolean', { name: 'want_assertion_encrypted' }) wantAssertionEncrypted: boolean;
  @Column('boolean', { name: 'sign_requests' }) signRequests: boolean;
  @Column('boolean', { name: 'idp_initiated' }) idpInitiated: boolean;
  @Column('boolean', { name: 'force_authn' }) forceAuthn: boolean;
  /** Our private keys towards this provider, sealed: a JSON list of PEM in the order of the certificates. */
  @Column('bytea', { name: 'sp_key_enc', nullable: true }) spKey: Buffer | null;
  @Column('text', { name: 'sp_certificates', array: true }) spCertificates: string[];
  @Column('text', { name: 'oidc_issuer', nullable: true }) oidcIssuer: string | null;
  @Column('text', { name: 'oidc_client_id', nullable: true }) oidcClientId: string | null;
  @Column('bytea', { name: 'oidc_client_secret_enc', nullable: true }) oidcClientSecret: Buffer | null;
  /** For an issuer of many tenants (Entra ID): those let in. */
  @Column('text', { name: 'oidc_tenants', array: true }) oidcTenants: string[];
  /** Asked for beside openid, email and profile. */
  @Column('text', { name: 'oidc_scopes', array: true }) oidcScopes: string[];
  @Column('text') subject: 'name-id' | 'entra-object' | 'sub';
  @Column('text', { name: 'email_attribute', nullable: true }) emailAttribute: string | null;
  @Column('text', { name: 'name_attribute', nullable: true }) nameAttribute: string | null;
  @Column('text', { name: 'group_attribute', nullable: true }) groupAttribute: string | null;
  @Column('jsonb', { name: 'group_roles' }) groupRoles: { group: string; role: string }[];
  @Column('jsonb', { name: 'attribute_roles' }) attributeRoles: { attribute: string; value: string; role: string }[];
  @Column('text', { name: 'default_role', nullable: true }) defaultRole: string | null;
  @Column('boolean', { name: 'jit_provisioning' }) jitProvisioning: boolean;
  /** Whether organizations of the same institution may sign in through it. */
  @Column('boolean') shared: boolean;
  /** When somebody last signed in through it; until then it cannot be enforced. */
  @Column('timestamptz', { name: 'tested_at', nullable: true }) testedAt: Date | null;
  @Column('integer', { name: 'clock_skew_seconds' }) clockSkewSeconds: number;
  @Column('bytea', { name: 'entrance_enc' }) entrance: Buffer;
  @Column('bytea', { name: 'entrance_hash' }) entranceHash: Buffer;
  @Column('timestamptz', { name: 'created_at' }) createdAt: Date;
}
