import { Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import type { AuditEventType } from '../../../platform/feature/registry.js';
import { SessionCookies } from '../sessions/index.js';
import { LinkOffers, SignedOutMark } from '../sso/index.js';
import type { LinkedSession } from './linking.service.js';

/** The events of a confirmed link. The page and the API route declare the same. */
export const CONFIRM_EVENTS: readonly AuditEventType[] = [
  'auth.signed_in',
  'auth.sign_in_failed',
  'sso.identity_linked',
  'sso.role_synced',
  'sso.profile_followed',
  'auth.organization_switched',
];

/** Sets the cookies of a browser whose user confirmed a link. */
@Injectable()
export class LinkCookies {
  constructor(
    private readonly offers: LinkOffers,
    private readonly cookies: SessionCookies,
    private readonly mark: SignedOutMark,
  ) {}

  /** Sets the session cookie, and removes the ticket and the mark of an earlier sign-out. */
  signedIn(request: Request, response: Response, { session, connectionId }: LinkedSession): void {
    this.cookies.set(response, session.secret, session.expiresAt);
    response.append('Set-Cookie', this.offers.clearing());
    this.mark.signedIn(request, response, connectionId);
  }
}
