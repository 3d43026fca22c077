import { Body, Controller, Delete, Get, Param, ParseUUIDPipe, Patch, Post, Query } from '@nestjs/common';
import { Access } from '../../platform/access/decorators.js';
import { Returns } from '../../platform/http/returns.js';
import {
  CreateMembershipDto, MembershipResponse, MembershipsQuery, OrganizationResponse, UpdateMembershipDto, UpdateOrganizationDto,
} from './tenancy.dto.js';
import { TenancyService } from './tenancy.service.js';

@Controller('v1')
export class TenancyController {
  constructor(private readonly tenancy: TenancyService) {}

  @Get('organizations/current')
  @Access('organization:read')
  @Returns(OrganizationResponse)
  current() {
    return this.tenancy.current();
  }

  @Patch('organizations/current')
  @Access('organization:update', { emits: ['organization.updated'] })
  @Returns(OrganizationResponse)
  update(@Body() body: UpdateOrganizationDto) {
    return this.tenancy.update(body);
  }

  @Get('memberships')
  @Access('membership:read')
  @Returns(MembershipResponse, { list: true })
  members(@Query() query: MembershipsQuery) {
    return this.tenancy.members(query);
  }

  @Post('memberships')
  @Access('membership:create', { emits: ['membership.created'] })
  @Returns(MembershipResponse, { status: 201 })
  add(@Body() body: CreateMembershipDto) {
    return this.tenancy.add(body);
  }

  @Patch('memberships/:id')
  @Access('membership:update', { emits: ['membership.role_changed'] })
  @Returns(MembershipResponse)
  changeRole(@Param('id', ParseUUIDPipe) id: string, @Body() body: UpdateMembershipDto) {
    return this.tenancy.changeRole(id, body.role);
  }

  @Delete('memberships/:id')
  @Access('membership:end', { emits: ['membership.ended'] })
  @Returns(MembershipResponse)
  end(@Param('id', ParseUUIDPipe) id: string) {
    return this.tenancy.end(id);
  }
}
