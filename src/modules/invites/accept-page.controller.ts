import { Body, Controller, Get, Post, Res, UseFilters } from '@nestjs/common';
import type { Response } from 'express';
import { Public } from '../../platform/access/decorators.js';
import { PAGE_FORM, ResponseType } from '../../platform/http/index.js';
import { PageFilter, redisplayForm, seeOther, tokenPage, type FormMessages } from '../../platform/pages/index.js';
import { SessionCookies } from '../auth/sessions/index.js';
import { AcceptanceService } from './acceptance.service.js';
import { AcceptInviteDto } from './invites.dto.js';
import { INVITE_IP_RATE_LIMITS } from './invites-limits.js';

const PAGE = 'text/html; charset=utf-8';
const FORM = { title: 'Accept the invitation', action: '/invites/accept', button: 'Accept', newPassword: true };

const MESSAGES: FormMessages = {
  weak_password: 'This password is not strong enough.',
  invite_invalid: 'This invitation is no longer valid. Ask for a new one.',
  sign_in_to_accept: 'You already have an account. Sign in, then accept the invitation.',
  membership_exists: 'You are already a member. Sign in.',
};

/** The page behind the link in an invitation mail. */
@Controller('invites/accept')
@UseFilters(PageFilter)
export class AcceptPageController {
  constructor(
    private readonly acceptance: AcceptanceService,
    private readonly cookies: SessionCookies,
  ) {}

  @Get()
  @Public('the invitee has no session yet')
  @ResponseType.text(PAGE)
  form() {
    return tokenPage(FORM);
  }

  @Post()
  @Public('the invitee has no session yet', {
    emits: ['invite.accepted', 'invite.acceptance_failed', 'auth.signed_in', 'auth.mfa_challenged'],
    limit: INVITE_IP_RATE_LIMITS.acceptInvite,
    body: PAGE_FORM,
  })
  @ResponseType.text(PAGE)
  async accept(@Body() { token, password }: AcceptInviteDto, @Res({ passthrough: true }) response: Response) {
    try {
      const session = await this.acceptance.accept(token, password);
      this.cookies.set(response, session.secret, session.expiresAt);
      return seeOther(response, '/account');
    } catch (error) {
      return redisplayForm(error, MESSAGES, (problem) => tokenPage({ ...FORM, token, problem }));
    }
  }
}
