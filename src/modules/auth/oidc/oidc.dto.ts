import { Expose } from 'class-transformer';
import { IsString, Length } from 'class-validator';
import { MayBeAbsent } from '../../../platform/http/fields.js';
import { DepartQuery } from '../sso/index.js';

export class OidcDepartQuery extends DepartQuery {
  /** Who it probably is, as the provider calls them. */
  @MayBeAbsent()
  @IsString()
  @Length(1, 254)
  login_hint?: string;
}

export class BackchannelLogoutResponse {
  @Expose() accepted: boolean;
}
