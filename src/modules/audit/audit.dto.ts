import { Expose, Type } from 'class-transformer';
import { IsIn, IsString, IsUUID, Length, Matches } from 'class-validator';
import { StaffOnly } from '../../platform/http/audience.js';
import { IsInstant, MayBeAbsent } from '../../platform/http/fields.js';
import { PageQuery } from '../../platform/http/pagination.dto.js';
import { OUTCOMES, type Outcome } from './audit-search.js';

const CODE = /^[a-z][a-zA-Z0-9._:-]{0,63}$/;

/** `?limit=&cursor=` and what to look for; all filters hold together. */
export class AuditQuery extends PageQuery {
  /** A type of event from `/v1/audit/event-types`. */
  @MayBeAbsent()
  @Matches(CODE, { message: 'must be a type of event' })
  type?: string;

  /** A category of events from `/v1/audit/event-types`. */
  @MayBeAbsent()
  @Matches(CODE, { message: 'must be a category of events' })
  category?: string;

  /** Id of the user, job or webhook source that acted. */
  @MayBeAbsent()
  @IsString()
  @Length(1, 100)
  actorId?: string;

  /** A declared type of resource: `person`, `webhook-source`, … */
  @MayBeAbsent()
  @Matches(CODE, { message: 'must be a type of resource' })
  targetType?: string;

  @MayBeAbsent()
  @IsString()
  @Length(1, 100)
  targetId?: string;

  @MayBeAbsent()
  @IsIn(OUTCOMES)
  outcome?: Outcome;

  /** What was done under an access grant. */
  @MayBeAbsent()
  @IsUUID()
  accessGrantId?: string;

  /** What was done with an API key. */
  @MayBeAbsent()
  @IsUUID()
  apiKeyId?: string;

  /** Entries of this moment and later: RFC 3339, or a date. */
  @MayBeAbsent()
  @IsInstant()
  from?: string;

  /** Entries before this moment: RFC 3339, or a date. */
  @MayBeAbsent()
  @IsInstant()
  to?: string;
}

/** Who acted. */
export class AuditActor {
  @Expose() type: 'user' | 'system' | 'source' | 'anonymous';
  @StaffOnly() id: string | null;
  @StaffOnly() email: string | null;
}

/** What it was done to. */
export class AuditTarget {
  @Expose() type: string;
  @StaffOnly() id: string;
}

/** A type of event, as its feature declares it. */
export class EventTypeResponse {
  @Expose() type: string;
  @Expose() category: string;
  @Expose() severity: 'info' | 'notice' | 'warning' | 'critical';
  @Expose() description: string;
}

/** An entry of the log. Category, severity and description are null for a type that is no longer declared. */
export class AuditEventResponse {
  /** Id of the event. */
  @Expose() id: string;
  @Expose() occurredAt: Date;
  @Expose() type: string;
  @Expose() category: string | null;
  @Expose() severity: 'info' | 'notice' | 'warning' | 'critical' | null;
  @Expose() description: string | null;
  @Expose() outcome: Outcome;
  @Expose() @Type(() => AuditActor) actor: AuditActor;
  @Expose() @Type(() => AuditTarget) target: AuditTarget | null;
  @StaffOnly() ip: string | null;
  @StaffOnly() userAgent: string | null;
  @StaffOnly() requestId: string;
  /** The API key that was used. */
  @StaffOnly() apiKeyId: string | null;
  /** The time-boxed access grant that was in force. */
  @StaffOnly() accessGrantId: string | null;
  /** The fields the event declares: ids, codes, counts, times. */
  @StaffOnly() @Type(() => Object) meta: Record<string, unknown>;
}
