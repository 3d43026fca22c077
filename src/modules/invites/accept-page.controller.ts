import { Body, Controller, Get, Post, Req, Res, UseFilters } from '@nestjs/common';
import type { Request, Response } from 'express';
import { Access, Public } from '../../platform/access/decorators.js';
import { currentMember } from '../../platform/context/context.js';
import { PAGE_FORM, ResponseType } from '../../platform/http/index.js';
import { KeptToken, PageFilter, seeOther, tokenPage } from '../../platform/pages/index.js';
import { SessionCookies } from '../auth/sessions/index.js';
import { acceptedPage, FORM, isProblem, OWN_FORM, redisplay } from './accept.views.js';
import { AcceptanceService } from './acceptance.service.js';
import { AcceptInviteDto, AcceptOwnInviteForm } from './invites.dto.js';
import { INVITE_IP_RATE_LIMITS } from './invites-limits.js';

const PAGE = 'text/html; charset=utf-8';

/**
 * The pages behind the link in an invitation mail. An invitee without an account sets a password. An invitee with an
 * account signs in on the way, if necessary, and accepts in the session.
 */
@Controller('invites/accept')
@UseFilters(PageFilter)
export class AcceptPageController {
  constructor(
    private readonly acceptance: AcceptanceService,
    private readonly cookies: SessionCookies,
    private readonly kept: KeptToken,
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
      return redisplay(error, isProblem(error, 'sign_in_to_accept') ? OWN_FORM : FORM, token);
    }
  }

  @Get('own')
  @Access('signed-in', { interactiveOnly: true })
  @ResponseType.text(PAGE)
  ownForm(@Req() request: Request) {
    return tokenPage({
      ...OWN_FORM,
      note: `You are signed in as ${currentMember().email}.`,
      token: this.kept.read(request),
    });
  }

  @Post('own')
  @Access('signed-in', {
    interactiveOnly: true,
    emits: ['invite.accepted', 'invite.acceptance_failed'],
    limit: INVITE_IP_RATE_LIMITS.acceptInvite,
    body: PAGE_FORM,
  })
  @ResponseType.text(PAGE)
  async acceptOwn(
    @Body() { token }: AcceptOwnInviteForm,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ) {
    try {
      await this.acceptance.acceptOwn(token);
      this.kept.clear(request, response);
      return acceptedPage();
    } catch (error) {
      return redisplay(error, OWN_FORM, token);
    }
  }
}
