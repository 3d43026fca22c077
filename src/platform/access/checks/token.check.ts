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
import { VerifiedTokens, type SessionToken } from './verified-tokens.js';

export type { SessionToken } from './verified-tokens.js';

/** Verifies the session cookie's token (RFC 7519): HS256, this environment's issuer and audience, unexpired. */
@Injectable()
export class JwtStrategy extends PassportStrategy(Strategy, 'jwt') {
  constructor(app: AppConfig, security: SecurityConfig) {
    super({
      jwtFromRequest: (request: Request) => sessionCookie(request, app.cookieName),
      // Verification with a key object is five times faster. jsonwebtoken accepts one, but the types of passport-jwt do
      // not declare it.
      secretOrKey: createSecretKey(security.jwtSecret, 'hex') as unknown as Buffer,
      algorithms: ['HS256'],
      issuer: tokenIssuer(app),
      audience: tokenIssuer(app),
    });
  }

  /**
   * Rejects a token whose claims differ from those that the server signs, because it was issued for another purpose.
   */
  validate(token: SessionToken & Record<string, unknown>): SessionToken | false {
    const claims = Object.keys(token).toSorted().join(' ');
    return claims === 'aud exp iat iss sid' && typeof token.sid === 'string' && token.sid.length === 43 ? token : false;
  }
}

/** Returns the issuer and audience of this environment. Tokens of other environments fail the check. */
export function tokenIssuer(app: AppConfig): string {
  return `vouchsafe:${app.environment}`;
}

/** Returns the value of the session cookie, or null. */
export function sessionCookie(request: Request, name: string): string | null {
  const header = request.headers.cookie;
  return header === undefined ? null : (parse(header)[name] ?? null);
}

/**
 * Requires an API key or a valid session cookie. An Authorization header takes precedence: if it contains anything but
 * an API key, the request is rejected even with a valid cookie.
 */
@Injectable()
export class TokenCheck extends AuthGuard('jwt') implements AccessCheck {
  private readonly verified = new VerifiedTokens();

  constructor(private readonly app: AppConfig) {
    super();
  }

  async check(attempt: GuardContext): Promise<void> {
    const { authorization } = attempt.request.headers;
    if (authorization === undefined) return this.useSession(attempt);
    const key = bearerKey(authorization);
    if (key === undefined) throw unauthenticatedProblem(attempt, 'unauthenticated');
    attempt.apiKey = key;
    attempt.enter = (readOnly) => enterApiKey(key, currentContext().ip, readOnly);
  }

  private async useSession(attempt: GuardContext): Promise<void> {
    const { request, policy } = attempt;
    const text = sessionCookie(request, this.app.cookieName) ?? '';
    const known = this.verified.find(text);
    if (known === undefined) await this.canActivate(attempt.execution);
    else request.user = known;
    const token = request.user as SessionToken;
    if (known === undefined) this.verified.add(text, token);
    attempt.enter = (readOnly) => enterSession(token.sid, readOnly, policy.background);
  }

  override handleRequest<T>(error: unknown, user: T | false): T {
    if (error || !user) throw new Problem('unauthenticated');
    return user;
  }
}
