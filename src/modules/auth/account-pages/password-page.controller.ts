import { Body, Controller, Get, Post, Req, Res, UseFilters } from '@nestjs/common';
import type { Request, Response } from 'express';
import { Access } from '../../../platform/access/decorators.js';
import type { SessionToken } from '../../../platform/access/checks/token.check.js';
import { PAGE_FORM } from '../../../platform/http/index.js';
import { ResponseType } from '../../../platform/http/response-type.js';
import { notePage, PageFilter } from '../../../platform/pages/index.js';
import { ChangePasswordDto, PASSWORD_CHANGE_LIMIT, PasswordsService } from '../passwords/index.js';
import { SessionCookies } from '../sessions/index.js';
import { passwordPage } from './account.views.js';
import { redisplay } from './forms.js';

const PAGE = 'text/html; charset=utf-8';
type SessionRequest = Request & { user: SessionToken };

/** The page that changes the caller's password, also when the caller must change it. */
@Controller('account/password')
@UseFilters(PageFilter)
export class PasswordPageController {
  constructor(
    private readonly passwords: PasswordsService,
    private readonly cookies: SessionCookies,
  ) {}

  @Get()
  @Access('signed-in', { allowIncompleteSetup: true, interactiveOnly: true })
  @ResponseType.text(PAGE)
  show() {
    return passwordPage();
  }

  @Post()
  @Access('signed-in', {
    emits: ['auth.password_changed', 'auth.locked'],
    body: PAGE_FORM,
    allowIncompleteSetup: true,
    interactiveOnly: true,
    limit: PASSWORD_CHANGE_LIMIT,
  })
  @ResponseType.text(PAGE)
  async change(
    @Body() { currentPassword, newPassword }: ChangePasswordDto,
    @Req() { user }: SessionRequest,
    @Res({ passthrough: true }) response: Response,
  ) {
    try {
      const session = await this.passwords.changePassword(user.sid, currentPassword, newPassword);
      this.cookies.set(response, session.secret, session.expiresAt);
      return notePage('Your password was changed', 'All of your other sessions have ended.', {
        href: '/account',
        label: 'Back to your account',
      });
    } catch (error) {
      return redisplay(error, passwordPage);
    }
  }
}
