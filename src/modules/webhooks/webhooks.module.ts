import { Module } from '@nestjs/common';
import { DeliveriesService } from './deliveries.service.js';
import { InboundSources } from './inbound-sources.js';
import { InboxRepository } from './inbox.repository.js';
import { RejectionLog } from './rejection-log.js';
import { WebhookSourcesController } from './webhook-sources.controller.js';
import { WebhookSourcesRepository } from './webhook-sources.repository.js';
import { WebhookSourcesService } from './webhook-sources.service.js';
import { WebhooksController } from './webhooks.controller.js';
import './webhooks.feature.js';
import { WebhookJobs } from './webhooks.jobs.js';
import { WebhookMetrics } from './webhooks.metrics.js';
import { WebhooksService } from './webhooks.service.js';

@Module({
  controllers: [WebhooksController, WebhookSourcesController],
  providers: [
    WebhooksService,
    InboundSources,
    InboxRepository,
    RejectionLog,
    WebhookMetrics,
    WebhookSourcesService,
    WebhookSourcesRepository,
    DeliveriesService,
    WebhookJobs,
  ],
  exports: [WebhookSourcesService],
})
export class WebhooksModule {}
