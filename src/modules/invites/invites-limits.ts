import { FAILURES, type NetworkLimit } from '../../platform/access/network-limit.js';

/** Limits per network. A page and the route behind it share one limit. */
export const INVITE_IP_RATE_LIMITS = {
  acceptInvite: { name: 'invite-accept', ...FAILURES, points: 100 },
} as const satisfies Record<string, NetworkLimit>;
