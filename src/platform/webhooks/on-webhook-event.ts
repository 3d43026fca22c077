import type { AuditEventType, WebhookEventData, WebhookEventName } from '../feature/registry.js';

/** The delivery of a webhook event. */
export interface WebhookDelivery {
  /** The id of the delivery. */
  id: string;
  /** The id of the webhook source, which is the actor of the audit events of the handler. */
  sourceId: string;
  event: WebhookEventName;
  /** The time of the event from the sender (RFC 3339). */
  timestamp: string;
}

/**
 * Processes the validated `data` of an event and returns the id of the record that it created or changed. The handler
 * runs in one transaction with the processed mark of the delivery.
 */
export type ApplyWebhookEvent<Data> = (data: Data, delivery: WebhookDelivery) => Promise<string>;

export interface WebhookEventOptions {
  /** The audit events that the handler can record. */
  emits?: readonly AuditEventType[];
}

export interface WebhookEventHandler extends WebhookEventOptions {
  events: readonly WebhookEventName[];
}

const HANDLER = Symbol('vouchsafe:webhook-event');

/** Declares a provider method as the handler of webhook events: `(data, delivery) => record id`. */
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

/** Returns the webhook events that a method handles, or undefined. */
export function webhookEventHandler(method: object): WebhookEventHandler | undefined {
  return Reflect.getMetadata(HANDLER, method) as WebhookEventHandler | undefined;
}
