import { Expose } from 'class-transformer';
import { IsString, Length } from 'class-validator';
import { MayBeAbsent } from '../../../platform/http/fields.js';
import { LoginQuery } from '../sso/index.js';

export class OidcLoginQuery extends LoginQuery {
  /** Who it probably is, as the provider calls them. */
  @MayBeAbsent()
  @IsString()
  @Length(1, 254)
  login_hint?: string;
}

export class BackchannelLogoutResponse {
  @Expose() accepted: boolean;
}
