import { Expose, Type } from 'class-transformer';
import { IsInt, IsString, Length, Matches, Max, Min } from 'class-validator';
import { StaffOnly } from '../../platform/http/audience.js';
import { MayBeAbsent } from '../../platform/http/fields.js';
import { PageQuery } from '../../platform/http/pagination.dto.js';

/** A policy as it holds in the organization. */
export class PolicyResponse {
  @Expose() name: string;
  @Expose() description: string;
  @StaffOnly() table: string;
  /** The column that tells a row's age. */
  @StaffOnly() ageColumn: string;
  /** How long rows are kept after that. */
  @Expose() days: number;
  /** How long they are kept where the organization sets nothing. */
  @Expose() declaredDays: number;
  /** The least that `days` may be. */
  @StaffOnly() floorDays: number;
  /** Whether rows are deleted, or some of their columns emptied. */
  @Expose() action: 'delete' | 'clear';
  /** The columns that are emptied. */
  @StaffOnly() columns: string[];
  @StaffOnly() nextRunAt: Date;
}

/** What a run would remove now. */
export class PlanResponse {
  @Expose() policy: string;
  /** Number of rows. */
  @StaffOnly() due: number;
  /** Age of the oldest of them. */
  @StaffOnly() oldest: Date | null;
  /** Rows of this age and later stay. Moves on the full hour. */
  @Expose() cutoff: Date;
  /** SHA-256 in hex; hand it to `run` to remove exactly this. */
  @StaffOnly() planHash: string;
}

export class SetDaysDto {
  /** No fewer than the policy's floor. */
  @IsInt()
  @Min(0)
  @Max(36_500)
  days: number;
}

export class RunPolicyDto {
  /** The hash of a preview: the run is refused when something else is due by now. */
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

/** One run of a policy. Its certificate is the event `retention.completed` with this run as target. */
export class RunResponse {
  @Expose() id: string;
  @Expose() policy: string;
  @Expose() status: 'queued' | 'running' | 'completed' | 'failed';
  /** Id of the user, or the name of the job or operator. */
  @StaffOnly() requestedBy: string;
  @Expose() cutoff: Date;
  @StaffOnly() planHash: string;
  /** Rows that were due when it was planned. */
  @StaffOnly() due: number;
  @StaffOnly() removed: number;
  /** Stored objects that went with them. */
  @StaffOnly() objects: number;
  @StaffOnly() batches: number;
  @Expose() createdAt: Date;
  @Expose() @Type(() => Date) finishedAt: Date | null;
}
