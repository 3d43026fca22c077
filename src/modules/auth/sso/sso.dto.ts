import { Expose, Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayNotEmpty,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsObject,
  IsString,
  IsUUID,
  Length,
  Matches,
  Max,
  Min,
  ValidateIf,
  ValidateNested,
} from 'class-validator';
import { StaffOnly } from '../../../platform/http/audience.js';
import { IsExactLine, IsOneLine, IsRoleKey, MayBeAbsent } from '../../../platform/http/fields.js';

export class GroupRole {
  @IsString()
  @Length(1, 256)
  @Expose()
  @IsExactLine()
  group: string;

  @IsRoleKey()
  @Expose()
  role: string;
}

/** The characters that client ids and secrets may contain (RFC 6749, appendix A). */
const VISIBLE = /^[\x20-\x7e]*$/;
export class AttributeRole {
  @IsString()
  @Length(1, 256)
  @Expose()
  @IsExactLine()
  attribute: string;

  @IsString()
  @Length(1, 256)
  @Expose()
  @IsExactLine()
  value: string;

  @IsRoleKey()
  @Expose()
  role: string;
}

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

/**
 * The SAML identity provider. The caller sends its metadata as a file, the URL of its metadata, or single fields.
 * Without any of them, a new connection is a draft.
 */
export class SamlProviderDto {
  /**
   * The identity provider's metadata file (saml-metadata-2.0-os). It sets the entity id, the URLs, and the
   * certificates.
   */
  @MayBeAbsent()
  @IsString()
  @Length(1, 262_144)
  metadata?: string;

  /** The URL of the provider's metadata. The application reads it at this request and then once a day. */
  @MayBeAbsent()
  @IsString()
  @Length(1, 2048)
  metadataUrl?: string;

  /**
   * The entity id of the provider. With `metadata` or `metadataUrl`, it selects one provider in a file of several. If
   * it is missing for such a file, the API returns `idp_entity_id_required` with the entity ids of the file.
   */
  @MayBeAbsent()
  @IsString()
  @Length(1, 1024)
  @IsExactLine()
  idpEntityId?: string;

  /** The sign-in URL of the provider for the redirect binding. */
  @MayBeAbsent()
  @IsString()
  @Length(1, 2048)
  idpSsoUrl?: string;

  /** The logout URL of the provider; null disables single logout. */
  @MayBeAbsent()
  @ValidateIf((_body, value) => value !== null)
  @IsString()
  @Length(1, 2048)
  idpSloUrl?: string | null;

  /** The provider's signing certificates in PEM. The list has two while the provider replaces a certificate. */
  @MayBeAbsent()
  @IsArray()
  @ArrayNotEmpty()
  @ArrayMaxSize(10)
  @IsString({ each: true })
  @Length(1, 16_384, { each: true })
  idpCertificates?: string[];
}

/** The optional fields of a new or changed connection. */
class SsoConnectionSettings extends SamlProviderDto {
  @MayBeAbsent()
  @IsBoolean()
  enabled?: boolean;

  /** Whether the response itself must be signed. Without it, a signature of the assertion suffices. */
  @MayBeAbsent()
  @IsBoolean()
  wantResponseSigned?: boolean;

  /** Whether the assertion itself must be signed. Without it, a signature of the response around it suffices. */
  @MayBeAbsent()
  @IsBoolean()
  wantAssertionSigned?: boolean;

  /**
   * The claim or attribute that identifies a user: the NameID of SAML, the `sub` of OpenID Connect, or the tenant id
   * and object id of Entra ID.
   */
  @MayBeAbsent()
  @IsIn(['name-id', 'sub', 'entra-object'])
  subject?: 'name-id' | 'sub' | 'entra-object';

  /**
   * OpenID Connect: the issuer of the provider. For Azure AD B2C, this is the URL of the user flow without the path of
   * the discovery document.
   */
  @MayBeAbsent()
  @IsString()
  @Length(1, 1024)
  issuer?: string;

  @MayBeAbsent()
  @IsString()
  @Length(1, 256)
  @Matches(VISIBLE)
  clientId?: string;

  /**
   * The client secret. Without it, the client authenticates with PKCE only. The API never returns the secret. A change
   * of the issuer deletes it.
   */
  @MayBeAbsent()
  @IsString()
  @Length(1, 1024)
  @Matches(VISIBLE)
  clientSecret?: string;

  /**
   * The tenants whose users may sign in, if the issuer serves many tenants. A tenant is a directory id of Entra ID or a
   * hosted domain of Google.
   */
  @MayBeAbsent()
  @IsArray()
  @ArrayMaxSize(100)
  @IsString({ each: true })
  @Matches(/^[A-Za-z0-9.-]{1,253}$/, { each: true })
  tenants?: string[];

  /** The scopes to request in addition to `openid`, `email`, and `profile`, such as `groups`. */
  @MayBeAbsent()
  @IsArray()
  @ArrayMaxSize(10)
  @IsString({ each: true })
  @Matches(/^[\x21\x23-\x5b\x5d-\x7e]{1,256}$/, { each: true })
  scopes?: string[];

  /**
   * OpenID Connect: whether the provider's front-channel logout sends the `sub` in place of the `sid`, as LemonLDAP::NG
   * 2.16 does. The request is not signed, so a person who knows the `sub` of a user can then end the user's sessions.
   */
  @MayBeAbsent()
  @IsBoolean()
  frontchannelBySubject?: boolean;

  @MayBeAbsent()
  @IsString()
  @Length(1, 256)
  @IsExactLine()
  nameAttribute?: string;

  /** Whether the provider must ask for credentials at every sign-in. */
  @MayBeAbsent()
  @IsBoolean()
  forceAuthn?: boolean;

  @MayBeAbsent()
  @IsString()
  @Length(1, 256)
  @IsExactLine()
  emailAttribute?: string;

  @MayBeAbsent()
  @IsString()
  @Length(1, 256)
  @IsExactLine()
  groupAttribute?: string;

  /** The groups with their roles. The first group in the list that contains the user decides the role. */
  @MayBeAbsent()
  @IsArray()
  @ArrayMaxSize(100)
  @IsObject({ each: true })
  @ValidateNested({ each: true })
  @Type(() => GroupRole)
  groupRoles?: GroupRole[];

  /**
   * The attribute values with their roles. If no group matches, the first matching attribute in the list decides the
   * role.
   */
  @MayBeAbsent()
  @IsArray()
  @ArrayMaxSize(100)
  @IsObject({ each: true })
  @ValidateNested({ each: true })
  @Type(() => AttributeRole)
  attributeRoles?: AttributeRole[];

  /** The role of a user whom no rule matches. Without this field, the API rejects the sign-in of such a user. */
  @MayBeAbsent()
  @IsRoleKey()
  defaultRole?: string;

  /** Whether an unknown user becomes a member at the first sign-in through the connection. */
  @MayBeAbsent()
  @IsBoolean()
  jitProvisioning?: boolean;

  /** Whether other organizations of the same institution may use the connection. They must trust this organization. */
  @MayBeAbsent()
  @IsBoolean()
  shared?: boolean;

  @MayBeAbsent()
  @IsInt()
  @Min(60)
  @Max(180)
  clockSkewSeconds?: number;

  /**
   * Whether the API rejects unencrypted assertions. The provider encrypts with the certificate in the application's
   * metadata.
   */
  @MayBeAbsent()
  @IsBoolean()
  wantAssertionEncrypted?: boolean;

  /** Whether sign-in requests are signed. */
  @MayBeAbsent()
  @IsBoolean()
  signRequests?: boolean;

  /**
   * Whether the API accepts a response to no request. A provider sends one when the user clicks a tile on its start
   * page.
   */
  @MayBeAbsent()
  @IsBoolean()
  idpInitiated?: boolean;

  /**
   * The scopes that the provider's scoped attributes may have, such as `example.edu`. Without this field, the scopes in
   * the provider's metadata apply.
   */
  @MayBeAbsent()
  @IsArray()
  @ArrayMaxSize(20)
  @Matches(/^(?=.*\.)[a-z0-9][a-z0-9.-]{0,251}[a-z0-9]$/, { each: true })
  idpScopes?: string[];
}

export class CreateSsoConnectionDto extends SsoConnectionSettings {
  @IsString()
  @Length(1, 100)
  @IsOneLine()
  name: string;

  @MayBeAbsent()
  @IsIn(['saml', 'oidc'])
  protocol?: 'saml' | 'oidc';
}

export class UpdateSsoConnectionDto extends SsoConnectionSettings {
  @MayBeAbsent()
  @IsString()
  @Length(1, 100)
  @IsOneLine()
  name?: string;
}

/** The parameters of a sign-in. */
export class LoginQuery {
  /** The path on this host to open after sign-in. Default: the start page. */
  @MayBeAbsent()
  @IsString()
  @Length(1, 1024)
  returnTo?: string;

  /**
   * The organization to enter, if the connection is shared within the institution. Default: the organization of the
   * connection.
   */
  @MayBeAbsent()
  @IsUUID()
  organization?: string;

  /** Whether the provider must authenticate the user again, even if the user has a session there. */
  @MayBeAbsent()
  @IsIn(['true', 'false'])
  forceAuthn?: 'true' | 'false';
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
