import { IsIn, IsString, Length, Matches, MaxLength, MinLength } from 'class-validator';
import { MayBeAbsent } from '../../../platform/http/fields.js';

export class EmailForm {
  @MayBeAbsent()
  @IsString()
  @Length(1, 254)
  email?: string;

  /** The path on this host to open after sign-in. A value that is not such a path is ignored. */
  @MayBeAbsent()
  @IsString()
  @MaxLength(1_024)
  returnTo?: string;
}

export class SignInQuery extends EmailForm {
  /** Offers the password and a passkey, even if the domain of the address uses SSO. */
  @MayBeAbsent()
  @IsIn(['yes'])
  anotherWay?: 'yes';
}

export class PasswordForm {
  @IsString()
  @Length(1, 254)
  email: string;

  @MayBeAbsent()
  @IsString()
  @MaxLength(1_024)
  returnTo?: string;

  @IsString()
  @MinLength(1)
  @MaxLength(1_000)
  password: string;

  @MayBeAbsent()
  @IsIn(['on'])
  rememberMe?: 'on';
}

export class MfaForm {
  @MayBeAbsent()
  @Matches(/^\d{6}$/, { message: 'must be six digits' })
  totp?: string;

  @MayBeAbsent()
  @IsString()
  @Length(1, 40)
  recoveryCode?: string;

  @MayBeAbsent()
  @IsIn(['on'])
  rememberDevice?: 'on';

  @MayBeAbsent()
  @IsString()
  @MaxLength(1_024)
  returnTo?: string;
}

export class LinkProofForm {
  @MayBeAbsent()
  @IsString()
  @MinLength(1)
  @MaxLength(1_000)
  password?: string;

  @MayBeAbsent()
  @Matches(/^\d{6}$/)
  totp?: string;

  @MayBeAbsent()
  @IsString()
  @Length(1, 40)
  recoveryCode?: string;
}

export class TotpConfirmForm {
  /** Six digits. */
  @Matches(/^\d{6}$/, { message: 'must be six digits' })
  code: string;

  /** The base32 secret of the previous page, so that the page can show it again after a wrong code. */
  @Matches(/^[A-Z2-7]{16,64}$/)
  secret: string;
}

export class StepUpForm {
  @MayBeAbsent()
  @Matches(/^\d{6}$/, { message: 'must be six digits' })
  totp?: string;

  @MayBeAbsent()
  @IsString()
  @MinLength(1)
  @MaxLength(1_000)
  password?: string;

  @MayBeAbsent()
  @IsString()
  @MaxLength(1_024)
  returnTo?: string;
}

export class ResetForm {
  @IsString()
  @Length(1, 2_000)
  token: string;

  @IsString()
  @MinLength(1)
  @MaxLength(1_000)
  password: string;
}
