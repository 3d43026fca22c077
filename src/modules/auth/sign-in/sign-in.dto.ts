import { IsBoolean, IsString, Length, Matches, MaxLength, MinLength } from 'class-validator';
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
   * `/login/mfa`.
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
