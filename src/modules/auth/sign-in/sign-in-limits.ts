import { parseCookie } from 'cookie';
import type { Request } from 'express';
import { FAILURES, PAGE_VIEWS, type NetworkLimit } from '../../../platform/access/network-limit.js';
import type { AppConfig } from '../../../platform/config/index.js';

/** 32 random bytes in base64url. */
const SECRET = /^[A-Za-z0-9_-]{43}$/;

/** The names of the cookies of a sign-in. */
export type SignInCookieName = 'pending' | 'remembered';

/** Returns the secret in a cookie of a sign-in, or undefined when the browser has none. */
export function signInSecret({ headers }: Request, app: AppConfig, name: SignInCookieName): string | undefined {
  const value = parseCookie(headers.cookie ?? '')[`${app.cookieName}-${name}`];
  return value !== undefined && SECRET.test(value) ? value : undefined;
}

/** Limits for each network. A page and the route behind it share one limit. */
export const SIGN_IN_IP_RATE_LIMITS = {
  page: { name: 'sign-in-page', ...PAGE_VIEWS },
  signIn: { name: 'sign-in-address', ...FAILURES },
  link: { name: 'sso-link', ...PAGE_VIEWS },
  signedOut: { name: 'signed-out-page', ...PAGE_VIEWS },
  /** The correct password admits one code. */
  mfa: { name: 'mfa-address', ...FAILURES, admission: (request, app) => signInSecret(request, app, 'pending') },
} as const satisfies Record<string, NetworkLimit>;
