import { Expose } from 'class-transformer';
import { IsString, Length } from 'class-validator';
import { MayBeAbsent } from '../../../platform/http/fields.js';
import { LoginQuery } from '../sso/index.js';

export class OidcLoginQuery extends LoginQuery {
  /** A hint for the provider: the probable user, such as an e-mail address. */
  @MayBeAbsent()
  @IsString()
  @Length(1, 254)
  login_hint?: string;
}

export class BackchannelLogoutResponse {
  @Expose() accepted: boolean;
}
