import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../platform/audit/audit-log.js';
import { currentContext, withIdentity } from '../../platform/context/context.js';
import { keyVersionOf } from '../../platform/crypto/index.js';
import { parseJson } from '../../platform/http/body.js';
import { OnJob, PermanentFailure, type JobPayload } from '../../platform/jobs/on-job.js';
import { DataKeys } from '../../platform/keys/data-keys.js';
import { Problem } from '../../platform/problem/index.js';
import { WebhookEventHandlers, type BoundWebhookEventHandler } from '../../platform/webhooks/webhook-event-handlers.js';
import { InboxRepository, type StoredDelivery } from './inbox.repository.js';
import { OrderMarksRepository } from './order-marks.repository.js';
import { permittedEvents } from './source-events.js';
import { instantOf, readMessage, type WebhookMessage } from './webhook-message.js';

/**
 * Hands deliveries to the features that handle their events. The effect, the audit events of the handler, the order
 * mark, and the mark that the delivery is processed share the transaction of the job.
 */
@Injectable()
export class WebhookJobs {
  constructor(
    private readonly inbox: InboxRepository,
    private readonly marks: OrderMarksRepository,
    private readonly dataKeys: DataKeys,
    private readonly handlers: WebhookEventHandlers,
    private readonly audit: AuditLog,
  ) {}

  /**
   * Applies a delivery, or records it as superseded when a newer event about the same record was applied before. Fails
   * permanently: payload_expired when retention deleted the body, payload_invalid when no attempt can succeed,
   * event_not_permitted when the member who is responsible for the source lacks a permission that the event needs.
   */
  @OnJob('webhooks.apply', { emits: ['webhook.applied', 'webhook.superseded'] })
  async apply({ deliveryId }: JobPayload): Promise<void> {
    const id = String(deliveryId);
    const delivery = await this.inbox.find(id);
    if (delivery === null || delivery.body === null) throw new PermanentFailure('payload_expired');
    const message = await this.open(id, delivery.body);
    const handler = this.handlers.byEvent().get(message.event);
    if (handler === undefined) throw new PermanentFailure('payload_invalid');
    if (!permittedEvents(delivery).has(message.event)) throw new PermanentFailure('event_not_permitted');
    const isNewest = await this.isNewest(delivery, message);
    const emits = [...currentContext().emits, ...handler.emits];
    await withIdentity({ actor: { type: 'source', id: delivery.sourceId }, emits }, () =>
      isNewest ? this.run(id, delivery, message, handler) : this.supersede(id, delivery, message),
    );
    await this.inbox.markProcessed(id, !isNewest);
  }

  private async open(id: string, body: Buffer): Promise<WebhookMessage> {
    const ring = await this.dataKeys.ofOrganization('data', keyVersionOf(body));
    const text = ring.forRow('webhook_inbox', id).open('body_enc', body)!;
    try {
      return await readMessage(parseJson(Buffer.from(text)));
    } catch (error) {
      throw error instanceof Problem ? new PermanentFailure('payload_invalid', { cause: error }) : error;
    }
  }

  private isNewest({ orderKey }: StoredDelivery, { timestamp }: WebhookMessage): Promise<boolean> {
    return orderKey === null ? Promise.resolve(true) : this.marks.advance(orderKey, instantOf(timestamp));
  }

  private async run(
    id: string,
    { sourceId }: StoredDelivery,
    { event, timestamp, data }: WebhookMessage,
    handler: BoundWebhookEventHandler,
  ): Promise<void> {
    const recordId = await handler.run(data, { id, sourceId, event, timestamp });
    this.audit.record('webhook.applied', { target: { type: 'delivery', id }, meta: { event, sourceId, recordId } });
  }

  private async supersede(id: string, { sourceId }: StoredDelivery, { event }: WebhookMessage): Promise<void> {
    this.audit.record('webhook.superseded', { target: { type: 'delivery', id }, meta: { event, sourceId } });
  }
}
