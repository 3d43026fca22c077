import { Injectable } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { boundMethods } from '../feature/bound-methods.js';
import type { AuditEventType } from '../feature/registry.js';
import { webhookEventHandler, type ApplyWebhookEvent, type WebhookEventHandler } from './on-webhook-event.js';

/** The handler of a webhook event, bound to its provider. */
export interface BoundWebhookEventHandler {
  where: string;
  emits: readonly AuditEventType[];
  run: ApplyWebhookEvent<object>;
}

/** Collects the @OnWebhookEvent methods of all providers. */
@Injectable()
export class WebhookEventHandlers {
  private found?: Map<string, BoundWebhookEventHandler>;

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
  ) {}

  /** Returns the handlers by webhook event. Throws when an event has two handlers. */
  byEvent(): ReadonlyMap<string, BoundWebhookEventHandler> {
    return (this.found ??= this.collect());
  }

  private collect(): Map<string, BoundWebhookEventHandler> {
    const found = new Map<string, BoundWebhookEventHandler>();
    for (const { metadata, where, run } of boundMethods<WebhookEventHandler, ApplyWebhookEvent<object>>(
      this.discovery,
      this.scanner,
      webhookEventHandler,
    )) {
      for (const event of metadata.events) {
        const other = found.get(event);
        if (other !== undefined)
          throw new Error(`the webhook event "${event}" has two handlers: ${other.where} and ${where}`);
        found.set(event, { where, run, emits: metadata.emits ?? [] });
      }
    }
    return found;
  }
}
