import { Body, Controller, Get, Post, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { Access } from '../../../platform/access/decorators.js';
import type { SessionToken } from '../../../platform/access/checks/token.check.js';
import { FAILURES } from '../../../platform/access/network-limit.js';
import { ResponseType } from '../../../platform/http/response-type.js';
import { OwnOrganizationResponse, SignedInResponse, SwitchOrganizationDto } from './sessions.dto.js';
import { SessionCookies } from './session-cookies.js';
import { OrganizationSwitchService } from './organization-switch.service.js';

type SessionRequest = Request & { user: SessionToken };

@Controller('v1/auth')
export class OrganizationSwitchController {
  constructor(
    private readonly switching: OrganizationSwitchService,
    private readonly cookies: SessionCookies,
  ) {}

  /** Returns the caller's organizations, and whether this session can switch to each of them. */
  @Get('organizations')
  @Access('signed-in', { interactiveOnly: true })
  @ResponseType(OwnOrganizationResponse, { list: true })
  organizations(@Req() { user }: SessionRequest) {
    return this.switching.organizations(user.sid);
  }

  /** Switches the session to another of the caller's organizations. */
  @Post('organization')
  @Access('signed-in', {
    interactiveOnly: true,
    emits: ['auth.organization_switched', 'auth.signed_in'],
    limit: { name: 'switch-address', ...FAILURES },
  })
  @ResponseType(SignedInResponse)
  async switch(
    @Body() { orgId }: SwitchOrganizationDto,
    @Req() { user }: SessionRequest,
    @Res({ passthrough: true }) response: Response,
  ) {
    const session = await this.switching.switch(user.sid, orgId);
    this.cookies.set(response, session.secret, session.expiresAt);
    return session;
  }
}
