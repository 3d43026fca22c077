import { Expose } from 'class-transformer';
import { IsString, Length } from 'class-validator';
import { MayBeAbsent } from '../../../platform/http/fields.js';
import { LoginQuery } from '../sso/index.js';

export class OidcLoginQuery extends LoginQuery {
  /** A hint about the user for the provider, such as an e-mail address (OpenID Connect Core 1.0, `login_hint`). */
  @MayBeAbsent()
  @IsString()
  @Length(1, 254)
  login_hint?: string;
}

export class BackchannelLogoutResponse {
  @Expose() accepted: boolean;
}
