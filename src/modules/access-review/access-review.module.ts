import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { RbacModule } from '../rbac/index.js';
import { TenancyModule } from '../tenancy/index.js';
import './access-review.feature.js';
import { ExplainController } from './explain.controller.js';
import { ExplainRepository } from './explain.repository.js';
import { ExplainService } from './explain.service.js';
import { PreviewRepository } from './preview.repository.js';
import { PreviewService } from './preview.service.js';
import { ReviewsController } from './reviews.controller.js';
import { ReviewsRepository } from './reviews.repository.js';
import { ReviewsService } from './reviews.service.js';
import { Revocation } from './revocation.js';

@Module({
  imports: [DiscoveryModule, RbacModule, TenancyModule],
  controllers: [ExplainController, ReviewsController],
  providers: [
    ExplainService,
    ExplainRepository,
    PreviewService,
    PreviewRepository,
    ReviewsService,
    ReviewsRepository,
    Revocation,
  ],
})
export class AccessReviewModule {}
