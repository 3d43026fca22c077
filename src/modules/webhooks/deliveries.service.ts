import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../platform/audit/audit-log.js';
import { newId } from '../../platform/clock/id.js';
import { currentContext } from '../../platform/context/context.js';
import { Cursors, type Page } from '../../platform/http/pagination.js';
import { Problem } from '../../platform/problem/index.js';
import { InboxRepository, type DeliveryRow } from './inbox.repository.js';
import { WebhookSourcesRepository } from './webhook-sources.repository.js';
import type { DeliveriesQuery, ReplayResponse } from './webhooks.dto.js';

/** Lists and replays deliveries to the webhook sources of an organization. */
@Injectable()
export class DeliveriesService {
  constructor(
    private readonly inbox: InboxRepository,
    private readonly sources: WebhookSourcesRepository,
    private readonly audit: AuditLog,
    private readonly cursors: Cursors,
  ) {}

  /**
   * Returns a page of a source's deliveries, newest first, also after the source was removed. Throws
   * `webhook_source_not_found` when there never was such a source.
   */
  async list(sourceId: string, { limit, cursor, status }: DeliveriesQuery): Promise<Page<DeliveryRow>> {
    const scope = { purpose: `deliveries ${sourceId} ${status ?? ''}`, orgId: currentContext().orgId };
    const before = this.cursors.lastId(scope, cursor);
    if (!(await this.sources.existed(sourceId))) throw new Problem('webhook_source_not_found');
    const rows = await this.inbox.list(sourceId, status, before, limit + 1);
    return this.cursors.page(scope, rows, limit, ({ id }) => [id]);
  }

  /**
   * Enqueues a failed delivery again. Throws `not_found` when there is no such delivery. Throws `delivery_not_failed`
   * when the delivery has not failed.
   */
  async replay(id: string): Promise<ReplayResponse> {
    if (!(await this.inbox.exists(id))) throw new Problem('not_found');
    if (!(await this.inbox.replay(id, newId()))) throw new Problem('delivery_not_failed');
    this.audit.record('webhook.replayed', { target: { type: 'delivery', id } });
    return { id, status: 'accepted' };
  }
}
