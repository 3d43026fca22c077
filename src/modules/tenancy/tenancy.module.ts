import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { RbacModule } from '../rbac/index.js';
import { OrganizationEntity } from './organization.entity.js';
import { TenancyController } from './tenancy.controller.js';
import './tenancy.feature.js';
import { TenancyRepository } from './tenancy.repository.js';
import { TenancyService } from './tenancy.service.js';

@Module({
  imports: [RbacModule, TypeOrmModule.forFeature([OrganizationEntity])],
  controllers: [TenancyController],
  providers: [TenancyService, TenancyRepository],
  exports: [TenancyService],
})
export class TenancyModule {}
