import type { ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import type { TenantContext } from '../database/tenant-context.js';
import type { RoutePolicy } from './decorators.js';

/** The row of `app.enter_session` and `app.enter_api_key`: who this is, and what stands in the way. */
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
  /** What the organization lacks in the sign-in: a second factor, its single sign-on, or a method that it takes. */
  required_action: 'step_up' | 'mfa_enrollment' | 'sso' | 'method' | null;
  /** When the user last proved who they are: at the sign-in, or by stepping up. */
  authenticated_at: Date;
  expires_at: Date;
  idle_minutes: number;
  access_grant_id: string | null;
  /** Of a key alone. */
  api_key_id?: string;
}

/** One try to reach a route, as it passes from layer to layer. */
export interface GuardContext {
  execution: ExecutionContext;
  request: Request;
  policy: RoutePolicy;
  mutating: boolean;
  /** How to enter with what the request carries, once the token layer has looked at it. */
  enter?: (readOnly: boolean) => TenantContext;
  /** The API key, where the request carries one. */
  apiKey?: string;
  /** The session, or what stands for it where a key was entered. */
  session?: SessionRow;
}

/** One reason to refuse: throws a Problem, or lets pass. */
export interface AccessCheck {
  check(attempt: GuardContext): void | Promise<void>;
}

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Whether a method may change something (RFC 9110 section 9.2.1). */
export function isMutating(method: string): boolean {
  return !SAFE.has(method);
}
