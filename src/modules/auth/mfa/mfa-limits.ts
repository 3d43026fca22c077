import type { RateLimit } from '../../../platform/http/rate-limit.js';

/** Limits for each IP. A page and the route behind it share one limit. */
export const MFA_IP_RATE_LIMITS = {
  totpConfirm: { name: 'totp-confirm', points: 300, seconds: 300 },
  stepUp: { name: 'step-up', points: 300, seconds: 300 },
} as const satisfies Record<string, RateLimit>;
