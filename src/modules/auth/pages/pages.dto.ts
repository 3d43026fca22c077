import { IsIn, IsString, Length, MaxLength, MinLength } from 'class-validator';
import { MayBeAbsent } from '../../../platform/http/fields.js';

export class AddressForm {
  @MayBeAbsent() @IsString() @Length(1, 254)
  email?: string;

  /** Where to go after signing in; a path on this host, anything else is ignored. */
  @MayBeAbsent() @IsString() @MaxLength(1_024)
  returnTo?: string;
}

export class PasswordForm {
  @IsString() @Length(1, 254)
  email: string;

  @MayBeAbsent() @IsString() @MaxLength(1_024)
  returnTo?: string;

  @IsString() @MinLength(1) @MaxLength(1_000)
  password: string;

  @MayBeAbsent() @IsIn(['on'])
  rememberMe?: 'on';
}
