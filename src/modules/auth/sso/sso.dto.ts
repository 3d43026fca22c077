import { Expose, Type } from 'class-transformer';
import { ArrayMaxSize, IsArray, IsBoolean, IsIn, IsInt, IsString, Length, Matches, Max, Min, ValidateNested } from 'class-validator';
import { StaffOnly } from '../../../platform/http/audience.js';
import { MayBeAbsent } from '../../../platform/http/fields.js';

export class GroupRole {
  @IsString() @Length(1, 256)
  @Expose() group: string;

  @Matches(/^[a-z_]{1,40}$/)
  @Expose() role: string;
}

/** What may be left out when a connection is made as well as when it is changed. */
class SsoConnectionSettings {
  @MayBeAbsent() @IsBoolean()
  enabled?: boolean;

  /** Whether the response must be signed as well as the assertion. */
  @MayBeAbsent() @IsBoolean()
  wantResponseSigned?: boolean;

  /** Who a person is: the NameID, or for Entra ID the tenant's and the object's id. */
  @MayBeAbsent() @IsIn(['name-id', 'entra-object'])
  subject?: 'name-id' | 'entra-object';

  @MayBeAbsent() @IsString() @Length(1, 256)
  emailAttribute?: string;

  @MayBeAbsent() @IsString() @Length(1, 256)
  groupAttribute?: string;

  /** The first group in the list that a person is in decides the role. */
  @MayBeAbsent() @IsArray() @ArrayMaxSize(100) @ValidateNested({ each: true }) @Type(() => GroupRole)
  groupRoles?: GroupRole[];

  /** The role of somebody in none of the groups; without it they are refused. */
  @MayBeAbsent() @Matches(/^[a-z_]{1,40}$/)
  defaultRole?: string;

  /** Whether somebody unknown becomes a member at the first sign-in. */
  @MayBeAbsent() @IsBoolean()
  jitProvisioning?: boolean;

  @MayBeAbsent() @IsInt() @Min(60) @Max(180)
  clockSkewSeconds?: number;

  /** Whether a plain assertion is refused. The provider encrypts for the certificate in our metadata. */
  @MayBeAbsent() @IsBoolean()
  wantAssertionEncrypted?: boolean;

  /** Whether our requests to sign in are signed. */
  @MayBeAbsent() @IsBoolean()
  signRequests?: boolean;

  /** Whether an answer is taken that nobody here asked for: a tile on the provider's own start page. */
  @MayBeAbsent() @IsBoolean()
  idpInitiated?: boolean;

  /** Whether people show who they are at every sign-in, whatever session they have at the provider. */
  @MayBeAbsent() @IsBoolean()
  forceAuthn?: boolean;

  @MayBeAbsent() @IsString() @Length(1, 256)
  nameAttribute?: string;

  /** The scopes that the provider's scoped attributes may end in, such as `example.edu`; otherwise those of its metadata. */
  @MayBeAbsent() @IsArray() @ArrayMaxSize(20) @Matches(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/, { each: true })
  idpScopes?: string[];
}

export class CreateSsoConnectionDto extends SsoConnectionSettings {
  @IsString() @Length(1, 100)
  name: string;

  /** The identity provider's metadata file (saml-metadata-2.0-os): entity id, address and certificates are taken from it. */
  @IsString() @Length(1, 262_144)
  metadata: string;
}

export class UpdateSsoConnectionDto extends SsoConnectionSettings {
  @MayBeAbsent() @IsString() @Length(1, 100)
  name?: string;

  /** As when the connection is made. */
  @MayBeAbsent() @IsString() @Length(1, 262_144)
  metadata?: string;
}

export class SsoConnectionResponse {
  @Expose() id: string;
  @Expose() name: string;
  @StaffOnly() enabled: boolean;
  /** Our entity id towards this identity provider. */
  @StaffOnly() entityId: string;
  @StaffOnly() acsUrl: string;
  @Expose() loginUrl: string;
  @StaffOnly() metadataUrl: string;
  @StaffOnly() idpEntityId: string;
  @StaffOnly() idpSsoUrl: string;
  /** When the provider's certificates expire, in their order. */
  @StaffOnly() certificatesExpireAt: Date[];
  @StaffOnly() wantResponseSigned: boolean;
  @StaffOnly() subject: string;
  @StaffOnly() emailAttribute: string | null;
  @StaffOnly() groupAttribute: string | null;
  @StaffOnly() @Type(() => GroupRole) groupRoles: GroupRole[];
  @StaffOnly() defaultRole: string | null;
  @StaffOnly() jitProvisioning: boolean;
  @StaffOnly() clockSkewSeconds: number;
  /** Where single logout goes; null when the provider takes no part in it. */
  @StaffOnly() idpSloUrl: string | null;
  @StaffOnly() idpScopes: string[];
  @StaffOnly() wantAssertionEncrypted: boolean;
  @StaffOnly() signRequests: boolean;
  @StaffOnly() idpInitiated: boolean;
  @StaffOnly() forceAuthn: boolean;
  @StaffOnly() nameAttribute: string | null;
  /** Of our own keys, PEM: the first is in use, a second is being introduced. */
  @StaffOnly() spCertificates: string[];
  @StaffOnly() createdAt: Date;
}
