import type { RateLimit } from '../../../platform/http/rate-limit.js';

/** What one address may do in five minutes, by whichever door: a page and the route behind it count together. */
export const BY_ADDRESS = {
  signIn: { name: 'sign-in-address', points: 300, seconds: 300 },
  secondFactor: { name: 'second-factor-address', points: 300, seconds: 300 },
  totpConfirm: { name: 'totp-confirm', points: 300, seconds: 300 },
  stepUp: { name: 'step-up', points: 300, seconds: 300 },
  forgotPassword: { name: 'password-forgot', points: 60, seconds: 300 },
  resetPassword: { name: 'password-reset', points: 60, seconds: 300 },
  verifyEmail: { name: 'email-verify', points: 100, seconds: 300 },
  acceptInvite: { name: 'invite-accept', points: 100, seconds: 300 },
} as const satisfies Record<string, RateLimit>;
