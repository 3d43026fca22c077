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
  Matches,
  Max,
  Min,
  ValidateIf,
} from 'class-validator';
import { StaffOnly } from '../../platform/http/audience.js';
import { MayBeAbsent } from '../../platform/http/fields.js';

/** The sign-in methods that an organization may allow. */
const SIGN_IN = ['password', 'passkey', 'saml', 'oidc'] as const;

export class OrganizationResponse {
  @Expose() id: string;
  @Expose() name: string;
  /** The preset of the roles: gme, workforce or enrollment. */
  @Expose() preset: string;
  @StaffOnly() status: string;
  @StaffOnly() idleMinutes: number;
  @StaffOnly() sessionHours: number;
  @StaffOnly() rememberMeAllowed: boolean;
  @StaffOnly() postalAddress: string | null;
  /** password, passkey, saml, oidc. */
  @StaffOnly() allowedSignIn: string[];
  @StaffOnly() requireMfa: boolean;
  @StaffOnly() rememberDeviceDays: number;
  @StaffOnly() requireSso: boolean;
  /** The institution of the organization. Operators set it. */
  @StaffOnly() institutionId: string | null;
  @StaffOnly() institutionSignIn: boolean;
  @StaffOnly() institutionReporting: boolean;
  @StaffOnly() createdAt: Date;
}

export class UpdateOrganizationDto {
  @MayBeAbsent()
  @IsString()
  @Length(1, 200)
  name?: string;

  /** Minutes without a request until a session ends: 15, 30, or 10080 (seven days). */
  @MayBeAbsent()
  @IsIn([15, 30, 10_080])
  idleMinutes?: number;

  /** Maximum hours of a session. */
  @MayBeAbsent()
  @IsInt()
  @Min(1)
  @Max(168)
  sessionHours?: number;

  /** The postal address for letters and mails; null for none. */
  @MayBeAbsent()
  @ValidateIf((_body, value) => value !== null)
  @IsString()
  @Length(1, 500)
  postalAddress?: string | null;

  /** Whether the institution's other organizations may see the statistics of this one. */
  @MayBeAbsent()
  @IsBoolean()
  institutionReporting?: boolean;
}

/** The sign-in policy. */
export class UpdateSignInPolicyDto {
  /** The allowed sign-in methods, at least one. Sessions of other methods are rejected from now on. */
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

  /** Days for which a device is remembered after a second factor; 0 for none. */
  @MayBeAbsent()
  @IsInt()
  @Min(0)
  @Max(30)
  rememberDeviceDays?: number;

  /** Whether sign-in requires single sign-on. */
  @MayBeAbsent()
  @IsBoolean()
  requireSso?: boolean;

  /**
   * Whether members may switch over from another organization of the institution, after sign-in at its identity
   * provider.
   */
  @MayBeAbsent()
  @IsBoolean()
  institutionSignIn?: boolean;

  /** Whether a session may last seven days at the user's request. If disabled, such sessions get the normal length. */
  @MayBeAbsent()
  @IsBoolean()
  rememberMeAllowed?: boolean;
}

export class TransferOwnerDto {
  /** The membership that receives the owner role. */
  @IsUUID()
  membershipId: string;

  /** The caller's new role. */
  @Matches(/^[a-z_]{1,40}$/)
  ownRole: string;
}
