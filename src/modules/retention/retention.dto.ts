import { Expose, Type } from 'class-transformer';
import { IsInt, IsString, Length, Matches, Max, Min } from 'class-validator';
import { StaffOnly } from '../../platform/http/audience.js';
import { MayBeAbsent } from '../../platform/http/fields.js';
import { PageQuery } from '../../platform/http/pagination.dto.js';

/** A policy as it applies to the organization. */
export class PolicyResponse {
  @Expose() name: string;
  @Expose() description: string;
  @StaffOnly() table: string;
  /** The column with the age of a row. */
  @StaffOnly() ageColumn: string;
  /** Days until a row is due. */
  @Expose() days: number;
  /** The declared days, used without a setting of the organization. */
  @Expose() declaredDays: number;
  /** The minimum for `days`. */
  @StaffOnly() floorDays: number;
  /** Whether rows are deleted or some of their columns cleared. */
  @Expose() action: 'delete' | 'clear';
  /** The cleared columns. */
  @StaffOnly() columns: string[];
  @StaffOnly() nextRunAt: Date;
}

/** The result of a preview. */
export class PlanResponse {
  @Expose() policy: string;
  /** The number of due rows. */
  @StaffOnly() due: number;
  /** The age of the oldest due row. */
  @StaffOnly() oldest: Date | null;
  /** Rows of this age and newer stay. The value moves on the full hour. */
  @Expose() cutoff: Date;
  /** SHA-256 in hex. Pass it to `run` to remove exactly these rows. */
  @StaffOnly() planHash: string;
}

export class SetDaysDto {
  /** At least the policy's floor. */
  @IsInt()
  @Min(0)
  @Max(36_500)
  days: number;
}

export class RunPolicyDto {
  /** The hash of a preview. The run is rejected when other rows are due by then. */
  @MayBeAbsent()
  @Matches(/^[0-9a-f]{64}$/, { message: 'must be the planHash of a preview' })
  planHash?: string;
}

export class RunStartedResponse {
  @Expose() runId: string;
}

export class RunsQuery extends PageQuery {
  @MayBeAbsent()
  @IsString()
  @Length(1, 100)
  policy?: string;
}

/** One run of a policy. The event `retention.completed` with this run as target is its certificate. */
export class RunResponse {
  @Expose() id: string;
  @Expose() policy: string;
  @Expose() status: 'queued' | 'running' | 'completed' | 'failed';
  /** The id of the user, or the name of the job or operator. */
  @StaffOnly() requestedBy: string;
  @Expose() cutoff: Date;
  @StaffOnly() planHash: string;
  /** Rows that were due at the time of planning. */
  @StaffOnly() due: number;
  @StaffOnly() removed: number;
  /** Stored objects that were removed with the rows. */
  @StaffOnly() objects: number;
  @StaffOnly() batches: number;
  @Expose() createdAt: Date;
  @Expose() @Type(() => Date) finishedAt: Date | null;
}
