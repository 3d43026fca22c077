import { Expose, Type } from 'class-transformer';
import { IsIn, IsString, IsUUID, Length, Matches } from 'class-validator';
import { StaffOnly } from '../../platform/http/audience.js';
import { IsInstant, MayBeAbsent } from '../../platform/http/fields.js';
import { PageQuery } from '../../platform/http/pagination.dto.js';
import { OUTCOMES, type Outcome } from './audit-search.js';

const CODE = /^[a-z][a-zA-Z0-9._:-]{0,63}$/;

/** `?limit=&cursor=` and the filters. An event must match all given filters. */
export class AuditQuery extends PageQuery {
  /** An event type from `/v1/audit/event-types`. */
  @MayBeAbsent()
  @Matches(CODE, { message: 'must be an event type' })
  type?: string;

  /** An event category from `/v1/audit/event-types`. */
  @MayBeAbsent()
  @Matches(CODE, { message: 'must be an event category' })
  category?: string;

  /** The id of the user, job, or webhook source that acted. */
  @MayBeAbsent()
  @IsString()
  @Length(1, 100)
  actorId?: string;

  /** A declared resource type: `person`, `webhook-source`, … */
  @MayBeAbsent()
  @Matches(CODE, { message: 'must be a resource type' })
  targetType?: string;

  @MayBeAbsent()
  @IsString()
  @Length(1, 100)
  targetId?: string;

  @MayBeAbsent()
  @IsIn(OUTCOMES)
  outcome?: Outcome;

  /** The id of the access grant under which the actor acted. */
  @MayBeAbsent()
  @IsUUID()
  accessGrantId?: string;

  /** The id of the API key that made the request. */
  @MayBeAbsent()
  @IsUUID()
  apiKeyId?: string;

  /** Events at or after this time: RFC 3339, or a date. */
  @MayBeAbsent()
  @IsInstant()
  from?: string;

  /** Events before this time: RFC 3339, or a date. */
  @MayBeAbsent()
  @IsInstant()
  to?: string;
}

/** The actor of an event. */
export class AuditActor {
  @Expose() type: 'user' | 'system' | 'source' | 'anonymous';
  @StaffOnly() id: string | null;
  @StaffOnly() email: string | null;
}

/** The resource that the event concerns. */
export class AuditTarget {
  @Expose() type: string;
  @StaffOnly() id: string;
}

/** An event type, as its feature declares it. */
export class EventTypeResponse {
  @Expose() type: string;
  @Expose() category: string;
  @Expose() severity: 'info' | 'notice' | 'warning' | 'critical';
  @Expose() description: string;
}

/** An audit event. If the type is no longer declared, the category, severity, and description are null. */
export class AuditEventResponse {
  /** The id of the event. */
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
  /** The API key of the request. */
  @StaffOnly() apiKeyId: string | null;
  /** The id of the access grant that was active during the request. */
  @StaffOnly() accessGrantId: string | null;
  /** The metadata of the event: ids, codes, counts, and times. It contains only fields that the event type declares. */
  @StaffOnly() @Type(() => Object) meta: Record<string, unknown>;
}
