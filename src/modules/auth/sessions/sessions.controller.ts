import { Controller, Delete, Get, Param, ParseUUIDPipe } from '@nestjs/common';
import { Access } from '../../../platform/access/decorators.js';
import { ResponseType } from '../../../platform/http/response-type.js';
import { MeResponse, SessionResponse } from './sessions.dto.js';
import { SessionsService } from './sessions.service.js';

@Controller('v1/auth')
export class SessionsController {
  constructor(private readonly sessionsService: SessionsService) {}

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
