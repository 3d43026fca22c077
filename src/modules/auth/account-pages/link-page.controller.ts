import { Body, Controller, Get, Post, Req, Res, UseFilters } from '@nestjs/common';
import type { Request, Response } from 'express';
import { Public } from '../../../platform/access/decorators.js';
import { PAGE_FORM } from '../../../platform/http/index.js';
import { ResponseType } from '../../../platform/http/response-type.js';
import { PageFilter, seeOther } from '../../../platform/pages/index.js';
import { LINK_REASON, LinkingService, PROOF_EVENTS } from '../linking/index.js';
import { BrowserCookie } from '../sessions/index.js';
import { SIGN_IN_IP_RATE_LIMITS } from '../sign-in/index.js';
import { LINK_EVENTS, LinkOffers, SsoCallback } from '../sso/index.js';
import { redisplay } from './forms.js';
import { linkPage } from './link.views.js';
import { pageUrl } from './page-url.js';
import { LinkProofForm } from './pages.dto.js';

const PAGE = 'text/html; charset=utf-8';

/** The page that links a single sign-on to an account that exists. Each step does the same as the API route. */
@Controller('sign-in/link')
@UseFilters(PageFilter)
export class LinkPageController {
  constructor(
    private readonly linking: LinkingService,
    private readonly offers: LinkOffers,
    private readonly callback: SsoCallback,
    private readonly browserCookie: BrowserCookie,
  ) {}

  @Get()
  @Public(LINK_REASON, { limit: SIGN_IN_IP_RATE_LIMITS.link })
  @ResponseType.text(PAGE)
  async show(@Req() request: Request, @Res({ passthrough: true }) response: Response) {
    const ticket = this.offers.ticket(request);
    this.browserCookie.bind(request, response); // the cookie of the sign-in request ends before the offer
    return linkPage(await this.linking.read(ticket));
  }

  @Post('proof')
  @Public(LINK_REASON, {
    emits: PROOF_EVENTS,
    body: PAGE_FORM,
    limit: SIGN_IN_IP_RATE_LIMITS.signIn,
  })
  @ResponseType.text(PAGE)
  async prove(@Body() form: LinkProofForm, @Req() request: Request, @Res({ passthrough: true }) response: Response) {
    const ticket = this.offers.ticket(request);
    const link = await this.linking.read(ticket);
    try {
      await this.linking.prove(ticket, form);
      return seeOther(response, '/sign-in/link');
    } catch (error) {
      return redisplay(error, (problem) => linkPage(link, problem));
    }
  }

  @Post('confirm')
  @Public(LINK_REASON, {
    emits: LINK_EVENTS,
    body: PAGE_FORM,
    limit: SIGN_IN_IP_RATE_LIMITS.signIn,
  })
  @ResponseType.redirect(303)
  async confirm(@Req() request: Request, @Res({ passthrough: true }) response: Response) {
    const { session, connectionId, returnTo } = await this.linking.confirm(this.offers.ticket(request));
    this.callback.signedIn(request, response, session, connectionId);
    return { url: pageUrl(returnTo) };
  }
}
