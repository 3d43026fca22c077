import { Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import type { AuditEventType } from '../../../platform/feature/registry.js';
import { SessionCookies, type OpenedSession } from '../sessions/index.js';
import { LinkOffers } from './link-offers.js';
import { SignedOutMark } from './signed-out-mark.js';
import { SsoConnectionTests } from './sso-connection-tests.service.js';
import { SsoSignInService } from './sso-sign-in.service.js';
import type { VerifiedIdentity } from './verified-identity.js';

/** The events of a confirmed link. */
export const LINK_EVENTS: readonly AuditEventType[] = [
  'auth.signed_in',
  'auth.sign_in_failed',
  'sso.identity_linked',
  'sso.role_synced',
  'sso.profile_followed',
  'auth.organization_switched',
];

/** The events of a callback. */
export const CALLBACK_EVENTS: readonly AuditEventType[] = [
  ...LINK_EVENTS,
  'sso.member_provisioned',
  'sso.connection_tested',
];

/** Completes a sign-in in the browser that brought the provider's response. Every protocol uses this service. */
@Injectable()
export class SsoCallback {
  constructor(
    private readonly signIn: SsoSignInService,
    private readonly tests: SsoConnectionTests,
    private readonly cookies: SessionCookies,
    private readonly offers: LinkOffers,
    private readonly mark: SignedOutMark,
  ) {}

  /**
   * Opens the session of a verified response, or records the result of a test. Returns the next page. Throws the errors
   * of `SsoSignInService.open`.
   */
  async complete(verified: VerifiedIdentity, request: Request, response: Response): Promise<{ url: string }> {
    if (verified.intent?.testBy !== undefined) return { url: await this.tests.finish(verified) };
    this.signedIn(request, response, await this.signIn.open(verified), verified.connection.id);
    return { url: verified.returnTo };
  }

  /** Sets the session cookie. Removes the ticket of an offer to link, and the mark of an earlier sign-out. */
  signedIn(request: Request, response: Response, session: OpenedSession, connectionId: string): void {
    this.cookies.set(response, session.secret, session.expiresAt);
    response.append('Set-Cookie', this.offers.clearing());
    this.mark.signedIn(request, response, connectionId);
  }
}
