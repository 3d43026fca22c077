import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../platform/audit/audit-log.js';
import { currentContext, withIdentity } from '../../platform/context/context.js';
import { keyVersionOf } from '../../platform/crypto/index.js';
import { declared, type WebhookEventName } from '../../platform/feature/registry.js';
import { OnJob, PermanentFailure, type JobPayload } from '../../platform/jobs/on-job.js';
import { WebhookEventHandlers } from '../../platform/webhooks/webhook-event-handlers.js';
import { InboxRepository } from './inbox.repository.js';
import { permittedEvents } from './source-events.js';
import { parseAs, WebhookEnvelope } from './webhook-envelope.dto.js';
import { DataKeys } from '../../platform/keys/data-keys.js';

/**
 * Hands deliveries to the features that handle their events. The effect, the audit events of the handler, and the mark
 * that the delivery is processed share the transaction of the job.
 */
@Injectable()
export class WebhookJobs {
  constructor(
    private readonly inbox: InboxRepository,
    private readonly dataKeys: DataKeys,
    private readonly handlers: WebhookEventHandlers,
    private readonly audit: AuditLog,
  ) {}

  /**
   * Fails permanently: payload_expired when retention deleted the body, payload_invalid when no attempt can succeed,
   * event_not_permitted when the member who is responsible for the source lacks a permission that the event needs.
   */
  @OnJob('webhooks.apply', { emits: ['webhook.applied'] })
  async apply({ deliveryId }: JobPayload): Promise<void> {
    const id = String(deliveryId);
    const delivery = await this.inbox.find(id);
    if (delivery === null || delivery.body === null) throw new PermanentFailure('payload_expired');
    const { sourceId, body } = delivery;
    const ring = await this.dataKeys.ofOrganization('data', keyVersionOf(body));
    const text = ring.forRow('webhook_inbox', id).open('body_enc', body)!;
    const { type, timestamp, data } = await parseAs(WebhookEnvelope, JSON.parse(text));
    const event = declared('webhookEvents').get(type);
    const handler = this.handlers.byEvent().get(type);
    if (event === undefined || handler === undefined) throw new PermanentFailure('payload_invalid');
    if (!permittedEvents(delivery).has(type)) throw new PermanentFailure('event_not_permitted');
    const source = { id, sourceId, event: type as WebhookEventName, timestamp };
    const dto = await parseAs(event.dto, data);
    const emits = [...currentContext().emits, ...handler.emits];
    await withIdentity({ actor: { type: 'source', id: sourceId }, emits }, async () => {
      const recordId = await handler.run(dto, source);
      this.audit.record('webhook.applied', {
        target: { type: 'delivery', id },
        meta: { event: type, sourceId, recordId },
      });
    });
    await this.inbox.markProcessed(id);
  }
}
