import { Module } from '@nestjs/common';
import { EventIds } from './event-ids.js';
import { Feeds } from './feeds.js';
import { LiveController } from './live.controller.js';
import './live.feature.js';
import { LiveLimits } from './live-limits.js';
import { LiveMetrics } from './live.metrics.js';
import { LiveRepository } from './live.repository.js';
import { LiveService } from './live.service.js';

@Module({
  controllers: [LiveController],
  providers: [LiveService, LiveRepository, Feeds, EventIds, LiveLimits, LiveMetrics],
})
export class LiveModule {}
