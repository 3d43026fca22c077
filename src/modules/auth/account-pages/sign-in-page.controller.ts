import { Body, Controller, Get, Post, Query, Req, Res, UseFilters } from '@nestjs/common';
import type { Request, Response } from 'express';
import { Public } from '../../../platform/access/decorators.js';
import { PAGE_FORM } from '../../../platform/http/index.js';
import { ResponseType } from '../../../platform/http/response-type.js';
import { PageFilter } from '../../../platform/pages/index.js';
import { pageUrl } from './page-url.js';
import { EmailForm, PasswordForm, MfaForm, SignInQuery } from './pages.dto.js';
import { SignInPages } from './sign-in-pages.service.js';
import { emailPage } from './sign-in.views.js';
import { SIGN_IN_IP_RATE_LIMITS } from '../sign-in/index.js';
import { LinkOffers } from '../sso/index.js';

const PAGE = 'text/html; charset=utf-8';

/**
 * The sign-in pages. They work without a script. The user enters an e-mail address, then uses SSO or a password, then
 * presents a second factor.
 */
@Controller('sign-in')
@UseFilters(PageFilter)
export class SignInPageController {
  constructor(
    private readonly pages: SignInPages,
    private readonly offers: LinkOffers,
  ) {}

  /**
   * Returns the form for the e-mail address, or with an address, the sign-in methods of its domain. With `anotherWay`,
   * returns the local methods: owners use them while SSO is enforced (break-glass). Ends an offer to link an account:
   * its user starts again.
   */
  @Get()
  @Public('users have no session before they sign in', { limit: SIGN_IN_IP_RATE_LIMITS.page })
  @ResponseType.text(PAGE)
  async begin(
    @Query() { email, returnTo, anotherWay }: SignInQuery,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ) {
    await this.offers.end(request, response);
    return email === undefined
      ? emailPage({ returnTo: pageUrl(returnTo) })
      : this.pages.method(email, pageUrl(returnTo), anotherWay !== undefined);
  }

  @Post('password')
  @Public('users have no session before they sign in', {
    emits: ['auth.signed_in', 'auth.sign_in_failed', 'auth.locked', 'auth.mfa_challenged'],
    body: PAGE_FORM,
    limit: SIGN_IN_IP_RATE_LIMITS.signIn,
  })
  @ResponseType.text(PAGE)
  password(@Body() form: PasswordForm, @Req() request: Request, @Res({ passthrough: true }) response: Response) {
    return this.pages.password(form, request, response);
  }

  @Get('mfa')
  @Public('the user has no session yet: the request needs the cookie of the pending sign-in', {
    limit: SIGN_IN_IP_RATE_LIMITS.page,
  })
  @ResponseType.text(PAGE)
  factors(@Query() { returnTo }: EmailForm, @Req() request: Request) {
    return this.pages.factors(returnTo, request);
  }

  @Post('mfa')
  @Public('the user has no session yet: the request needs the cookie of the pending sign-in', {
    emits: [
      'auth.signed_in',
      'auth.sign_in_failed',
      'auth.locked',
      'auth.recovery_code_used',
      'auth.device_remembered',
    ],
    body: PAGE_FORM,
    limit: SIGN_IN_IP_RATE_LIMITS.mfa,
  })
  @ResponseType.text(PAGE)
  factor(@Body() form: MfaForm, @Req() request: Request, @Res({ passthrough: true }) response: Response) {
    return this.pages.factor(form, request, response);
  }
}
