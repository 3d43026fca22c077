import { FAILURES, type NetworkLimit } from '../../../platform/access/network-limit.js';

/** Limits for each network. A page and the route behind it share one limit. */
export const ACCOUNT_RECOVERY_IP_RATE_LIMITS = {
  /** Each request can send a mail, so all requests count. */
  forgotPassword: { name: 'password-forgot', points: 60, seconds: 300, perKnownUser: 10 },
  resetPassword: { name: 'password-reset', ...FAILURES, points: 60 },
  verifyEmail: { name: 'email-verify', ...FAILURES, points: 100 },
} as const satisfies Record<string, NetworkLimit>;
