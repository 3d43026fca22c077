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

  /** Requests an access grant for the caller or for another member. Another member must approve the request. */
  @Post()
  @Access('access-grant:request', { emits: ['access_grant.requested'] })
  @ResponseType(AccessGrantResponse, { status: 201 })
  request(@Body() body: RequestAccessDto) {
    return this.grants.request(body);
  }

  /**
   * Approves a request. The approver must hold the permissions, must not be the requester or the recipient, and must
   * have completed a step-up within 30 minutes.
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

  /** The recipient, the requester, and members who decide on requests can end a grant or withdraw a request. */
  @Delete(':id')
  @Access('signed-in', { emits: ['access_grant.ended'], interactiveOnly: true })
  @ResponseType.nothing()
  end(@Param('id', ParseUUIDPipe) id: string) {
    return this.grants.end(id);
  }
}
