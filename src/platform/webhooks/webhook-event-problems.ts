import { declared } from '../feature/registry.js';
import { fieldsOf } from '../input/input.js';
import type { BoundWebhookEventHandler } from './webhook-event-handlers.js';

/**
 * Returns a message with the correction for each webhook event that has no handler, is not declared, or has an invalid
 * order key or permission.
 */
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
      .filter(([, { dto, orderKey }]) => !fieldsOf(dto).has(orderKey))
      .map(
        ([event, { dto, orderKey }]) =>
          `webhook event "${event}" has the orderKey "${orderKey}", but ${dto.name} has no validated field of this ` +
          'name: set orderKey to a validated field',
      ),
    ...[...events].flatMap(([event, { permissions }]) =>
      permissions
        .filter((permission) => !declared('permissions').has(permission))
        .map(
          (permission) =>
            `webhook event "${event}" needs the permission "${permission}", which is not declared: ` +
            'declare it, or name the permission of the effect',
        ),
    ),
  ];
}
