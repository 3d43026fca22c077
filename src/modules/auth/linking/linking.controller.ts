import { Body, Controller, Get, Post, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { Public } from '../../../platform/access/decorators.js';
import type { AuditEventType } from '../../../platform/feature/registry.js';
import { PASSKEY_BODY } from '../../../platform/http/index.js';
import { ResponseType } from '../../../platform/http/response-type.js';
import { PasskeyRequestResponse } from '../mfa/index.js';
import { BrowserCookie, SignedInResponse } from '../sessions/index.js';
import { SIGN_IN_IP_RATE_LIMITS } from '../sign-in/index.js';
import { LINK_EVENTS, LinkOffers, SsoCallback } from '../sso/index.js';
import { LinkProofDto, LinkResponse } from './linking.dto.js';
import { LinkingService } from './linking.service.js';

/** Why the routes need no session. The page declares the same. */
export const LINK_REASON =
  'the user has no session yet: the request needs the ticket of a verified answer, and its browser';

/** The events of a proof. */
export const PROOF_EVENTS: readonly AuditEventType[] = [
  'sso.account_proven',
  'auth.mfa_challenged',
  'auth.sign_in_failed',
  'auth.locked',
  'auth.passkey_clone_suspected',
];

/** Links an identity at a provider to an account that exists. */
@Controller('v1/auth/sso-link')
export class LinkingController {
  constructor(
    private readonly linking: LinkingService,
    private readonly offers: LinkOffers,
    private readonly callback: SsoCallback,
    private readonly browserCookie: BrowserCookie,
  ) {}

  /** Returns the offer of this browser and its next step. */
  @Get()
  @Public(LINK_REASON, { limit: SIGN_IN_IP_RATE_LIMITS.link })
  @ResponseType(LinkResponse)
  read(@Req() request: Request, @Res({ passthrough: true }) response: Response) {
    const ticket = this.offers.ticket(request);
    this.browserCookie.bind(request, response); // the cookie of the sign-in request ends before the offer
    return this.linking.read(ticket);
  }

  /** Returns the request options for a passkey of the account. */
  @Get('passkey-options')
  @Public(LINK_REASON, { limit: SIGN_IN_IP_RATE_LIMITS.link })
  @ResponseType(PasskeyRequestResponse)
  passkeyOptions(@Req() request: Request) {
    return this.linking.passkeyOptions(this.offers.ticket(request));
  }

  /** Proves the account with a password and then a factor, or with a passkey. */
  @Post('proof')
  @Public(LINK_REASON, {
    emits: PROOF_EVENTS,
    limit: SIGN_IN_IP_RATE_LIMITS.signIn,
    body: PASSKEY_BODY,
  })
  @ResponseType(LinkResponse)
  prove(@Body() proof: LinkProofDto, @Req() request: Request) {
    return this.linking.prove(this.offers.ticket(request), proof);
  }

  /** Links the identity and opens the session. */
  @Post('confirm')
  @Public(LINK_REASON, {
    emits: LINK_EVENTS,
    limit: SIGN_IN_IP_RATE_LIMITS.signIn,
  })
  @ResponseType(SignedInResponse)
  async confirm(@Req() request: Request, @Res({ passthrough: true }) response: Response) {
    const { session, connectionId } = await this.linking.confirm(this.offers.ticket(request));
    this.callback.signedIn(request, response, session, connectionId);
    return session;
  }
}
