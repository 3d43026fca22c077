import { Body, Controller, Get, Patch, Post } from '@nestjs/common';
import { Access } from '../../platform/access/decorators.js';
import { ResponseType } from '../../platform/http/response-type.js';
import {
  OrganizationResponse,
  UpdateSignInPolicyDto,
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
  @ResponseType(OrganizationResponse)
  current() {
    return this.organization.current();
  }

  @Patch()
  @Access('organization:update', { emits: ['organization.updated'] })
  @ResponseType(OrganizationResponse)
  update(@Body() body: UpdateOrganizationDto) {
    return this.organization.update(body);
  }

  /** Changes the sign-in policy. */
  @Patch('sign-in')
  @Access('organization:update-sign-in', {
    emits: ['organization.sign_in_policy_updated'],
    interactiveOnly: true,
    stepUpMinutes: 15,
  })
  @ResponseType(OrganizationResponse)
  secure(@Body() body: UpdateSignInPolicyDto) {
    return this.organization.secure(body);
  }

  /** Transfers the owner role. The sessions of both members end, including the caller's. */
  @Post('owner')
  @Access('organization:transfer', {
    emits: ['organization.owner_transferred', 'membership.role_changed'],
    interactiveOnly: true,
    stepUpMinutes: 15,
  })
  @ResponseType(MembershipResponse)
  transfer(@Body() body: TransferOwnerDto) {
    return this.tenancy.transfer(body);
  }
}
