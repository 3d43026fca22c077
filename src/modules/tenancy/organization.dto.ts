import { Expose } from 'class-transformer';
import {
  ArrayNotEmpty,
  ArrayUnique,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsString,
  IsUUID,
  Length,
  Max,
  Min,
  ValidateIf,
} from 'class-validator';
import { StaffOnly } from '../../platform/http/audience.js';
import { IsOneLine, IsPlainText, IsRoleKey, MayBeAbsent } from '../../platform/http/fields.js';

/** The sign-in methods that an organization may allow. */
const SIGN_IN = ['password', 'passkey', 'saml', 'oidc'] as const;

export class OrganizationResponse {
  @Expose() id: string;
  @Expose() name: string;
  /** The preset that defines the roles: `gme`, `workforce`, or `enrollment`. */
  @Expose() preset: string;
  @StaffOnly() status: string;
  @StaffOnly() idleMinutes: number;
  @StaffOnly() sessionHours: number;
  @StaffOnly() rememberMeAllowed: boolean;
  @StaffOnly() postalAddress: string | null;
  /** The allowed sign-in methods: `password`, `passkey`, `saml`, and `oidc`. */
  @StaffOnly() allowedSignIn: string[];
  @StaffOnly() requireMfa: boolean;
  @StaffOnly() rememberDeviceDays: number;
  @StaffOnly() requireSso: boolean;
  /** The institution that the organization belongs to. Only operators can set it. */
  @StaffOnly() institutionId: string | null;
  @StaffOnly() institutionSignIn: boolean;
  @StaffOnly() institutionReporting: boolean;
  @StaffOnly() createdAt: Date;
}

export class UpdateOrganizationDto {
  @MayBeAbsent()
  @IsString()
  @Length(1, 200)
  @IsOneLine()
  name?: string;

  /** A session without requests ends after this number of minutes: 15, 30, or 10080 (seven days). */
  @MayBeAbsent()
  @IsIn([15, 30, 10_080])
  idleMinutes?: number;

  /** The maximum duration of a session, in hours. */
  @MayBeAbsent()
  @IsInt()
  @Min(1)
  @Max(168)
  sessionHours?: number;

  /** The postal address for letters and mails. Null clears it. */
  @MayBeAbsent()
  @ValidateIf((_body, value) => value !== null)
  @IsString()
  @Length(1, 500)
  @IsPlainText()
  postalAddress?: string | null;

  /** Whether other organizations of the institution may see this organization's statistics. */
  @MayBeAbsent()
  @IsBoolean()
  institutionReporting?: boolean;
}

/** The sign-in policy. */
export class UpdateSignInPolicyDto {
  /**
   * The allowed sign-in methods: at least one. From now on, the API rejects sessions that were opened with another
   * method.
   */
  @MayBeAbsent()
  @IsArray()
  @ArrayNotEmpty()
  @ArrayUnique()
  @IsIn(SIGN_IN, { each: true })
  allowedSignIn?: (typeof SIGN_IN)[number][];

  /** Whether a sign-in by password requires a second factor. */
  @MayBeAbsent()
  @IsBoolean()
  requireMfa?: boolean;

  /** How many days a device is remembered after a second factor. The value 0 disables remembered devices. */
  @MayBeAbsent()
  @IsInt()
  @Min(0)
  @Max(30)
  rememberDeviceDays?: number;

  /** Whether members must sign in through SSO. */
  @MayBeAbsent()
  @IsBoolean()
  requireSso?: boolean;

  /**
   * Whether a session from another organization of the institution can switch to this organization. The session must
   * come from that organization's identity provider.
   */
  @MayBeAbsent()
  @IsBoolean()
  institutionSignIn?: boolean;

  /**
   * Whether users may request a session of seven days. If disabled, existing sessions of seven days get the normal
   * duration.
   */
  @MayBeAbsent()
  @IsBoolean()
  rememberMeAllowed?: boolean;
}

export class TransferOwnerDto {
  /** The membership that receives the owner role. */
  @IsUUID()
  membershipId: string;

  /** The caller's new role. */
  @IsRoleKey()
  ownRole: string;
}
