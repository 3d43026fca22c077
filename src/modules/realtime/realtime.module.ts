import { Module } from '@nestjs/common';
import { EventIds } from './event-ids.js';
import { Channels } from './channels.js';
import { RealtimeController } from './realtime.controller.js';
import './realtime.feature.js';
import { RealtimeLimits } from './realtime-limits.js';
import { RealtimeMetrics } from './realtime.metrics.js';
import { RealtimeRepository } from './realtime.repository.js';
import { RealtimeService } from './realtime.service.js';

@Module({
  controllers: [RealtimeController],
  providers: [RealtimeService, RealtimeRepository, Channels, EventIds, RealtimeLimits, RealtimeMetrics],
})
export class RealtimeModule {}
