import { Expose, Type } from 'class-transformer';
import { IsInt, IsString, Length, Matches, Max, Min } from 'class-validator';
import { MayBeAbsent } from '../../platform/http/fields.js';
import { PageQuery } from '../../platform/http/pagination.dto.js';

/** A policy as it holds in the organization. */
export class PolicyResponse {
  @Expose() name: string;
  @Expose() description: string;
  @Expose() table: string;
  /** The column that tells a row's age. */
  @Expose() ageColumn: string;
  /** How long rows are kept after that. */
  @Expose() days: number;
  /** How long they are kept where the organization sets nothing. */
  @Expose() declaredDays: number;
  /** The least that `days` may be. */
  @Expose() floorDays: number;
  /** Whether rows are deleted, or some of their columns emptied. */
  @Expose() action: 'delete' | 'clear';
  /** The columns that are emptied. */
  @Expose() columns: string[];
  @Expose() nextRunAt: Date;
}

/** What a run would remove now. */
export class PlanResponse {
  @Expose() policy: string;
  /** Number of rows. */
  @Expose() due: number;
  /** Age of the oldest of them. */
  @Expose() oldest: Date | null;
  /** Rows of this age and later stay. Moves on the full hour. */
  @Expose() cutoff: Date;
  /** SHA-256 in hex; hand it to `run` to remove exactly this. */
  @Expose() planHash: string;
}

export class SetDaysDto {
  /** No fewer than the policy's floor. */
  @IsInt() @Min(0) @Max(36_500)
  days: number;
}

export class RunPolicyDto {
  /** The hash of a preview: the run is refused when something else is due by now. */
  @MayBeAbsent() @Matches(/^[0-9a-f]{64}$/, { message: 'must be the planHash of a preview' })
  planHash?: string;
}

export class RunStartedResponse {
  @Expose() runId: string;
}

export class RunsQuery extends PageQuery {
  @MayBeAbsent() @IsString() @Length(1, 100)
  policy?: string;
}

/** One run of a policy. Its certificate is the event `retention.completed` with this run as target. */
export class RunResponse {
  @Expose() id: string;
  @Expose() policy: string;
  @Expose() status: 'queued' | 'running' | 'completed' | 'failed';
  /** Id of the user, or the name of the job or operator. */
  @Expose() requestedBy: string;
  @Expose() cutoff: Date;
  @Expose() planHash: string;
  /** Rows that were due when it was planned. */
  @Expose() due: number;
  @Expose() removed: number;
  /** Stored objects that went with them. */
  @Expose() objects: number;
  @Expose() batches: number;
  @Expose() createdAt: Date;
  @Expose() @Type(() => Date) finishedAt: Date | null;
}
