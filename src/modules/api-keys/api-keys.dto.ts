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
import { MayBeAbsent } from '../../platform/http/fields.js';
import { PageQuery } from '../../platform/http/pagination.dto.js';

export const MAX_OVERLAP_SECONDS = 7 * 86_400;

export class CreateApiKeyDto {
  /** What the key is for. */
  @IsString()
  @Length(1, 100)
  name: string;

  /** What it may do, of what its member may do at the moment of each request. */
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(100)
  @ArrayUnique()
  @Matches(/^[a-z][a-z-]*:[a-z][a-z-]*$/, { each: true })
  permissions: string[];

  /** 1 to 365. */
  @IsInt()
  @Min(1)
  @Max(365)
  expiresInDays: number;

  /** Networks it may be used from, such as 192.0.2.0/24 or 2001:db8::/32; from anywhere, if not given. */
  @MayBeAbsent()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(20)
  @IsString({ each: true })
  @Length(2, 43, { each: true })
  allowedRanges?: string[];
}

export class RotateApiKeyDto {
  /** For how long the old key goes on working beside the new one: 0 to 604800. */
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
  /** The member it acts as. */
  @StaffOnly() membershipId: string;
  @Expose() name: string;
  /** How the key begins. */
  @Expose() prefix: string;
  @Expose() permissions: string[];
  @Expose() allowedRanges: string[] | null;
  @Expose() createdAt: Date;
  @Expose() expiresAt: Date;
  /** To the minute. */
  @Expose() lastUsedAt: Date | null;
  @StaffOnly() lastUsedIp: string | null;
  @Expose() revokedAt: Date | null;
  /** The key whose place it took. */
  @Expose() rotatedFrom: string | null;
}

export class NewApiKeyResponse extends ApiKeyResponse {
  /** The key itself, shown this once. */
  @Expose() key: string;
}
