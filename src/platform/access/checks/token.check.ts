import { createSecretKey } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { AuthGuard, PassportStrategy } from '@nestjs/passport';
import { parse } from 'cookie';
import type { Request } from 'express';
import { Strategy } from 'passport-jwt';
import { AppConfig, SecurityConfig } from '../../config/index.js';
import { currentContext } from '../../context/context.js';
import { enterApiKey, enterSession } from '../../database/tenant-context.js';
import { Problem } from '../../problem/problem.js';
import { bearerKey, unauthenticatedProblem } from '../api-key.js';
import type { GuardContext, AccessCheck } from '../guard-context.js';

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
      // A key object is verified with five times faster; jsonwebtoken takes one, only the types of passport-jwt do not
      // say so.
      secretOrKey: createSecretKey(security.jwtSecret, 'hex') as unknown as Buffer,
      algorithms: ['HS256'],
      issuer: tokenIssuer(app),
      audience: tokenIssuer(app),
    });
  }

  /** What we sign says this and nothing else: anything more, or less, was not made for here. */
  validate(token: SessionToken & Record<string, unknown>): SessionToken | false {
    const claims = Object.keys(token).toSorted().join(' ');
    return claims === 'aud exp iat iss sid' && typeof token.sid === 'string' && token.sid.length === 43 ? token : false;
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

/**
 * The request carries an API key, or else a valid session cookie. An Authorization header decides alone: with anything
 * in it
 * but a key the request is refused, whatever cookie came along.
 */
@Injectable()
export class TokenCheck extends AuthGuard('jwt') implements AccessCheck {
  async check(attempt: GuardContext): Promise<void> {
    const { authorization } = attempt.request.headers;
    if (authorization === undefined) return this.takeSession(attempt);
    const key = bearerKey(authorization);
    if (key === undefined) throw unauthenticatedProblem(attempt, 'unauthenticated');
    attempt.apiKey = key;
    attempt.enter = (readOnly) => enterApiKey(key, currentContext().ip, readOnly);
  }

  private async takeSession(attempt: GuardContext): Promise<void> {
    await this.canActivate(attempt.execution);
    const { sid } = attempt.request.user as SessionToken;
    attempt.enter = (readOnly) => enterSession(sid, readOnly, attempt.policy.background);
  }

  override handleRequest<T>(error: unknown, user: T | false): T {
    if (error || !user) throw new Problem('unauthenticated');
    return user;
  }
}
