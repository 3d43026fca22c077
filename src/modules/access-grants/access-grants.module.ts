import { Module } from '@nestjs/common';
import { TenancyModule } from '../tenancy/index.js';
import { AccessGrantsController } from './access-grants.controller.js';
import './access-grants.feature.js';
import { AccessGrantsJobs } from './access-grants.jobs.js';
import { AccessGrantsRepository } from './access-grants.repository.js';
import { AccessGrantsService } from './access-grants.service.js';

@Module({
  imports: [TenancyModule],
  controllers: [AccessGrantsController],
  providers: [AccessGrantsService, AccessGrantsRepository, AccessGrantsJobs],
  exports: [AccessGrantsService],
})
export class AccessGrantsModule {}
