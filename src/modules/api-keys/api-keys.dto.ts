import { Expose } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  ArrayUnique,
  IsArray,
  IsInt,
  IsString,
  IsUUID,
  Length,
  Matches,
  Max,
  Min,
} from 'class-validator';
import { StaffOnly } from '../../platform/http/audience.js';
import { IsIpRange, IsOneLine, MayBeAbsent } from '../../platform/http/fields.js';
import { PageQuery } from '../../platform/http/pagination.dto.js';

export const MAX_OVERLAP_SECONDS = 7 * 86_400;

export class CreateApiKeyDto {
  /** The name, which describes the purpose of the key. */
  @IsString()
  @Length(1, 100)
  @IsOneLine()
  name: string;

  /** The permissions of the key. A request with the key also needs the member's own current permission. */
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(100)
  @ArrayUnique()
  @Matches(/^[a-z][a-z-]*:[a-z][a-z-]*$/, { each: true })
  permissions: string[];

  /** How many days the key stays valid: 1 to 365. */
  @IsInt()
  @Min(1)
  @Max(365)
  expiresInDays: number;

  /** The networks from which the key works, such as 192.0.2.0/24 or 2001:db8::/32. Default: all networks. */
  @MayBeAbsent()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(20)
  @IsIpRange({ each: true })
  allowedRanges?: string[];
}

export class RotateApiKeyDto {
  /** How many seconds the old key stays valid after the rotation: 0 to 604800. */
  @MayBeAbsent()
  @IsInt()
  @Min(0)
  @Max(MAX_OVERLAP_SECONDS)
  overlapSeconds?: number;
}

export class ApiKeysQuery extends PageQuery {
  @MayBeAbsent()
  @IsUUID()
  membershipId?: string;
}

export class ApiKeyResponse {
  @Expose() id: string;
  /** The membership that the key acts as. */
  @StaffOnly() membershipId: string;
  @Expose() name: string;
  /** The first characters of the key. */
  @Expose() prefix: string;
  @Expose() permissions: string[];
  @Expose() allowedRanges: string[] | null;
  @Expose() createdAt: Date;
  @Expose() expiresAt: Date;
  /** The time of the last use, accurate to the minute. */
  @Expose() lastUsedAt: Date | null;
  @StaffOnly() lastUsedIp: string | null;
  @Expose() revokedAt: Date | null;
  /** The id of the key that this key replaced. */
  @Expose() rotatedFrom: string | null;
}

export class NewApiKeyResponse extends ApiKeyResponse {
  /** The full key, shown once. */
  @Expose() key: string;
}
