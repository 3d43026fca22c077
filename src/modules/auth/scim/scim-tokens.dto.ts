import { Expose } from 'class-transformer';
import { IsInt, Max, Min } from 'class-validator';
import { StaffOnly } from '../../../platform/http/audience.js';

export class CreateScimTokenDto {
  /** 1 to 365. */
  @IsInt()
  @Min(1)
  @Max(365)
  expiresInDays: number;
}

export class ScimTokenResponse {
  @Expose() id: string;
  /** How the token begins. */
  @Expose() prefix: string;
  @Expose() createdAt: Date;
  @Expose() expiresAt: Date;
  /** To the minute. */
  @Expose() lastUsedAt: Date | null;
  @StaffOnly() lastUsedIp: string | null;
  @Expose() revokedAt: Date | null;
}

export class NewScimTokenResponse extends ScimTokenResponse {
  /** The token itself, shown this once. */
  @Expose() token: string;
  /** What the directory asks for as the address of the service. */
  @Expose() baseUrl: string;
}
