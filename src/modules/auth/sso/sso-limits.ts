import { FAILURES, PAGE_VIEWS, type NetworkLimit } from '../../../platform/access/network-limit.js';
import type { RateLimit } from '../../../platform/http/index.js';
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

/** The frames of a network in five minutes that name a subject without a session. A subject can be guessed. */
export const FRAME_GUESSES: RateLimit = {
  name: 'sso-logout-guess',
  points: FAILURES.points,
  seconds: FAILURES.seconds,
};
