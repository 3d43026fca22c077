import { randomBytes } from 'node:crypto';
import { parseCookie, stringifySetCookie } from 'cookie';

/** The maximum duration of a sign-in, in seconds. */
const BINDING_SECONDS = 600;

/** 32 random bytes in base64url. */
const SECRET = /^[A-Za-z0-9_-]{43}$/;

function cookieName(secure: boolean): string {
  return secure ? '__Host-vouchsafe-sign-in' : 'vouchsafe-sign-in';
}

/** Returns whether the public URL uses HTTPS. A loopback URL in development can use HTTP. */
function isSecure(publicUrl: string): boolean {
  return new URL(publicUrl).protocol === 'https:';
}

/** Returns the secret that binds a sign-in to this browser, or undefined when the browser has none. */
export function browserSecret(cookieHeader: string | undefined, publicUrl: string): string | undefined {
  const value = parseCookie(cookieHeader ?? '')[cookieName(isSecure(publicUrl))];
  return value !== undefined && SECRET.test(value) ? value : undefined;
}

/**
 * Returns the browser's secret and the `Set-Cookie` value that stores it. Generates the secret if the browser has none.
 * The identity provider responds with a cross-site form post. Browsers send only `SameSite=None` cookies with it, and
 * those must be `Secure`. On plain HTTP, both sides are the same loopback site, so `Lax` is sufficient.
 */
export function bindBrowser(
  cookieHeader: string | undefined,
  publicUrl: string,
): { secret: string; setCookie: string } {
  const secret = browserSecret(cookieHeader, publicUrl) ?? randomBytes(32).toString('base64url');
  const secure = isSecure(publicUrl);
  const setCookie = stringifySetCookie(cookieName(secure), secret, {
    httpOnly: true,
    secure,
    sameSite: secure ? 'none' : 'lax',
    path: '/',
    maxAge: BINDING_SECONDS,
  });
  return { secret, setCookie };
}
