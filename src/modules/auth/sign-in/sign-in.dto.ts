import { IsBoolean, IsString, Length, Matches, MaxLength, MinLength } from 'class-validator';
import { MayBeAbsent } from '../../../platform/http/fields.js';

export class LoginDto {
  @IsString()
  @Length(1, 254)
  email: string;

  /** The password. The maximum length limits the cost of hashing. */
  @IsString()
  @MinLength(1)
  @MaxLength(1_000)
  password: string;

  /**
   * The six-digit code of the authenticator app, if the user has enrolled one. Without it, the sign-in continues at
   * `/v1/auth/login/mfa`.
   */
  @MayBeAbsent()
  @Matches(/^\d{6}$/, { message: 'must be six digits' })
  totp?: string;

  /**
   * Remembers this device, so that it needs no second factor for a limited time. This field works only together with a
   * code, and only if the organization allows it.
   */
  @MayBeAbsent()
  @IsBoolean()
  rememberDevice?: boolean;

  /** Requests a session of seven days. If the organization does not allow such sessions, the API ignores this field. */
  @MayBeAbsent()
  @IsBoolean()
  rememberMe?: boolean;
}
