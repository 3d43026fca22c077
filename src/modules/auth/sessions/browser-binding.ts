import { randomBytes } from 'node:crypto';
import { parseCookie, stringifySetCookie } from 'cookie';

/** How long a sign-in may take, in seconds. */
const BINDING_SECONDS = 600;

/** 32 random bytes in base64url. */
const SECRET = /^[A-Za-z0-9_-]{43}$/;

function cookieName(secure: boolean): string {
  return secure ? '__Host-vouchsafe-sign-in' : 'vouchsafe-sign-in';
}

/** Whether the public address is https; a loopback address in development may not be. */
function isSecure(publicUrl: string): boolean {
  return new URL(publicUrl).protocol === 'https:';
}

/** The secret that ties a sign-in to this browser, or nothing when the browser has none. */
export function browserSecret(cookieHeader: string | undefined, publicUrl: string): string | undefined {
  const value = parseCookie(cookieHeader ?? '')[cookieName(isSecure(publicUrl))];
  return value !== undefined && SECRET.test(value) ? value : undefined;
}

/**
 * The browser's secret, new if it has none, and the `Set-Cookie` value that keeps it. The identity provider answers by
 * a cross-site
 * form post, which carries only `SameSite=None` cookies, and those must be `Secure`. On plain http both ends are
 * the loopback host, hence one site, and `Lax` suffices.
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
