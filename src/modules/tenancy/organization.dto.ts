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

/** The ways to sign in that an organization may take. */
const SIGN_IN = ['password', 'passkey', 'saml', 'oidc'] as const;

export class OrganizationResponse {
  @Expose() id: string;
  @Expose() name: string;
  /** Vocabulary of the roles: gme, workforce or enrollment. */
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
  /** The institution that operators put the organization into. */
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

  /** Minutes without a request after which a session ends: 15, 30, or 10080 (seven days). */
  @MayBeAbsent()
  @IsIn([15, 30, 10_080])
  idleMinutes?: number;

  /** Hours after which a session ends whatever happens. */
  @MayBeAbsent()
  @IsInt()
  @Min(1)
  @Max(168)
  sessionHours?: number;

  /** Stands in letters and mails; null where there is none. */
  @MayBeAbsent()
  @ValidateIf((_body, value) => value !== null)
  @IsString()
  @Length(1, 500)
  postalAddress?: string | null;

  /** Whether the institution's other organizations may see this one's numbers. */
  @MayBeAbsent()
  @IsBoolean()
  institutionReporting?: boolean;
}

/** How people sign in. */
export class UpdateSignInPolicyDto {
  /** The kinds of sign-in that are taken, at least one; sessions of any other kind are refused from now on. */
  @MayBeAbsent()
  @IsArray()
  @ArrayNotEmpty()
  @ArrayUnique()
  @IsIn(SIGN_IN, { each: true })
  allowedSignIn?: (typeof SIGN_IN)[number][];

  /** Whether a password has to be followed by a second factor. */
  @MayBeAbsent()
  @IsBoolean()
  requireMfa?: boolean;

  /** Days for which a device may be remembered that showed the second factor; 0 for none. */
  @MayBeAbsent()
  @IsInt()
  @Min(0)
  @Max(30)
  rememberDeviceDays?: number;

  /** Whether only the identity provider opens the organization. */
  @MayBeAbsent()
  @IsBoolean()
  requireSso?: boolean;

  /**
   * Whether members may come over from another organization of the institution, on the word of its identity provider.
   */
  @MayBeAbsent()
  @IsBoolean()
  institutionSignIn?: boolean;

  /**
   * Whether a session lasts for seven days where its user asks for that; taken back, such sessions are as short as any
   * other.
   */
  @MayBeAbsent()
  @IsBoolean()
  rememberMeAllowed?: boolean;
}

export class TransferOwnerDto {
  /** Who leads from now on. */
  @IsUUID()
  membershipId: string;

  /** The role that the caller has from now on. */
  @Matches(/^[a-z_]{1,40}$/)
  ownRole: string;
}
