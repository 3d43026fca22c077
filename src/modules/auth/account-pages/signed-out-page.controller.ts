import { Controller, Get, Query, Req, Res, UseFilters } from '@nestjs/common';
import type { Request, Response } from 'express';
import { Public } from '../../../platform/access/decorators.js';
import { ResponseType } from '../../../platform/http/response-type.js';
import { PageFilter } from '../../../platform/pages/index.js';
import { SignOutService } from '../sso/index.js';
import { SIGN_IN_IP_RATE_LIMITS } from '../sign-in/index.js';
import { signedOutPage } from './sign-out.views.js';

/** The page on which every logout ends. Administrators register its URL at OpenID providers. */
@Controller('signed-out')
@UseFilters(PageFilter)
export class SignedOutPageController {
  constructor(private readonly signOut: SignOutService) {}

  /** Returns the page. Only `state` is read: providers add parameters of their own, which must not cause an error. */
  @Get()
  @Public('the user has no session any more', { limit: SIGN_IN_IP_RATE_LIMITS.signedOut })
  @ResponseType.text('text/html; charset=utf-8')
  async show(@Query('state') state: unknown, @Req() request: Request, @Res({ passthrough: true }) response: Response) {
    const provider = await this.signOut.lastProvider(request.headers.cookie, state);
    if (provider?.setCookie !== undefined) response.append('Set-Cookie', provider.setCookie);
    return signedOutPage(provider);
  }
}
