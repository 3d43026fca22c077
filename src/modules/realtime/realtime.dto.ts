import { Expose } from 'class-transformer';

/** The content of an event. Clients read details from the API. */
export class LiveEventResponse {
  /** The event type, equal to `event` of the stream. */
  @Expose() type: string;
  /** The type of the target resource. */
  @Expose() targetType: string | null;
  @Expose() targetId: string | null;
  @Expose() occurredAt: Date;
}
