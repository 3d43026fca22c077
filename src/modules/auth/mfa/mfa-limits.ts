import { FAILURES, type NetworkLimit } from '../../../platform/access/network-limit.js';
import { browserSecret } from '../sessions/index.js';

/** Limits for each network. A page and the route behind it share one limit. */
export const MFA_IP_RATE_LIMITS = {
  totpConfirm: { name: 'totp-confirm', ...FAILURES },
  stepUp: { name: 'step-up', ...FAILURES },
  /** The options of a passkey sign-in admit one answer of their browser. */
  passkey: {
    name: 'passkey-address',
    ...FAILURES,
    admission: ({ headers }, app) => browserSecret(headers.cookie, app.publicUrl),
  },
} as const satisfies Record<string, NetworkLimit>;
