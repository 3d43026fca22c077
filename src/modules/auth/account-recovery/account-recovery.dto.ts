import { IsString, Length, MaxLength, MinLength } from 'class-validator';

export class ForgotPasswordDto {
  @IsString()
  @Length(1, 254)
  email: string;
}

export class VerifyEmailDto {
  /** The token from the URL fragment `#token=` of the mailed link. */
  @IsString()
  @Length(1, 200)
  token: string;
}

export class ResetPasswordDto extends VerifyEmailDto {
  /**
   * 12 to 128 characters, with an upper-case letter, a lower-case letter, a digit, and a special character. It must not
   * be a common password, and must not contain your name or e-mail address.
   */
  @IsString()
  @MinLength(1)
  @MaxLength(1_000)
  newPassword: string;
}
