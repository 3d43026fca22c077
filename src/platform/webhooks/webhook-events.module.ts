import { Global, Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { WebhookEventHandlers } from './webhook-event-handlers.js';

/** Finds the handlers of webhook events for the module that receives them and for the boot checks. */
@Global()
@Module({
  imports: [DiscoveryModule],
  providers: [WebhookEventHandlers],
  exports: [WebhookEventHandlers],
})
export class WebhookEventsModule {}
