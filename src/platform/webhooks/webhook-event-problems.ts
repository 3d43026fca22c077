import { getMetadataStorage } from 'class-validator';
import { declared } from '../feature/registry.js';
import type { BoundWebhookEventHandler } from './webhook-event-handlers.js';

/** Returns a message for each difference between declared webhook events and handlers, with the correction. */
export function webhookEventProblems(handlers: ReadonlyMap<string, BoundWebhookEventHandler>): string[] {
  const events = declared('webhookEvents');
  return [
    ...[...events.keys()]
      .filter((event) => !handlers.has(event))
      .map(
        (event) =>
          `webhook event "${event}" is declared but has no handler: ` +
          `add a provider method with @OnWebhookEvent('${event}'), or remove it`,
      ),
    ...[...handlers]
      .filter(([event]) => !events.has(event))
      .map(
        ([event, { where }]) =>
          `webhook event "${event}" is handled by ${where} but not declared: ` +
          "add it to webhookEvents in the module's feature file",
      ),
    ...[...events]
      .filter(([, { dto, orderKey }]) => !validatedFields(dto).has(orderKey))
      .map(
        ([event, { dto, orderKey }]) =>
          `webhook event "${event}" is ordered by "${orderKey}", which ${dto.name} does not validate: ` +
          'name one of its fields in orderKey',
      ),
  ];
}

function validatedFields(dto: new () => object): ReadonlySet<string> {
  const metadata = getMetadataStorage().getTargetValidationMetadatas(dto, '', false, false);
  return new Set(metadata.map(({ propertyName }) => propertyName));
}
