import { currentContext } from '../../platform/context/context.js';
import { declared } from '../../platform/feature/registry.js';
import { Problem } from '../../platform/problem/index.js';

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

/** Returns the event types that the caller may let a source send: those whose effects the caller may cause. */
export function ownEvents(): string[] {
  return [...permittedEvents({ events: [...declared('webhookEvents').keys()], grants: ownGrants() })];
}

/**
 * Checks that the caller may let a source send event types, because the holder of its secret causes their effects.
 * Throws `invalid_request` for an unknown event type. Throws `insufficient_privileges_to_grant` when the caller lacks
 * a permission or has an active access grant, because a member cannot pass on time-limited permissions.
 */
export function assertMaySend(events: readonly string[]): void {
  if (!events.every((event) => declared('webhookEvents').has(event)))
    throw new Problem('invalid_request', { errors: [{ field: 'events', message: 'must be known event types' }] });
  const permitted = permittedEvents({ events, grants: ownGrants() });
  if (events.length === 0 || permitted.size < events.length || currentContext().member?.accessGrantId)
    throw new Problem('insufficient_privileges_to_grant');
}

/** Returns the grants of the caller; null for the operator, who may cause every effect. */
function ownGrants(): SourceAuthority['grants'] {
  const { member } = currentContext();
  return member === null ? null : Object.fromEntries(member.grants);
}
