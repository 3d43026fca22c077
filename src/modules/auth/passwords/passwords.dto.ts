import { IsString, MaxLength, MinLength } from 'class-validator';

export class ChangePasswordDto {
  @IsString()
  @MinLength(1)
  @MaxLength(1_000)
  currentPassword: string;

  /** 12 to 128 characters, with an upper-case letter, a lower-case letter, a digit, and a special character. */
  @IsString()
  @MinLength(1)
  @MaxLength(1_000)
  newPassword: string;
}
