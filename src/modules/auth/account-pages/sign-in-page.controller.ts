import { Body, Controller, Get, Post, Query, Req, Res, UseFilters } from '@nestjs/common';
import type { Request, Response } from 'express';
import { Public } from '../../../platform/access/decorators.js';
import { ResponseType } from '../../../platform/http/response-type.js';
import { PageFilter } from '../../../platform/pages/index.js';
import { pageAddress } from './page-url.js';
import { AddressForm, PasswordForm, SecondFactorForm } from './pages.dto.js';
import { SignInPages } from './sign-in-pages.service.js';
import { addressPage } from './sign-in.views.js';
import { SIGN_IN_IP_RATE_LIMITS } from '../sign-in/index.js';

const PAGE = 'text/html; charset=utf-8';

/**
 * Sign-in by pages, which need no script: an address, then the institution's single sign-on or a password, then a
 * second factor.
 */
@Controller('sign-in')
@UseFilters(PageFilter)
export class SignInPageController {
  constructor(private readonly pages: SignInPages) {}

  /** Without an address it asks for one; with one it offers what the address's domain signs in by. */
  @Get()
  @Public('the page on which people begin to sign in', { limit: SIGN_IN_IP_RATE_LIMITS.signIn })
  @ResponseType.text(PAGE)
  begin(@Query() { email, returnTo }: AddressForm) {
    return email === undefined
      ? addressPage({ returnTo: pageAddress(returnTo) })
      : this.pages.method(email, pageAddress(returnTo));
  }

  @Post('password')
  @Public('this is where people sign in', {
    emits: ['auth.signed_in', 'auth.sign_in_failed', 'auth.locked', 'auth.mfa_challenged'],
    limit: SIGN_IN_IP_RATE_LIMITS.signIn,
  })
  @ResponseType.text(PAGE)
  password(@Body() form: PasswordForm, @Req() request: Request, @Res({ passthrough: true }) response: Response) {
    return this.pages.password(form, request, response);
  }

  @Get('mfa')
  @Public('the second half of a sign-in: by the cookie of the first', { limit: SIGN_IN_IP_RATE_LIMITS.mfa })
  @ResponseType.text(PAGE)
  factors(@Query() { returnTo }: AddressForm, @Req() request: Request) {
    return this.pages.factors(returnTo, request);
  }

  @Post('mfa')
  @Public('the second half of a sign-in: by the cookie of the first, and by five tries an account', {
    emits: [
      'auth.signed_in',
      'auth.sign_in_failed',
      'auth.locked',
      'auth.recovery_code_used',
      'auth.device_remembered',
    ],
    limit: SIGN_IN_IP_RATE_LIMITS.mfa,
  })
  @ResponseType.text(PAGE)
  factor(@Body() form: SecondFactorForm, @Req() request: Request, @Res({ passthrough: true }) response: Response) {
    return this.pages.factor(form, request, response);
  }
}
