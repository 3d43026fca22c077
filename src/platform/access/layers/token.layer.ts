import { createSecretKey } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { AuthGuard, PassportStrategy } from '@nestjs/passport';
import { parse } from 'cookie';
import type { Request } from 'express';
import { Strategy } from 'passport-jwt';
import { AppConfig, SecurityConfig } from '../../config/index.js';
import { Problem } from '../../http/problem.js';
import type { Attempt, Layer } from '../attempt.js';

/** What the session cookie's token says: the secret of the session row it is tied to. */
export interface SessionToken {
  sid: string;
}

/** Verifies the session cookie's token (RFC 7519): HS256, this environment's issuer and audience, unexpired. */
@Injectable()
export class JwtStrategy extends PassportStrategy(Strategy, 'jwt') {
  constructor(app: AppConfig, security: SecurityConfig) {
    super({
      jwtFromRequest: (request: Request) => sessionCookie(request, app.cookieName),
      // A key object is verified with five times faster; jsonwebtoken takes one, only the types of passport-jwt do not say so.
      secretOrKey: createSecretKey(security.jwtSecret, 'hex') as unknown as Buffer,
      algorithms: ['HS256'],
      issuer: tokenIssuer(app),
      audience: tokenIssuer(app),
    });
  }

  validate(token: SessionToken): SessionToken | false {
    return typeof token.sid === 'string' && token.sid.length === 43 ? token : false;
  }
}

/** The issuer and audience of this environment's tokens: another environment's are refused. */
export function tokenIssuer(app: AppConfig): string {
  return `vouchsafe:${app.environment}`;
}

/** The session cookie's value, or null. */
export function sessionCookie(request: Request, name: string): string | null {
  const header = request.headers.cookie;
  return header === undefined ? null : (parse(header)[name] ?? null);
}

/** The request carries a valid session cookie. */
@Injectable()
export class TokenLayer extends AuthGuard('jwt') implements Layer {
  async check(attempt: Attempt): Promise<void> {
    await this.canActivate(attempt.execution);
    attempt.secret = (attempt.request.user as SessionToken | undefined)?.sid;
  }

  override handleRequest<T>(error: unknown, user: T | false): T {
    if (error || !user) throw new Problem('unauthenticated');
    return user;
  }
}
