import type { RateLimit } from '../../platform/http/rate-limit.js';

/** Limits per IP. A page and the route behind it share one limit. */
export const INVITE_IP_RATE_LIMITS = {
  acceptInvite: { name: 'invite-accept', points: 100, seconds: 300 },
} as const satisfies Record<string, RateLimit>;
