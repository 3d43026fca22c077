import { Controller, Delete, Get, Param, ParseUUIDPipe, Post, Res } from '@nestjs/common';
import type { Response } from 'express';
import { Access } from '../../../platform/access/decorators.js';
import { ResponseType } from '../../../platform/http/response-type.js';
import { SessionCookies } from './session-cookies.js';
import { MeResponse, SessionResponse } from './sessions.dto.js';
import { SessionsService } from './sessions.service.js';

@Controller('v1/auth')
export class SessionsController {
  constructor(
    private readonly sessionsService: SessionsService,
    private readonly cookies: SessionCookies,
  ) {}

  @Post('logout')
  @Access('signed-in', { emits: ['auth.signed_out'], allowIncompleteSetup: true, interactiveOnly: true })
  @ResponseType.nothing()
  async logout(@Res({ passthrough: true }) response: Response) {
    await this.sessionsService.signOut();
    this.cookies.clear(response);
  }

  @Get('me')
  @Access('signed-in', { allowIncompleteSetup: true })
  @ResponseType(MeResponse)
  me() {
    return this.sessionsService.me();
  }

  @Get('sessions')
  @Access('signed-in', { interactiveOnly: true })
  @ResponseType(SessionResponse, { list: true })
  sessions() {
    return this.sessionsService.listSessions();
  }

  /** Revokes all of the caller's other sessions in this organization. */
  @Delete('sessions')
  @Access('signed-in', { emits: ['auth.other_sessions_revoked'], interactiveOnly: true })
  @ResponseType.nothing()
  revokeOthers() {
    return this.sessionsService.revokeOthers();
  }

  @Delete('sessions/:id')
  @Access('signed-in', { emits: ['auth.session_revoked'], interactiveOnly: true })
  @ResponseType.nothing()
  revoke(@Param('id', ParseUUIDPipe) id: string) {
    return this.sessionsService.revoke(id);
  }
}
