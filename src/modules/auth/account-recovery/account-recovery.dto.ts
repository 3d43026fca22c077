import { IsString, Length, MaxLength, MinLength } from 'class-validator';

export class ForgotPasswordDto {
  @IsString()
  @Length(1, 254)
  email: string;
}

export class VerifyEmailDto {
  /** What stands behind `#token=` in the link that was mailed. */
  @IsString()
  @Length(1, 200)
  token: string;
}

export class ResetPasswordDto extends VerifyEmailDto {
  /**
   * 12 to 128 characters with upper case, lower case, a digit and a special character; not known from breaches, not
   * your name or address.
   */
  @IsString()
  @MinLength(1)
  @MaxLength(1_000)
  newPassword: string;
}
