import { Body, Controller, Get, Post, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { Public } from '../../../platform/access/decorators.js';
import { PASSKEY_BODY } from '../../../platform/http/index.js';
import { ResponseType } from '../../../platform/http/response-type.js';
import { PasskeyRequestResponse } from '../mfa/index.js';
import { BrowserCookie, SignedInResponse } from '../sessions/index.js';
import { SIGN_IN_IP_RATE_LIMITS } from '../sign-in/index.js';
import { LinkOffers } from '../sso/index.js';
import { CONFIRM_EVENTS, LinkCookies } from './link-cookies.js';
import { LinkProofDto, LinkResponse } from './linking.dto.js';
import { LinkingService } from './linking.service.js';

const REASON = 'the user has no session yet: the request needs the ticket of a verified answer, and its browser';

/** Links an identity at a provider to an account that exists. */
@Controller('v1/auth/sso-link')
export class LinkingController {
  constructor(
    private readonly linking: LinkingService,
    private readonly offers: LinkOffers,
    private readonly cookies: LinkCookies,
    private readonly browserCookie: BrowserCookie,
  ) {}

  /** Returns the offer of this browser and its next step. */
  @Get()
  @Public(REASON, { limit: SIGN_IN_IP_RATE_LIMITS.link })
  @ResponseType(LinkResponse)
  read(@Req() request: Request, @Res({ passthrough: true }) response: Response) {
    const ticket = this.offers.ticket(request);
    this.browserCookie.bind(request, response); // the cookie of the sign-in request ends before the offer
    return this.linking.read(ticket);
  }

  /** Returns the request options for a passkey of the account. */
  @Get('passkey-options')
  @Public(REASON, { limit: SIGN_IN_IP_RATE_LIMITS.link })
  @ResponseType(PasskeyRequestResponse)
  passkeyOptions(@Req() request: Request) {
    return this.linking.passkeyOptions(this.offers.ticket(request));
  }

  /** Proves the account with a password and then a factor, or with a passkey. */
  @Post('proof')
  @Public(REASON, {
    emits: [
      'sso.account_proven',
      'auth.mfa_challenged',
      'auth.sign_in_failed',
      'auth.locked',
      'auth.passkey_clone_suspected',
    ],
    limit: SIGN_IN_IP_RATE_LIMITS.signIn,
    body: PASSKEY_BODY,
  })
  @ResponseType(LinkResponse)
  prove(@Body() proof: LinkProofDto, @Req() request: Request) {
    return this.linking.prove(this.offers.ticket(request), proof);
  }

  /** Links the identity and opens the session. */
  @Post('confirm')
  @Public(REASON, {
    emits: CONFIRM_EVENTS,
    limit: SIGN_IN_IP_RATE_LIMITS.signIn,
  })
  @ResponseType(SignedInResponse)
  async confirm(@Req() request: Request, @Res({ passthrough: true }) response: Response) {
    const linked = await this.linking.confirm(this.offers.ticket(request));
    this.cookies.signedIn(request, response, linked);
    return linked.session;
  }
}
