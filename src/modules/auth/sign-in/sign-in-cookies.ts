import { Injectable } from '@nestjs/common';
import { stringifySetCookie } from 'cookie';
import type { Request, Response } from 'express';
import { AppConfig } from '../../../platform/config/index.js';
import { Problem } from '../../../platform/problem/index.js';
import { SessionCookies } from '../sessions/index.js';
import { LinkOffers } from '../sso/index.js';
import type { FinishedSignIn, PendingSignIn } from './mfa.service.js';
import { signInSecret, type SignInCookieName } from './sign-in-limits.js';

const PENDING_SECONDS = 300;

/** The cookies of a pending sign-in and of a remembered device. */
@Injectable()
export class SignInCookies {
  constructor(
    private readonly app: AppConfig,
    private readonly sessions: SessionCookies,
    private readonly offers: LinkOffers,
  ) {}

  /** Returns the `mfa_required` problem. It sets the cookie that identifies the pending sign-in. */
  mfaRequired({ secret, methods }: PendingSignIn): Problem {
    return new Problem('mfa_required', {
      extensions: { methods },
      headers: { 'Set-Cookie': this.cookie('pending', secret, PENDING_SECONDS) },
    });
  }

  /** Returns the secret of the pending sign-in. Throws `sign_in_expired`. */
  pending(request: Request): string {
    const secret = signInSecret(request, this.app, 'pending');
    if (secret === undefined) throw new Problem('sign_in_expired');
    return secret;
  }

  device(request: Request): string | undefined {
    return signInSecret(request, this.app, 'remembered');
  }

  /**
   * Sets the session cookie and the cookie of the remembered device. Clears the cookie of the pending sign-in, and ends
   * the browser's offer to link an account.
   */
  async finish(request: Request, response: Response, { session, device }: FinishedSignIn): Promise<void> {
    await this.offers.end(request, response);
    this.sessions.set(response, session.secret, session.expiresAt, session.remembered);
    if (signInSecret(request, this.app, 'pending') !== undefined)
      response.append('Set-Cookie', this.cookie('pending', '', 0));
    if (device === null) return;
    response.append(
      'Set-Cookie',
      this.cookie('remembered', device.secret, Math.floor((device.expiresAt.getTime() - Date.now()) / 1_000)),
    );
  }

  private cookie(name: SignInCookieName, value: string, maxAge: number): string {
    return stringifySetCookie({
      name: `${this.app.cookieName}-${name}`,
      value,
      httpOnly: true,
      sameSite: 'lax',
      secure: this.app.secure,
      path: '/',
      maxAge,
    });
  }
}
