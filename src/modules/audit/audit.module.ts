import { Module } from '@nestjs/common';
import { AuditController } from './audit.controller.js';
import './audit.feature.js';
import { AuditJobs } from './audit.jobs.js';
import { AuditRepository } from './audit.repository.js';
import { AuditService } from './audit.service.js';

@Module({
  controllers: [AuditController],
  providers: [AuditService, AuditRepository, AuditJobs],
})
export class AuditModule {}
