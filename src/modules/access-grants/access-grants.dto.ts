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
import { IsPlainText, MayBeAbsent } from '../../platform/http/fields.js';
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
  /** The member who receives the permissions. Default: the caller. */
  @MayBeAbsent()
  @IsUUID()
  membershipId?: string;

  @ValidateNested({ each: true })
  @Type(() => GrantRequest)
  @ArrayMinSize(1)
  @ArrayMaxSize(20)
  grants: GrantRequest[];

  /** A person to assign to the member while the grant is active. The scope "assigned" then covers this person. */
  @MayBeAbsent()
  @IsUUID()
  personId?: string;

  /** The reason for the request. The approver sees it, and the grant keeps it. */
  @IsString()
  @Length(10, 500)
  @IsPlainText()
  reason: string;

  /** How many minutes the grant stays active after the approval: 5 to 480. */
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
  /** The member who requested the grant. Null when an operator requested it. */
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
  /** `org`, `assigned`, or `own`. */
  @Expose() scope: string;
}
