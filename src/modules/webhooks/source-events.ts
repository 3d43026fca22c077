import { declared, type WebhookEventName } from '../../platform/feature/registry.js';

/** What a source may send, and with which permissions. */
export interface SourceAuthority {
  /** The event types that the source was made for. */
  readonly events: readonly string[];
  /** The current grants of the responsible member, as {permission: scope}. Null if the operator is responsible. */
  readonly grants: Readonly<Record<string, string>> | null;
}

/** Returns the event types whose effect the responsible member may cause now. */
export function permittedEvents({ events, grants }: SourceAuthority): ReadonlySet<string> {
  return new Set(
    events.filter((event) => {
      const permissions = declared('webhookEvents').get(event)?.permissions;
      return permissions?.every((permission) => grants === null || grants[permission] === 'org');
    }),
  );
}

/** Returns the permissions that event types need, each with the scope `org`. Ignores undeclared types. */
export function neededGrants(events: readonly string[]): ReadonlyMap<string, string> {
  const permissions = events.flatMap((event) => declared('webhookEvents').get(event)?.permissions ?? []);
  return new Map(permissions.map((permission) => [permission, 'org']));
}

export function declaredEvents(): WebhookEventName[] {
  return [...declared('webhookEvents').keys()] as WebhookEventName[];
}
