import { Body, Controller, Delete, Get, Param, ParseUUIDPipe, Post, Query } from '@nestjs/common';
import { Access } from '../../platform/access/decorators.js';
import { ResponseType } from '../../platform/http/response-type.js';
import { AccessGrantResponse, AccessGrantsQuery, RequestAccessDto } from './access-grants.dto.js';
import { AccessGrantsService } from './access-grants.service.js';

@Controller('v1/access/grants')
export class AccessGrantsController {
  constructor(private readonly grants: AccessGrantsService) {}

  @Get()
  @Access('access-grant:read')
  @ResponseType(AccessGrantResponse, { list: true })
  list(@Query() query: AccessGrantsQuery) {
    return this.grants.list(query);
  }

  /** Asks for permissions for a time, for oneself or another member; somebody else has to approve. */
  @Post()
  @Access('access-grant:request', { emits: ['access_grant.requested'] })
  @ResponseType(AccessGrantResponse, { status: 201 })
  request(@Body() body: RequestAccessDto) {
    return this.grants.request(body);
  }

  /**
   * Gives what was asked for. Whoever approves holds it, is neither who asked nor who gets it, and signed in within
   * half an hour.
   */
  @Post(':id/approve')
  @Access('access-grant:decide', { emits: ['access_grant.approved'], interactiveOnly: true, stepUpMinutes: 30 })
  @ResponseType(AccessGrantResponse)
  approve(@Param('id', ParseUUIDPipe) id: string) {
    return this.grants.decide(id, true);
  }

  @Post(':id/decline')
  @Access('access-grant:decide', { emits: ['access_grant.declined'], interactiveOnly: true })
  @ResponseType(AccessGrantResponse)
  decline(@Param('id', ParseUUIDPipe) id: string) {
    return this.grants.decide(id, false);
  }

  /** One's own, one's own request, or any for who decides. */
  @Delete(':id')
  @Access('signed-in', { emits: ['access_grant.ended'], interactiveOnly: true })
  @ResponseType.nothing()
  end(@Param('id', ParseUUIDPipe) id: string) {
    return this.grants.end(id);
  }
}
