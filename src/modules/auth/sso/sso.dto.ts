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
import { MayBeAbsent } from '../../../platform/http/fields.js';

export class GroupRole {
  @IsString()
  @Length(1, 256)
  @Expose()
  group: string;

  @Matches(/^[a-z_]{1,40}$/)
  @Expose()
  role: string;
}

/** RFC 6749, appendix A: what client ids and secrets are made of. */
const VISIBLE = /^[\x20-\x7e]*$/;
export class AttributeRole {
  @IsString()
  @Length(1, 256)
  @Expose()
  attribute: string;

  @IsString()
  @Length(1, 256)
  @Expose()
  value: string;

  @Matches(/^[a-z_]{1,40}$/)
  @Expose()
  role: string;
}

/** Who a SAML identity provider is: by its metadata, as a file or at an address, or by single fields. */
export class SamlProviderDto {
  /**
   * The identity provider's metadata file (saml-metadata-2.0-os): entity id, addresses and certificates are taken from
   * it.
   */
  @MayBeAbsent()
  @IsString()
  @Length(1, 262_144)
  metadata?: string;

  /** Where the provider publishes that file: read now, and every day from now on. */
  @MayBeAbsent()
  @IsString()
  @Length(1, 2048)
  metadataUrl?: string;

  @MayBeAbsent()
  @IsString()
  @Length(1, 1024)
  idpEntityId?: string;

  /** Where browsers are sent to sign in, by the redirect binding. */
  @MayBeAbsent()
  @IsString()
  @Length(1, 2048)
  idpSsoUrl?: string;

  /** Where browsers are sent to sign out; null for nowhere. */
  @MayBeAbsent()
  @ValidateIf((_body, value) => value !== null)
  @IsString()
  @Length(1, 2048)
  idpSloUrl?: string | null;

  /** The certificates that the provider signs with, PEM: two while one replaces the other. */
  @MayBeAbsent()
  @IsArray()
  @ArrayNotEmpty()
  @ArrayMaxSize(10)
  @IsString({ each: true })
  @Length(1, 16_384, { each: true })
  idpCertificates?: string[];
}

/** What may be left out when a connection is made as well as when it is changed. */
class SsoConnectionSettings extends SamlProviderDto {
  @MayBeAbsent()
  @IsBoolean()
  enabled?: boolean;

  /** Whether the response must be signed as well as the assertion. */
  @MayBeAbsent()
  @IsBoolean()
  wantResponseSigned?: boolean;

  /** Who a person is: SAML's NameID, OpenID Connect's sub, or for Entra ID the tenant's and the object's id. */
  @MayBeAbsent()
  @IsIn(['name-id', 'sub', 'entra-object'])
  subject?: 'name-id' | 'sub' | 'entra-object';

  /**
   * OpenID Connect: the provider's issuer; for Azure AD B2C the address before its document, with the user flow in it.
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

  /** Left out, we are known by PKCE alone. Never shown again; forgotten when the issuer changes. */
  @MayBeAbsent()
  @IsString()
  @Length(1, 1024)
  @Matches(VISIBLE)
  clientSecret?: string;

  /** Those let in of an issuer of many: directory ids of Entra ID, hosted domains of Google. */
  @MayBeAbsent()
  @IsArray()
  @ArrayMaxSize(100)
  @IsString({ each: true })
  @Matches(/^[A-Za-z0-9.-]{1,253}$/, { each: true })
  tenants?: string[];

  /** Asked for beside openid, email and profile, such as groups. */
  @MayBeAbsent()
  @IsArray()
  @ArrayMaxSize(10)
  @IsString({ each: true })
  @Matches(/^[\x21\x23-\x5b\x5d-\x7e]{1,256}$/, { each: true })
  scopes?: string[];

  @MayBeAbsent()
  @IsString()
  @Length(1, 256)
  nameAttribute?: string;

  /** Whether the provider asks for the credentials anew at every sign-in. */
  @MayBeAbsent()
  @IsBoolean()
  forceAuthn?: boolean;

  @MayBeAbsent()
  @IsString()
  @Length(1, 256)
  emailAttribute?: string;

  @MayBeAbsent()
  @IsString()
  @Length(1, 256)
  groupAttribute?: string;

  /** The first group in the list that a person is in decides the role. */
  @MayBeAbsent()
  @IsArray()
  @ArrayMaxSize(100)
  @IsObject({ each: true })
  @ValidateNested({ each: true })
  @Type(() => GroupRole)
  groupRoles?: GroupRole[];

  /** After the groups: the first attribute in the list that has the value decides the role. */
  @MayBeAbsent()
  @IsArray()
  @ArrayMaxSize(100)
  @IsObject({ each: true })
  @ValidateNested({ each: true })
  @Type(() => AttributeRole)
  attributeRoles?: AttributeRole[];

  /** The role of somebody in none of the groups; without it they are refused. */
  @MayBeAbsent()
  @Matches(/^[a-z_]{1,40}$/)
  defaultRole?: string;

  /** Whether somebody unknown becomes a member at the first sign-in. */
  @MayBeAbsent()
  @IsBoolean()
  jitProvisioning?: boolean;

  /** Whether organizations of the same institution that trust this one may sign in through it. */
  @MayBeAbsent()
  @IsBoolean()
  shared?: boolean;

  @MayBeAbsent()
  @IsInt()
  @Min(60)
  @Max(180)
  clockSkewSeconds?: number;

  /** Whether a plain assertion is refused. The provider encrypts for the certificate in our metadata. */
  @MayBeAbsent()
  @IsBoolean()
  wantAssertionEncrypted?: boolean;

  /** Whether our requests to sign in are signed. */
  @MayBeAbsent()
  @IsBoolean()
  signRequests?: boolean;

  /** Whether an answer is taken that nobody here asked for: a tile on the provider's own start page. */
  @MayBeAbsent()
  @IsBoolean()
  idpInitiated?: boolean;

  /**
   * The scopes that the provider's scoped attributes may end in, such as `example.edu`; otherwise those of its
   * metadata.
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
  name: string;

  @MayBeAbsent()
  @IsIn(['saml', 'oidc'])
  protocol?: 'saml' | 'oidc';
}

export class UpdateSsoConnectionDto extends SsoConnectionSettings {
  @MayBeAbsent()
  @IsString()
  @Length(1, 100)
  name?: string;
}

/** Where a sign-in is to lead. */
export class LoginQuery {
  /** A path on this host; the start page without it. */
  @MayBeAbsent()
  @IsString()
  @Length(1, 1024)
  returnTo?: string;

  /** Another organization of the institution, for a connection that is shared. */
  @MayBeAbsent()
  @IsUUID()
  organization?: string;

  /** Whether to show anew who one is, whatever session there is at the provider: for what asks for a fresh sign-in. */
  @MayBeAbsent()
  @IsIn(['true', 'false'])
  forceAuthn?: 'true' | 'false';
}

export class SsoConnectionResponse {
  @Expose() id: string;
  @Expose() name: string;
  @StaffOnly() protocol: string;
  @StaffOnly() enabled: boolean;
  /** Our entity id towards this identity provider. */
  @StaffOnly() entityId: string | null;
  @StaffOnly() acsUrl: string | null;
  @Expose() loginUrl: string;
  @StaffOnly() metadataUrl: string | null;
  @StaffOnly() idpEntityId: string | null;
  @StaffOnly() idpSsoUrl: string | null;
  @StaffOnly() idpSloUrl: string | null;
  /** Where the provider publishes its metadata; null where it was handed in. */
  @StaffOnly() idpMetadataUrl: string | null;
  @StaffOnly() metadataFetchedAt: Date | null;
  /** Why the metadata could not be refreshed; the last good copy holds meanwhile. */
  @StaffOnly() metadataError: string | null;
  /** When the provider's certificates expire, in their order. */
  @StaffOnly() certificatesExpireAt: Date[];
  @StaffOnly() wantResponseSigned: boolean;
  @StaffOnly() subject: string;
  @StaffOnly() emailAttribute: string | null;
  @StaffOnly() groupAttribute: string | null;
  @StaffOnly() @Type(() => GroupRole) groupRoles: GroupRole[];
  @StaffOnly() @Type(() => AttributeRole) attributeRoles: AttributeRole[];
  @StaffOnly() defaultRole: string | null;
  @StaffOnly() shared: boolean;
  /**
   * When a test sign-in last came through; null since it was set up otherwise. Without it single sign-on cannot be
   * enforced.
   */
  @StaffOnly() testedAt: Date | null;
  @StaffOnly() jitProvisioning: boolean;
  @StaffOnly() clockSkewSeconds: number;
  @StaffOnly() idpScopes: string[];
  @StaffOnly() wantAssertionEncrypted: boolean;
  @StaffOnly() signRequests: boolean;
  @StaffOnly() idpInitiated: boolean;
  /** Of our own keys, PEM: the first is in use, a second is being introduced. */
  @StaffOnly() spCertificates: string[];
  @StaffOnly() nameAttribute: string | null;
  @StaffOnly() forceAuthn: boolean;
  @StaffOnly() issuer: string | null;
  @StaffOnly() clientId: string | null;
  /** Whether we prove to the provider who we are; the secret itself is never shown. */
  @StaffOnly() hasClientSecret: boolean;
  @StaffOnly() tenants: string[];
  @StaffOnly() scopes: string[];
  /** To be registered with an OpenID provider. */
  @StaffOnly() callbackUrl: string | null;
  @StaffOnly() backchannelLogoutUrl: string | null;
  @StaffOnly() postLogoutUrl: string | null;
  @StaffOnly() createdAt: Date;
}
