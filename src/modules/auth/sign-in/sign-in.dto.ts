import { Expose, Type } from 'class-transformer';
import { IsBoolean, IsString, IsUUID, Length, Matches, MaxLength, MinLength } from 'class-validator';
import { MayBeAbsent } from '../../../platform/http/fields.js';

export class LoginDto {
  @IsString()
  @Length(1, 254)
  email: string;

  /** Capped, so that hashing cannot be made to cost more. */
  @IsString()
  @MinLength(1)
  @MaxLength(1_000)
  password: string;

  /**
   * A code of six digits for the second factor, where one is enrolled. Without it the sign-in goes on at
   * `/login/second-factor`.
   */
  @MayBeAbsent()
  @Matches(/^\d{6}$/)
  totp?: string;

  /**
   * With a code: asks for the second factor to be left out on this device for a while, where the organization allows
   * it.
   */
  @MayBeAbsent()
  @IsBoolean()
  rememberDevice?: boolean;
  /** Asks for a session of seven days; heeded where the organization allows it, else the session is as any other. */
  @MayBeAbsent()
  @IsBoolean()
  rememberMe?: boolean;
}

export class ChangePasswordDto {
  @IsString()
  @MinLength(1)
  @MaxLength(1_000)
  currentPassword: string;

  /** 12 to 128 characters with upper case, lower case, a digit and a special character. */
  @IsString()
  @MinLength(1)
  @MaxLength(1_000)
  newPassword: string;
}

export class SwitchOrganizationDto {
  @IsUUID()
  orgId: string;
}

export class OwnOrganizationResponse {
  @Expose() id: string;
  @Expose() name: string;
  @Expose() role: string;
  /** Whether it is the session's. */
  @Expose() current: boolean;
  /** Whether the session would be let in; otherwise one has to sign in there. */
  @Expose() reachable: boolean;
}

export class MeUser {
  @Expose() id: string;
  @Expose() email: string;
  @Expose() name: string;
}

export class MeOrganization {
  @Expose() id: string;
  @Expose() name: string;
  @Expose() preset: string;
}

export class MeGrant {
  @Expose() permission: string;
  /** org, assigned or own. */
  @Expose() scope: string;
}

export class MeSession {
  /** Null where an API key stands in its place. */
  @Expose() id: string | null;
}

export class MeResponse {
  @Expose() @Type(() => MeUser) user: MeUser;
  @Expose() @Type(() => MeOrganization) organization: MeOrganization;
  @Expose() membershipId: string;
  @Expose() role: string;
  @Expose() permissions: string[];
  @Expose() @Type(() => MeGrant) grants: MeGrant[];
  @Expose() @Type(() => MeSession) session: MeSession;
  /** The key the request came with. */
  @Expose() apiKeyId: string | null;
}

export class SignedInResponse {
  @Expose() organizationId: string;
  /** When the session ends, whatever happens. */
  @Expose() expiresAt: Date;
  /** Whether it is one of seven days. */
  @Expose() remembered: boolean;
}

export class SessionResponse {
  @Expose() id: string;
  @Expose() method: string;
  @Expose() createdAt: Date;
  @Expose() lastSeenAt: Date;
  @Expose() expiresAt: Date;
  @Expose() ip: string | null;
  @Expose() userAgent: string | null;
  /** Browser and system, such as "Firefox on Windows". */
  @Expose() device: string | null;
  /** The country's name, where the address tells. */
  @Expose() place: string | null;
  /** Its ISO 3166-1 code. */
  @Expose() country: string | null;
  /** Whether it was to last for seven days. */
  @Expose() remembered: boolean;
  /** Whether this request came with it. */
  @Expose() current: boolean;
}
