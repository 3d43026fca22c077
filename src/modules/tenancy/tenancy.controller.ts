import { Body, Controller, Delete, Get, Param, ParseUUIDPipe, Patch, Post, Query } from '@nestjs/common';
import { Access } from '../../platform/access/decorators.js';
import { ResponseType } from '../../platform/http/response-type.js';
import { CreateMembershipDto, MembershipResponse, MembershipsQuery, UpdateMembershipDto } from './tenancy.dto.js';
import { TenancyService } from './tenancy.service.js';

@Controller('v1/memberships')
export class TenancyController {
  constructor(private readonly tenancy: TenancyService) {}

  @Get()
  @Access('membership:read')
  @ResponseType(MembershipResponse, { list: true })
  members(@Query() query: MembershipsQuery) {
    return this.tenancy.members(query);
  }

  /** Adds a member without a mail. A new user has no password and signs in through single sign-on. */
  @Post()
  @Access('membership:create', { emits: ['membership.created'], stepUpMinutes: 30 })
  @ResponseType(MembershipResponse, { status: 201 })
  add(@Body() body: CreateMembershipDto) {
    return this.tenancy.add(body);
  }

  @Patch(':id')
  @Access('membership:update', { emits: ['membership.role_changed'], stepUpMinutes: 30 })
  @ResponseType(MembershipResponse)
  changeRole(@Param('id', ParseUUIDPipe) id: string, @Body() body: UpdateMembershipDto) {
    return this.tenancy.changeRole(id, body.role);
  }

  /** Ends a membership with its sessions and API keys. */
  @Delete(':id')
  @Access('membership:end', { emits: ['membership.ended'], stepUpMinutes: 30 })
  @ResponseType(MembershipResponse)
  end(@Param('id', ParseUUIDPipe) id: string) {
    return this.tenancy.end(id);
  }
}
