import { Expose, Type } from 'class-transformer';
import { IsInt, IsString, Length, Matches, Max, Min } from 'class-validator';
import { StaffOnly } from '../../platform/http/audience.js';
import { MayBeAbsent } from '../../platform/http/fields.js';
import { PageQuery } from '../../platform/http/pagination.dto.js';

/** A retention policy with the settings of the organization. */
export class PolicyResponse {
  @Expose() name: string;
  @Expose() description: string;
  @StaffOnly() table: string;
  /** The column that determines the age of a row. */
  @StaffOnly() ageColumn: string;
  /** The age in days at which a row is due for removal. */
  @Expose() days: number;
  /** The number of days that the policy declares. It applies when the organization has no setting of its own. */
  @Expose() declaredDays: number;
  /** The smallest allowed value of `days`. */
  @StaffOnly() floorDays: number;
  /** `delete` removes the rows. `clear` empties some of their columns. */
  @Expose() action: 'delete' | 'clear';
  /** The columns that `clear` empties. */
  @StaffOnly() columns: string[];
  @StaffOnly() nextRunAt: Date;
}

/** The result of a preview. */
export class PlanResponse {
  @Expose() policy: string;
  /** The number of due rows. */
  @StaffOnly() due: number;
  /** The time that determines the age of the oldest due row. */
  @StaffOnly() oldest: Date | null;
  /** Only rows older than this time are due. The value changes once an hour. */
  @Expose() cutoff: Date;
  /** SHA-256 of the plan, in hexadecimal. Pass it to `run` to remove exactly these rows. */
  @StaffOnly() planHash: string;
}

export class SetDaysDto {
  /** The new number of days. It must be at least `floorDays` of the policy. */
  @IsInt()
  @Min(0)
  @Max(36_500)
  days: number;
}

export class RunPolicyDto {
  /** The `planHash` of a preview. The API rejects the run if the due rows have changed since the preview. */
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

/**
 * One run of a policy. The audit event `retention.completed` with this run as its target is the certificate of the
 * deletion.
 */
export class RunResponse {
  @Expose() id: string;
  @Expose() policy: string;
  @Expose() status: 'queued' | 'running' | 'completed' | 'failed';
  /** The id of the user who requested the run, or the name of the job or operator. */
  @StaffOnly() requestedBy: string;
  @Expose() cutoff: Date;
  @StaffOnly() planHash: string;
  /** The number of rows that were due when the run was planned. */
  @StaffOnly() due: number;
  @StaffOnly() removed: number;
  /** The number of stored objects that were removed together with the rows. */
  @StaffOnly() objects: number;
  @StaffOnly() batches: number;
  @Expose() createdAt: Date;
  @Expose() @Type(() => Date) finishedAt: Date | null;
}
