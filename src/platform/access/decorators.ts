import { applyDecorators } from '@nestjs/common';
import { ApiBearerAuth, ApiCookieAuth, ApiExtension } from '@nestjs/swagger';
import type { AuditEventType, Permission } from '../feature/registry.js';
import { SCIM_BODY, PUBLIC_BODY, type BodyRule } from '../http/body.js';
import type { NetworkLimit } from './network-limit.js';

/** Options of a route in addition to its permission. */
export interface RouteOptions {
  /** Events that the route may record. A mutating request is rolled back unless it records at least one event. */
  emits?: readonly AuditEventType[];
  /**
   * The maximum age of the last sign-in or step-up, in minutes. The route is then `interactiveOnly`, because an API key
   * cannot step up.
   */
  stepUpMinutes?: number;
  /** The rate limit of this route for each client network. */
  limit?: NetworkLimit;
  /** The format and size of the body. Default: JSON of BODY_LIMIT_BYTES; for a public route, JSON of 4 KiB. */
  body?: BodyRule;
  /** Marks requests that a page sends without a user action. They do not extend the idle timeout of the session. */
  background?: true;
  /** Skips the password-change, MFA, enforced-SSO, and sign-in-method checks. */
  allowIncompleteSetup?: true;
  /** Skips only the MFA check, so that a user can enroll or use a factor. */
  allowWithoutMfa?: true;
  /** Denies API keys. For routes that concern the user's own account or need a decision by the user. */
  interactiveOnly?: true;
}

/** The access policy of a route. */
export type RoutePolicy = RouteOptions &
  (
    | { kind: 'public'; reason: string; otherOrigins?: string }
    | { kind: 'access'; permission: Permission | 'signed-in' }
    | { kind: 'scim' }
  );

const POLICY = Symbol('vouchsafe:route-policy');

/** The OpenAPI extension with the maximum age of the last sign-in or step-up, in minutes. */
export const STEP_UP_EXTENSION = 'x-step-up-minutes';

/** Stores the policy for the guard and adds it to the OpenAPI document. */
function declare(policy: RoutePolicy): MethodDecorator {
  const storePolicy: MethodDecorator = (_target, _key, descriptor) => {
    Reflect.defineMetadata(POLICY, policy, descriptor.value as object);
  };
  return applyDecorators(
    storePolicy,
    ...Object.entries(extensionsOf(policy)).map(([key, value]) => ApiExtension(key, value)),
  );
}

/**
 * Returns the policy as OpenAPI extensions. Each route has exactly one. `x-permission` names the required permission.
 * `x-access` is `signed-in` (every member has access) or `scim` (only SCIM clients have access). `x-public` gives the
 * reason why the route needs no authentication.
 */
function extensionsOf(policy: RoutePolicy): Record<`x-${string}`, string | number> {
  if (policy.kind === 'public') return { 'x-public': policy.reason };
  if (policy.kind === 'scim') return { 'x-access': 'scim' };
  return {
    ...(policy.permission === 'signed-in' ? { 'x-access': 'signed-in' } : { 'x-permission': policy.permission }),
    ...(policy.stepUpMinutes !== undefined && { [STEP_UP_EXTENSION]: policy.stepUpMinutes }),
  };
}

/** Allows members whose role grants the permission; 'signed-in' allows every member. */
export function Access(permission: Permission | 'signed-in', options: RouteOptions = {}): MethodDecorator {
  const interactive = options.interactiveOnly === true || options.stepUpMinutes !== undefined;
  const policy = declare({ kind: 'access', permission, ...options, ...(interactive && { interactiveOnly: true }) });
  return interactive ? applyDecorators(policy, ApiCookieAuth('session')) : policy;
}

/** Options of a public route. */
export interface PublicOptions extends RouteOptions {
  /** The reason why pages of other sites may send a mutating request. Without it, they may not. */
  otherOrigins?: string;
}

/** Allows requests without authentication and states the reason. */
export function Public(reason: string, options: PublicOptions = {}): MethodDecorator {
  return declare({ kind: 'public', reason, body: PUBLIC_BODY, ...options });
}

/**
 * Allows SCIM clients with a token of one of the organization's connections. A client can access only the resources
 * that it provisioned.
 */
export function ScimAccess(options: Pick<RouteOptions, 'emits'>): MethodDecorator {
  return applyDecorators(declare({ kind: 'scim', body: SCIM_BODY, ...options }), ApiBearerAuth('scim'));
}

/** Returns the policy of a route handler; undefined means that the guard denies every request. */
export function routePolicy(handler: object): RoutePolicy | undefined {
  return Reflect.getMetadata(POLICY, handler) as RoutePolicy | undefined;
}
