import { Global, Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { WebhookEventHandlers } from './webhook-event-handlers.js';

/** Provides the handlers of webhook events for the webhooks module and the boot checks. */
@Global()
@Module({
  imports: [DiscoveryModule],
  providers: [WebhookEventHandlers],
  exports: [WebhookEventHandlers],
})
export class WebhookEventsModule {}
