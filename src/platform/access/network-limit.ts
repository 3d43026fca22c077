import type { Request } from 'express';
import type { AppConfig } from '../config/index.js';
import type { RateLimit } from '../http/rate-limit.js';

/**
 * The rate limit of a route for each client network. Thousands of users can share one network, and so can an attacker
 * (ADR 45).
 */
export interface NetworkLimit extends RateLimit {
  /** The uses of all known browsers of one user. The known browsers of a network then share `points` of their own. */
  readonly perKnownUser?: number;
  /**
   * Whether only failures count. Each request counts until a service calls `Context.uncount`, so the limit also bounds
   * the requests in progress.
   */
  readonly failures?: true;
  /**
   * Returns the secret of the step before, such as the start of a sign-in. The step admits one request with this secret
   * (`RateLimiter.admitNext`), even if other requests of the network have reached the limit. The admitted requests of a
   * network then share `points` of their own.
   */
  readonly admission?: (request: Request, app: AppConfig) => string | undefined;
}

/** The uses of a page or of a cheap step in five minutes: enough for a hospital at shift change, 40 in each second. */
export const PAGE_VIEWS = { points: 12_000, seconds: 300, perKnownUser: 600 } as const;

/** The failures in five minutes. */
export const FAILURES = { points: 300, seconds: 300, perKnownUser: 20, failures: true } as const;
