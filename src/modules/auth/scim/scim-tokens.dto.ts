import { Expose } from 'class-transformer';
import { IsInt, Max, Min } from 'class-validator';
import { StaffOnly } from '../../../platform/http/audience.js';

export class CreateScimTokenDto {
  /** The validity in days, from 1 to 365. */
  @IsInt()
  @Min(1)
  @Max(365)
  expiresInDays: number;
}

export class ScimTokenResponse {
  @Expose() id: string;
  /** The first characters of the token. */
  @Expose() prefix: string;
  @Expose() createdAt: Date;
  @Expose() expiresAt: Date;
  /** The time of the last use, accurate to the minute. */
  @Expose() lastUsedAt: Date | null;
  @StaffOnly() lastUsedIp: string | null;
  @Expose() revokedAt: Date | null;
}

export class NewScimTokenResponse extends ScimTokenResponse {
  /** The token. The API returns it only once. */
  @Expose() token: string;
  /** The base URL of the SCIM service. Enter it in the SCIM configuration of the directory. */
  @Expose() baseUrl: string;
}
