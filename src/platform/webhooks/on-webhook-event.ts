import type { AuditEventType, WebhookEventData, WebhookEventName } from '../feature/registry.js';

/** The delivery that carries an event. */
export interface WebhookDelivery {
  /** Id of the delivery. */
  id: string;
  /** Id of the webhook source, which is the actor of what the handler records. */
  sourceId: string;
  event: WebhookEventName;
  /** When the event happened, as the sender says: RFC 3339. */
  timestamp: string;
}

/**
 * Applies the validated `data` of an event; returns the id of the record that it created or changed. The handler runs
 * in one transaction with the mark that the delivery is processed.
 */
export type ApplyWebhookEvent<Data> = (data: Data, delivery: WebhookDelivery) => Promise<string>;

export interface WebhookEventOptions {
  /** Audit events that the handler may record. */
  emits?: readonly AuditEventType[];
}

export interface WebhookEventHandler extends WebhookEventOptions {
  events: readonly WebhookEventName[];
}

const HANDLER = Symbol('vouchsafe:webhook-event');

/** Makes a provider's method the handler of declared webhook events: `(data, delivery) => record id`. */
export function OnWebhookEvent<const N extends WebhookEventName>(
  events: N | readonly N[],
  options: WebhookEventOptions = {},
) {
  return <M extends ApplyWebhookEvent<WebhookEventData<N>>>(
    _target: object,
    _key: string | symbol,
    descriptor: TypedPropertyDescriptor<M>,
  ): void => {
    const handler: WebhookEventHandler = { events: [events].flat() as N[], ...options };
    Reflect.defineMetadata(HANDLER, handler, descriptor.value as object);
  };
}

/** What a method handles; undefined when it handles no webhook event. */
export function webhookEventHandler(method: object): WebhookEventHandler | undefined {
  return Reflect.getMetadata(HANDLER, method) as WebhookEventHandler | undefined;
}
