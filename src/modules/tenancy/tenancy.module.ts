import { Module } from '@nestjs/common';
import { RbacModule } from '../rbac/index.js';
import { OrganizationController } from './organization.controller.js';
import { OrganizationRepository } from './organization.repository.js';
import { OrganizationService } from './organization.service.js';
import { TenancyController } from './tenancy.controller.js';
import './tenancy.feature.js';
import { TenancyRepository } from './tenancy.repository.js';
import { TenancyService } from './tenancy.service.js';

@Module({
  imports: [RbacModule],
  controllers: [OrganizationController, TenancyController],
  providers: [OrganizationService, OrganizationRepository, TenancyService, TenancyRepository],
  exports: [OrganizationService, TenancyService],
})
export class TenancyModule {}
