import { Expose } from 'class-transformer';

/** What listeners are told of an event. Whoever wants to know more asks the API. */
export class LiveEventResponse {
  /** The type of the event, as `event` of the stream has it. */
  @Expose() type: string;
  /** The kind of thing it happened to. */
  @Expose() targetType: string | null;
  @Expose() targetId: string | null;
  @Expose() occurredAt: Date;
}
