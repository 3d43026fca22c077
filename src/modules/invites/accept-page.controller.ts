import { Body, Controller, Get, Post, Req, Res, UseFilters } from '@nestjs/common';
import type { Request, Response } from 'express';
import { Public } from '../../platform/access/decorators.js';
import { AppConfig } from '../../platform/config/index.js';
import { assertOwnForm, Returns } from '../../platform/http/index.js';
import { Problem } from '../../platform/problem/index.js';
import { FormAgain, PageFilter, tokenPage } from '../../platform/pages/index.js';
import { SessionCookies } from '../auth/sessions/index.js';
import { AcceptanceService } from './acceptance.service.js';
import { AcceptInviteDto } from './invites.dto.js';
import { INVITE_IP_RATE_LIMITS } from './invites-limits.js';

const PAGE = 'text/html; charset=utf-8';
const FORM = { title: 'Accept the invitation', action: '/invites/accept', button: 'Accept', newPassword: true };

const TOLD: Readonly<Record<string, string>> = {
  weak_password: 'That password is not strong enough.',
  invite_invalid: 'This invitation is not valid any more. Ask for a new one.',
  sign_in_to_accept: 'You have an account already: sign in, then accept.',
  membership_exists: 'You are a member already: sign in.',
};

/** The page that a mailed invitation leads to. */
@Controller('invites/accept')
@UseFilters(PageFilter)
export class AcceptPageController {
  constructor(
    private readonly acceptance: AcceptanceService,
    private readonly cookies: SessionCookies,
    private readonly app: AppConfig,
  ) {}

  @Get()
  @Public('whoever was invited has no session yet')
  @Returns.text(PAGE)
  form() {
    return tokenPage(FORM);
  }

  @Post()
  @Public('whoever was invited has no session yet', {
    emits: ['invite.accepted', 'invite.refused', 'auth.signed_in', 'auth.second_factor_asked'],
    limit: INVITE_IP_RATE_LIMITS.acceptInvite,
  })
  @Returns.text(PAGE)
  async accept(
    @Body() { token, password }: AcceptInviteDto,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ) {
    assertOwnForm(request, this.app);
    try {
      const session = await this.acceptance.accept(token, password);
      this.cookies.set(response, session.secret, session.expiresAt);
      response.status(303).setHeader('Location', '/account');
      return '';
    } catch (error) {
      if (!(error instanceof Problem) || TOLD[error.code] === undefined) throw error;
      const problem = [TOLD[error.code], ...(error.errors ?? []).map(({ message }) => `It ${message}.`)].join(' ');
      throw new FormAgain(error, tokenPage({ ...FORM, token, problem }));
    }
  }
}
