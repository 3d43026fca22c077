import { Expose, Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsIn,
  IsInt,
  IsString,
  IsUUID,
  Length,
  Matches,
  Max,
  Min,
  ValidateNested,
} from 'class-validator';
import { StaffOnly } from '../../platform/http/audience.js';
import { MayBeAbsent } from '../../platform/http/fields.js';
import { PageQuery } from '../../platform/http/pagination.dto.js';

export const GRANT_STATUSES = ['requested', 'approved', 'declined', 'ended'] as const;
export type GrantStatus = (typeof GRANT_STATUSES)[number];

export class GrantRequest {
  @Matches(/^[a-z][a-z-]*:[a-z][a-z-]*$/)
  permission: string;

  @IsIn(['org', 'assigned', 'own'])
  scope: 'org' | 'assigned' | 'own';
}

export class RequestAccessDto {
  /** The recipient. Default: the caller. */
  @MayBeAbsent()
  @IsUUID()
  membershipId?: string;

  @ValidateNested({ each: true })
  @Type(() => GrantRequest)
  @ArrayMinSize(1)
  @ArrayMaxSize(20)
  grants: GrantRequest[];

  /** A person to assign to the member for that time, so that the scope "assigned" covers the person. */
  @MayBeAbsent()
  @IsUUID()
  personId?: string;

  /** The reason. The approver sees it, and it is stored with the grant. */
  @IsString()
  @Length(10, 500)
  reason: string;

  /** Minutes from the approval on: 5 to 480. */
  @IsInt()
  @Min(5)
  @Max(480)
  minutes: number;
}

export class AccessGrantsQuery extends PageQuery {
  @MayBeAbsent()
  @IsIn(GRANT_STATUSES)
  status?: GrantStatus;

  @MayBeAbsent()
  @IsUUID()
  membershipId?: string;
}

export class AccessGrantResponse {
  @Expose() id: string;
  @StaffOnly() membershipId: string;
  @StaffOnly() personId: string | null;
  @Expose() @Type(() => GrantRequestResponse) grants: GrantRequestResponse[];
  @StaffOnly() reason: string;
  @Expose() minutes: number;
  /** The member who requested the grant; null for an operator. */
  @StaffOnly() requestedBy: string | null;
  @Expose() createdAt: Date;
  /** An approved grant is active until `expiresAt`. */
  @Expose() status: GrantStatus;
  @StaffOnly() decidedBy: string | null;
  @Expose() decidedAt: Date | null;
  @Expose() expiresAt: Date | null;
  @Expose() endedAt: Date | null;
}

export class GrantRequestResponse {
  @Expose() permission: string;
  /** org, assigned or own. */
  @Expose() scope: string;
}
