import type { ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import type { RoutePolicy } from './decorators.js';

/** The row of `app.enter_session`: who this is, and what stands in the way. */
export interface SessionRow {
  state: 'ok' | 'unknown' | 'expired' | 'idle' | 'ended' | 'suspended';
  session_id: string;
  user_id: string;
  email: string;
  user_name: string;
  org_id: string;
  org_name: string;
  preset: string;
  membership_id: string;
  person_id: string | null;
  role: string;
  grants: string;
  method: string;
  must_change_password: boolean;
  second_factor_due: boolean;
  sso_due: boolean;
  signed_in_at: Date;
  expires_at: Date;
  idle_minutes: number;
  access_grant_id: string | null;
}

/** One try to reach a route, as it passes from layer to layer. */
export interface Attempt {
  execution: ExecutionContext;
  request: Request;
  policy: RoutePolicy;
  mutating: boolean;
  /** The session's secret, once the token layer has verified the cookie. */
  secret?: string;
  /** The session, once it has been entered. */
  session?: SessionRow;
}

/** One reason to refuse: throws a Problem, or lets pass. */
export interface Layer {
  check(attempt: Attempt): void | Promise<void>;
}

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Whether a method may change something (RFC 9110 section 9.2.1). */
export function isMutating(method: string): boolean {
  return !SAFE.has(method);
}
