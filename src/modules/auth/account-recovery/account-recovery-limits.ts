import type { RateLimit } from '../../../platform/http/rate-limit.js';

/** Limits for each IP. A page and the route behind it share one limit. */
export const ACCOUNT_RECOVERY_IP_RATE_LIMITS = {
  forgotPassword: { name: 'password-forgot', points: 60, seconds: 300 },
  resetPassword: { name: 'password-reset', points: 60, seconds: 300 },
  verifyEmail: { name: 'email-verify', points: 100, seconds: 300 },
} as const satisfies Record<string, RateLimit>;
