import { Body, Controller, Get, Patch, Post } from '@nestjs/common';
import { Access } from '../../platform/access/decorators.js';
import { Returns } from '../../platform/http/returns.js';
import {
  OrganizationResponse,
  SecureOrganizationDto,
  TransferOwnerDto,
  UpdateOrganizationDto,
} from './organization.dto.js';
import { OrganizationService } from './organization.service.js';
import { MembershipResponse } from './tenancy.dto.js';
import { TenancyService } from './tenancy.service.js';

@Controller('v1/organizations/current')
export class OrganizationController {
  constructor(
    private readonly organization: OrganizationService,
    private readonly tenancy: TenancyService,
  ) {}

  @Get()
  @Access('organization:read')
  @Returns(OrganizationResponse)
  current() {
    return this.organization.current();
  }

  @Patch()
  @Access('organization:update', { emits: ['organization.updated'] })
  @Returns(OrganizationResponse)
  update(@Body() body: UpdateOrganizationDto) {
    return this.organization.update(body);
  }

  /** Changes how people sign in. */
  @Patch('sign-in')
  @Access('organization:secure', { emits: ['organization.secured'], peopleOnly: true, stepUpMinutes: 15 })
  @Returns(OrganizationResponse)
  secure(@Body() body: SecureOrganizationDto) {
    return this.organization.secure(body);
  }

  /** Hands the leading role on. Sessions of both end, the caller's own too. */
  @Post('owner')
  @Access('organization:transfer', {
    emits: ['organization.owner_transferred', 'membership.role_changed'],
    peopleOnly: true,
    stepUpMinutes: 15,
  })
  @Returns(MembershipResponse)
  transfer(@Body() body: TransferOwnerDto) {
    return this.tenancy.transfer(body);
  }
}
