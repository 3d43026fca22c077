import { Injectable } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { parseCookie, stringifySetCookie } from 'cookie';
import type { Response } from 'express';
import { tokenIssuer, type SessionToken } from '../../../platform/access/checks/token.check.js';
import { AppConfig } from '../../../platform/config/index.js';
import { Clock } from '../../../platform/clock/clock.js';
import { DeviceCookie } from '../../../platform/http/index.js';
import { maybeContext } from '../../../platform/context/context.js';

type SignedToken = SessionToken & { iat: number; exp: number };

/** The retention period of known devices: see the retention policy of `known_sign_in_signals`. */
const DEVICE_SECONDS = 180 * 86_400;

/** The session cookie: a signed token (RFC 7519) with the session's secret. Scripts cannot read it (HttpOnly). */
@Injectable()
export class SessionCookies {
  constructor(
    private readonly jwt: JwtService,
    private readonly app: AppConfig,
    private readonly clock: Clock,
    private readonly deviceCookie: DeviceCookie,
  ) {}

  /**
   * Sets the session cookie. The token expires with the session. The cookie expires when the browser closes, or with
   * the session if it is `remembered`. Also sets the device cookie, which identifies the browser and its user at later
   * sign-ins.
   */
  set(response: Response, secret: string, expiresAt: Date, remembered = false): void {
    const [now, exp] = [this.clock.seconds(), Math.floor(expiresAt.getTime() / 1_000)];
    const token = this.jwt.sign({ sid: secret, iat: now, exp } satisfies SignedToken, {
      algorithm: 'HS256',
      issuer: tokenIssuer(this.app),
      audience: tokenIssuer(this.app),
    });
    response.append(
      'Set-Cookie',
      this.cookie(this.app.cookieName, token, remembered ? Math.max(1, exp - now) : undefined),
    );
    const { device = null, acceptedUser = null } = maybeContext() ?? {};
    if (device === null || acceptedUser === null) return;
    const { name } = this.deviceCookie;
    response.append('Set-Cookie', this.cookie(name, this.deviceCookie.valueOf(device, acceptedUser), DEVICE_SECONDS));
  }

  /**
   * Returns the session secret of a request to a public route, or null when the request has no valid session token.
   */
  read({ headers }: { headers: { cookie?: string } }): string | null {
    const token = parseCookie(headers.cookie ?? '')[this.app.cookieName];
    try {
      const { sid } = this.jwt.verify<SignedToken>(token ?? '', {
        algorithms: ['HS256'],
        issuer: tokenIssuer(this.app),
        audience: tokenIssuer(this.app),
      });
      return typeof sid === 'string' ? sid : null;
    } catch {
      return null;
    }
  }

  /** Removes the session cookie, and sets the other cookies of a sign-out. */
  clear(response: Response, setCookies: readonly string[]): void {
    for (const cookie of [this.cookie(this.app.cookieName, '', 0), ...setCookies])
      response.append('Set-Cookie', cookie);
  }

  private cookie(name: string, value: string, maxAge?: number): string {
    return stringifySetCookie({
      name,
      value,
      httpOnly: true,
      sameSite: 'lax',
      secure: this.app.secure,
      path: '/',
      ...(maxAge === undefined ? {} : { maxAge }),
    });
  }
}
