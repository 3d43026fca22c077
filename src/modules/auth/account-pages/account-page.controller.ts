import { Controller, Get, Post, Req, Res, UseFilters } from '@nestjs/common';
import type { Request, Response } from 'express';
import { Access } from '../../../platform/access/decorators.js';
import { PAGE_FORM } from '../../../platform/http/index.js';
import { ResponseType } from '../../../platform/http/response-type.js';
import { PageFilter, seeOther } from '../../../platform/pages/index.js';
import { SessionCookies, SessionsService } from '../sessions/index.js';
import { SignOutService } from '../sso/index.js';
import { accountPage } from './account.views.js';
import { continuePage } from './continue.views.js';

const PAGE = 'text/html; charset=utf-8';

/** The caller's account page. Its buttons send no fields, so the guard's rule against cross-site forms covers them. */
@Controller('account')
@UseFilters(PageFilter)
export class AccountPageController {
  constructor(
    private readonly account: SessionsService,
    private readonly signOut: SignOutService,
    private readonly cookies: SessionCookies,
  ) {}

  @Get()
  @Access('signed-in', { allowIncompleteSetup: true, interactiveOnly: true })
  @ResponseType.text(PAGE)
  async show() {
    const { items: sessions } = await this.account.listSessions();
    return accountPage({ ...this.account.me(), sessions });
  }

  @Post('end-other-sessions')
  @Access('signed-in', { emits: ['auth.other_sessions_revoked'], body: PAGE_FORM, interactiveOnly: true })
  @ResponseType.redirect(303)
  async endOthers() {
    await this.account.revokeOthers();
    return { url: '/account' };
  }

  @Post('sign-out')
  @Access('signed-in', {
    emits: ['auth.signed_out'],
    body: PAGE_FORM,
    allowIncompleteSetup: true,
    interactiveOnly: true,
  })
  @ResponseType.text(PAGE)
  async leave(@Req() request: Request, @Res({ passthrough: true }) response: Response) {
    const { url, setCookies } = await this.signOut.signOut(request.headers.cookie);
    this.cookies.clear(response, setCookies);
    return url.startsWith('/')
      ? seeOther(response, url)
      : continuePage('You are signed out here', 'You are being signed out at your identity provider too.', url);
  }
}
