import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import './access-review.feature.js';
import { ExplainController } from './explain.controller.js';
import { ExplainRepository } from './explain.repository.js';
import { ExplainService } from './explain.service.js';
import { PreviewRepository } from './preview.repository.js';
import { PreviewService } from './preview.service.js';

@Module({
  imports: [DiscoveryModule],
  controllers: [ExplainController],
  providers: [ExplainService, ExplainRepository, PreviewService, PreviewRepository],
})
export class AccessReviewModule {}
