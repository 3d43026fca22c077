import { Expose } from 'class-transformer';

export class BackchannelLogoutResponse {
  @Expose() accepted: boolean;
}
