import type { RateLimit } from '../../../platform/http/rate-limit.js';

/** Limits for each IP. A page and the route behind it share one limit. */
export const SIGN_IN_IP_RATE_LIMITS = {
  signIn: { name: 'sign-in-address', points: 300, seconds: 300 },
  signedOut: { name: 'signed-out-address', points: 600, seconds: 300 },
  mfa: { name: 'mfa-address', points: 300, seconds: 300 },
} as const satisfies Record<string, RateLimit>;
