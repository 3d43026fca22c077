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
