import type { ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import type { TenantContext } from '../database/tenant-context.js';
import type { RoutePolicy } from './decorators.js';

/** The row of `app.enter_session` and `app.enter_api_key`: the member and the reasons that can deny access. */
export interface SessionRow {
  state: 'ok' | 'unknown' | 'revoked' | 'expired' | 'key_expired' | 'idle' | 'address' | 'ended' | 'suspended';
  session_id: string | null;
  user_id: string;
  email: string;
  user_name: string;
  org_id: string;
  org_name: string;
  preset: string;
  membership_id: string;
  person_id: string | null;
  role: string;
  portal: boolean;
  grants: string;
  method: string;
  must_change_password: boolean;
  /** The requirement that the sign-in does not meet: step-up, MFA enrollment, SSO, or an allowed method. */
  required_action: 'step_up' | 'mfa_enrollment' | 'sso' | 'method' | null;
  /** The time of the last authentication: the sign-in or a step-up. */
  authenticated_at: Date;
  expires_at: Date;
  idle_minutes: number;
  access_grant_id: string | null;
  /** Set only for API keys. */
  api_key_id?: string;
}

/** The state of one request while the access checks run. */
export interface GuardContext {
  execution: ExecutionContext;
  request: Request;
  policy: RoutePolicy;
  mutating: boolean;
  /** Returns the tenant context for the credential of the request. TokenCheck sets it. */
  enter?: (readOnly: boolean) => TenantContext;
  /** The API key, if the request has one. */
  apiKey?: string;
  /** The session; for an API key, the row of `app.enter_api_key`. */
  session?: SessionRow;
}

/** One access condition. `check` throws a Problem when the condition is not met. */
export interface AccessCheck {
  check(attempt: GuardContext): void | Promise<void> | undefined;
}

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Returns true for methods that may change state (RFC 9110 section 9.2.1). */
export function isMutating(method: string): boolean {
  return !SAFE.has(method);
}
