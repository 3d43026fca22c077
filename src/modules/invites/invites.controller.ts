import { Body, Controller, Delete, Get, Param, ParseUUIDPipe, Post, Query, Res } from '@nestjs/common';
import type { Response } from 'express';
import { Access, Public } from '../../platform/access/decorators.js';
import { PageQuery, ResponseType } from '../../platform/http/index.js';
import { SessionCookies, SignedInResponse } from '../auth/sessions/index.js';
import { AcceptanceService } from './acceptance.service.js';
import {
  AcceptedInviteResponse,
  AcceptInviteDto,
  AcceptOwnInviteDto,
  CreateInviteDto,
  InviteResponse,
} from './invites.dto.js';
import { InvitesService } from './invites.service.js';
import { INVITE_IP_RATE_LIMITS } from './invites-limits.js';

@Controller('v1')
export class InvitesController {
  constructor(
    private readonly invites: InvitesService,
    private readonly acceptance: AcceptanceService,
    private readonly cookies: SessionCookies,
  ) {}

  @Get('invites')
  @Access('invite:read')
  @ResponseType(InviteResponse, { list: true })
  list(@Query() query: PageQuery) {
    return this.invites.list(query);
  }

  /** Invites an e-mail address. The link in the mail opens `/invites/accept#token=…` under PUBLIC_URL. */
  @Post('invites')
  @Access('invite:create', { emits: ['invite.created'], stepUpMinutes: 30 })
  @ResponseType(InviteResponse, { status: 201 })
  create(@Body() body: CreateInviteDto) {
    return this.invites.create(body);
  }

  /** Accepts with the token from the mail, sets a password, and signs in. */
  @Post('invites/accept')
  @Public('the invitee has no session yet', {
    emits: ['invite.accepted', 'invite.acceptance_failed', 'auth.signed_in', 'auth.mfa_challenged'],
    limit: INVITE_IP_RATE_LIMITS.acceptInvite,
  })
  @ResponseType(SignedInResponse)
  async accept(@Body() { token, password }: AcceptInviteDto, @Res({ passthrough: true }) response: Response) {
    const session = await this.acceptance.accept(token, password);
    this.cookies.set(response, session.secret, session.expiresAt);
    return session;
  }

  /** Accepts with the token from the mail as the signed-in user. */
  @Post('auth/invites/accept')
  @Access('signed-in', {
    interactiveOnly: true,
    emits: ['invite.accepted', 'invite.acceptance_failed'],
    limit: INVITE_IP_RATE_LIMITS.acceptInvite,
  })
  @ResponseType(AcceptedInviteResponse)
  acceptOwn(@Body() { token }: AcceptOwnInviteDto) {
    return this.acceptance.acceptOwn(token);
  }

  @Post('invites/:id/resend')
  @Access('invite:resend', { emits: ['invite.resent'], stepUpMinutes: 30 })
  @ResponseType(InviteResponse)
  resend(@Param('id', ParseUUIDPipe) id: string) {
    return this.invites.resend(id);
  }

  @Delete('invites/:id')
  @Access('invite:revoke', { emits: ['invite.revoked'] })
  @ResponseType(InviteResponse)
  revoke(@Param('id', ParseUUIDPipe) id: string) {
    return this.invites.revoke(id);
  }
}
