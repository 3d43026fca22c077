import { Module } from '@nestjs/common';
import { RetentionController } from './retention.controller.js';
import './retention.feature.js';
import { RetentionGauge } from './retention.gauge.js';
import { RetentionJobs } from './retention.jobs.js';
import { RetentionRepository } from './retention.repository.js';
import { RetentionRunner } from './retention.runner.js';
import { RetentionService } from './retention.service.js';

@Module({
  controllers: [RetentionController],
  providers: [RetentionService, RetentionRunner, RetentionRepository, RetentionJobs, RetentionGauge],
  exports: [RetentionService, RetentionRunner],
})
export class RetentionModule {}
