import { applyDecorators } from '@nestjs/common';
import { ApiBearerAuth, ApiCookieAuth, ApiExtension } from '@nestjs/swagger';
import type { AuditEventType, Permission } from '../feature/registry.js';
import type { RateLimit } from '../http/rate-limit.js';

/** What a route asks for beyond its permission. */
export interface RouteOptions {
  /** Events the route may record. One that changes something records at least one of them, or is rolled back. */
  emits?: readonly AuditEventType[];
  /** Of people: a sign-in, or a step-up, no older than this many minutes. */
  stepUpMinutes?: number;
  /** The limit on this route, by address. */
  limit?: RateLimit;
  /**
   * Sent by programs on their own, so that it is no sign of somebody being there: it does not keep a session from
   * falling idle.
   */
  background?: true;
  /** Open to a signed-in user who must still change the password, use a second factor, or come through SSO. */
  allowIncompleteSetup?: true;
  /** Open to a signed-in user who must still enrol a second factor, or show it: for that alone. */
  allowWithoutMfa?: true;
  /** About a person's own account, or for a person to decide: no API key may come here. */
  interactiveOnly?: true;
}

/** How a route may be reached. */
export type RoutePolicy = RouteOptions &
  (
    | { kind: 'public'; reason: string }
    | { kind: 'access'; permission: Permission | 'signed-in' }
    | { kind: 'directory' }
  );

const POLICY = Symbol('vouchsafe:route-policy');

/** Notes the policy for the guard, and shows it in the OpenAPI document. */
function declare(policy: RoutePolicy): MethodDecorator {
  const note: MethodDecorator = (_target, _key, descriptor) => {
    Reflect.defineMetadata(POLICY, policy, descriptor.value as object);
  };
  return applyDecorators(note, ...Object.entries(extensionsOf(policy)).map(([key, value]) => ApiExtension(key, value)));
}

/**
 * A policy as OpenAPI extensions, of which a route has exactly one: `x-permission` names the permission; `x-access`
 * says that every member (`signed-in`) or only a SCIM client (`scim`) has access; `x-public` gives the reason why the
 * route needs no authentication.
 */
function extensionsOf(policy: RoutePolicy): Record<`x-${string}`, string> {
  if (policy.kind === 'public') return { 'x-public': policy.reason };
  if (policy.kind === 'directory') return { 'x-access': 'scim' };
  return policy.permission === 'signed-in' ? { 'x-access': 'signed-in' } : { 'x-permission': policy.permission };
}

/** Open to members whose role grants the permission; 'signed-in' to every member. */
export function Access(permission: Permission | 'signed-in', options: RouteOptions = {}): MethodDecorator {
  const policy = declare({ kind: 'access', permission, ...options });
  return options.interactiveOnly ? applyDecorators(policy, ApiCookieAuth('session')) : policy;
}

/** Open to anybody, for the reason written here. */
export function Public(reason: string, options: RouteOptions = {}): MethodDecorator {
  return declare({ kind: 'public', reason, ...options });
}

/**
 * Open to the directory of an institution, by a SCIM token of one of its connections; it reaches what that directory
 * has said itself.
 */
export function ScimAccess(options: Pick<RouteOptions, 'emits'>): MethodDecorator {
  return applyDecorators(declare({ kind: 'directory', ...options }), ApiBearerAuth('directory'));
}

/** What a route handler declares; undefined when nothing, and then nobody may reach it. */
export function routePolicy(handler: object): RoutePolicy | undefined {
  return Reflect.getMetadata(POLICY, handler) as RoutePolicy | undefined;
}
