import { Expose, Type } from 'class-transformer';
import { StaffOnly } from '../../../platform/http/audience.js';
import { AttributeRole, GroupRole } from './sso.dto.js';

/**
 * SAML: a part of the provider's metadata that the application skipped; the rest of the metadata is in use. OpenID
 * Connect: the reason why the provider cannot be used now.
 */
export class MetadataWarningResponse {
  /**
   * SAML: `certificate_skipped`, `sign_in_url_skipped`, `logout_url_skipped`, or `scope_skipped`. OpenID Connect:
   * `provider_unreachable`, `provider_issuer_mismatch`, `provider_metadata_invalid`, `provider_unsupported`, or
   * `provider_keys_invalid`.
   */
  @Expose() code: string;
  /**
   * The skipped URL or scope, the reason why a certificate was skipped, the reason why no answer came, or the issuer
   * that the provider states.
   */
  @Expose() detail: string;
}

export class SignedOutResponse {
  /** The URL that the browser opens next: the logout of the identity provider, or the signed-out page. */
  @Expose() url: string;
}

export class SsoConnectionResponse {
  @Expose() id: string;
  @Expose() name: string;
  @StaffOnly() protocol: string;
  /**
   * `draft` or `ready`. A draft lacks the data of the identity provider. It shows the values to enter there, and cannot
   * be used to sign in.
   */
  @StaffOnly() status: string;
  @StaffOnly() enabled: boolean;
  /** The entity id of the application for this identity provider. */
  @StaffOnly() entityId: string | null;
  @StaffOnly() acsUrl: string | null;
  @Expose() loginUrl: string;
  @StaffOnly() metadataUrl: string | null;
  @StaffOnly() idpEntityId: string | null;
  @StaffOnly() idpSsoUrl: string | null;
  @StaffOnly() idpSloUrl: string | null;
  /** The URL of the provider's metadata. Null when the connection was set up without a URL. */
  @StaffOnly() idpMetadataUrl: string | null;
  @StaffOnly() metadataFetchedAt: Date | null;
  /**
   * The error code of the last metadata refresh. The last valid metadata stays in use. OpenID Connect: the reason why
   * the provider cannot be used; such a connection cannot pass a test or be the reason to enforce SSO.
   */
  @StaffOnly() metadataError: string | null;
  /** The parts of the last valid metadata that are not used, and the details of `metadataError` for OpenID Connect. */
  @StaffOnly() @Type(() => MetadataWarningResponse) metadataWarnings: MetadataWarningResponse[];
  /** The expiry times of the provider's certificates, in their order. */
  @StaffOnly() certificatesExpireAt: Date[];
  @StaffOnly() wantResponseSigned: boolean;
  @StaffOnly() wantAssertionSigned: boolean;
  @StaffOnly() subject: string;
  @StaffOnly() emailAttribute: string | null;
  @StaffOnly() groupAttribute: string | null;
  @StaffOnly() @Type(() => GroupRole) groupRoles: GroupRole[];
  @StaffOnly() @Type(() => AttributeRole) attributeRoles: AttributeRole[];
  @StaffOnly() defaultRole: string | null;
  @StaffOnly() shared: boolean;
  /**
   * The time of the last successful test sign-in. A change of the setup sets it to null. SSO enforcement requires a
   * value.
   */
  @StaffOnly() testedAt: Date | null;
  @StaffOnly() jitProvisioning: boolean;
  @StaffOnly() clockSkewSeconds: number;
  @StaffOnly() idpScopes: string[];
  @StaffOnly() wantAssertionEncrypted: boolean;
  @StaffOnly() signRequests: boolean;
  @StaffOnly() idpInitiated: boolean;
  /** The certificates of the application in PEM. The first is in use, and the second is pending. */
  @StaffOnly() spCertificates: string[];
  @StaffOnly() nameAttribute: string | null;
  @StaffOnly() forceAuthn: boolean;
  @StaffOnly() issuer: string | null;
  @StaffOnly() clientId: string | null;
  /** Whether a client secret is stored. The API never returns the secret. */
  @StaffOnly() hasClientSecret: boolean;
  @StaffOnly() tenants: string[];
  @StaffOnly() scopes: string[];
  /** The URL to register at the OpenID provider. */
  @StaffOnly() callbackUrl: string | null;
  @StaffOnly() backchannelLogoutUrl: string | null;
  /** The URL for OpenID providers without back-channel logout. */
  @StaffOnly() frontchannelLogoutUrl: string | null;
  @StaffOnly() frontchannelBySubject: boolean;
  @StaffOnly() postLogoutUrl: string | null;
  @StaffOnly() createdAt: Date;
}
