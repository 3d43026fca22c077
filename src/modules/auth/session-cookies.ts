import { Injectable } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { parseCookie, stringifySetCookie } from 'cookie';
import type { Response } from 'express';
import { tokenIssuer, type SessionToken } from '../../platform/access/layers/token.layer.js';
import { AppConfig } from '../../platform/config/index.js';
import { Clock } from '../../platform/clock/clock.js';

type SignedToken = SessionToken & { iat: number; exp: number };

/** The session cookie: a signed token (RFC 7519) around the session's secret, out of reach of scripts. */
@Injectable()
export class SessionCookies {
  constructor(
    private readonly jwt: JwtService,
    private readonly app: AppConfig,
    private readonly clock: Clock,
  ) {}

  /** Gives the browser a session; the token ends with it. */
  set(response: Response, secret: string, expiresAt: Date): void {
    const token = this.jwt.sign({ sid: secret, iat: this.clock.seconds(), exp: Math.floor(expiresAt.getTime() / 1_000) } satisfies SignedToken, {
      algorithm: 'HS256', issuer: tokenIssuer(this.app), audience: tokenIssuer(this.app),
    });
    response.append('Set-Cookie', this.cookie(token));
  }

  /** The secret of the session that a request carries, on routes that are open to anybody; null without one that holds. */
  read({ headers }: { headers: { cookie?: string } }): string | null {
    const token = parseCookie(headers.cookie ?? '')[this.app.cookieName];
    try {
      const { sid } = this.jwt.verify<SignedToken>(token ?? '', { algorithms: ['HS256'], issuer: tokenIssuer(this.app), audience: tokenIssuer(this.app) });
      return typeof sid === 'string' ? sid : null;
    } catch {
      return null;
    }
  }

  clear(response: Response): void {
    response.append('Set-Cookie', this.cookie('', 0));
  }

  private cookie(value: string, maxAge?: number): string {
    return stringifySetCookie({
      name: this.app.cookieName, value, httpOnly: true, sameSite: 'lax', secure: this.app.secure, path: '/',
      ...(maxAge === undefined ? {} : { maxAge }),
    });
  }
}
