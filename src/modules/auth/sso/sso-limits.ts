import { FAILURES, PAGE_VIEWS, type NetworkLimit } from '../../../platform/access/network-limit.js';
import { browserSecret } from '../sessions/index.js';

/** Limits for each network, for all protocols. */
export const SSO_IP_RATE_LIMITS = {
  start: { name: 'sso-start', ...PAGE_VIEWS },
  /** The start of a sign-in admits one answer of its browser. */
  answer: {
    name: 'sso-address',
    ...FAILURES,
    admission: ({ headers }, app) => browserSecret(headers.cookie, app.publicUrl),
  },
  logout: { name: 'sso-logout-address', ...FAILURES },
  /** Frames of a provider's logout page. The request is cheap and unsigned. */
  logoutFrame: { name: 'sso-logout-frame', ...PAGE_VIEWS },
} as const satisfies Record<string, NetworkLimit>;
