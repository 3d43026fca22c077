import { Injectable } from '@nestjs/common';
import { currentContext } from '../../platform/context/context.js';
import type { TenantContext } from '../../platform/database/tenant-context.js';
import { UnitOfWork } from '../../platform/database/unit-of-work.js';
import type { SourceAuthority } from './source-events.js';

/** A row of `app.find_webhook_source`. The encrypted secrets and their wrapped keys are parallel arrays. */
export interface FoundSource {
  org_id: string;
  limit_per_minute: number;
  events: string[];
  grants: Record<string, string> | null;
  secret_ids: string[];
  secrets: Buffer[];
  expiries: (Date | null)[];
  key_purposes: ('data' | 'index')[];
  key_versions: number[];
  wrapped_keys: Buffer[];
  [column: string]: unknown;
}

/** A delivery as the database stores it. The body is encrypted. The digests and the order key are keyed hashes. */
export interface SealedDelivery {
  sourceId: string;
  dbSecret: Buffer;
  deliveryId: string;
  messageId: string;
  body: Buffer;
  digest: Buffer;
  jobId: string;
  orderKey: string | null;
  requestId: string;
}

/** The outcome of storing a delivery. `stored_id` is the id of the first delivery of the same message. */
export interface Ingested {
  outcome: 'accepted' | 'duplicate' | 'conflict' | 'refused';
  stored_id: string;
  [column: string]: unknown;
}

/** A stored delivery with the current authority of its source, as the worker reads it. */
export interface StoredDelivery extends SourceAuthority {
  sourceId: string;
  body: Buffer | null;
  /** A keyed hash that all deliveries of the source about one record share. */
  orderKey: string | null;
  [column: string]: unknown;
}

/** `superseded`: a newer event about the same record was applied before, so the delivery had no effect. */
export const DELIVERY_STATUSES = ['accepted', 'processed', 'superseded', 'failed'] as const;
export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number];

/** A delivery, as a list shows it. */
export interface DeliveryRow {
  id: string;
  messageId: string;
  status: DeliveryStatus;
  errorCode: string | null;
  receivedAt: Date;
  processedAt: Date | null;
  [column: string]: unknown;
}

const CONDITIONS: Record<DeliveryStatus, string> = {
  processed: 'i.processed_at IS NOT NULL AND NOT i.superseded',
  superseded: 'i.processed_at IS NOT NULL AND i.superseded',
  failed: `i.processed_at IS NULL AND o.state = 'failed'`,
  accepted: `i.processed_at IS NULL AND o.state IS DISTINCT FROM 'failed'`,
};

/** Returns the tenant context that can write to the audit log of the source's organization, and to nothing else. */
export function enterWebhookSource({ id, orgId }: { id: string; orgId: string }): TenantContext {
  return {
    call: { text: 'app.enter_webhook_source($1)', values: [id] },
    identity: () => ({ orgId }),
  };
}

/**
 * Stores and reads deliveries. The API inserts them through SQL functions, before any tenant context exists. Members
 * and the worker read and update them within the organization.
 */
@Injectable()
export class InboxRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** Returns the data for signature verification. Returns null when the source is unknown, disabled, or removed. */
  async findSource(id: string): Promise<FoundSource | null> {
    const [row] = await this.unitOfWork.queryOnce<FoundSource>('SELECT * FROM app.find_webhook_source($1)', [id]);
    return row ?? null;
  }

  /** Stores deliveries together with their jobs. Returns the outcomes in the order of the deliveries. */
  ingest(deliveries: readonly SealedDelivery[]): Promise<Ingested[]> {
    return this.unitOfWork.queryOnce<Ingested>(
      'SELECT * FROM app.ingest_webhooks($1, $2, $3, $4, $5, $6, $7, $8, $9)',
      [
        deliveries.map(({ sourceId }) => sourceId),
        deliveries.map(({ dbSecret }) => dbSecret),
        deliveries.map(({ deliveryId }) => deliveryId),
        deliveries.map(({ messageId }) => messageId),
        deliveries.map(({ body }) => body),
        deliveries.map(({ digest }) => digest),
        deliveries.map(({ jobId }) => jobId),
        deliveries.map(({ orderKey }) => orderKey),
        deliveries.map(({ requestId }) => requestId),
      ],
    );
  }

  /** Returns a delivery with its encrypted body. Returns null when the delivery was deleted. */
  async find(id: string): Promise<StoredDelivery | null> {
    const [row] = await this.unitOfWork.sql<StoredDelivery>(
      `SELECT i.source_id AS "sourceId", i.body_enc AS body, o.order_key AS "orderKey", a.events, a.grants
         FROM webhook_inbox i JOIN outbox o ON o.org_id = i.org_id AND o.id = i.outbox_id
         CROSS JOIN LATERAL app.webhook_authority(i.source_id) a
        WHERE i.org_id = $1 AND i.id = $2`,
      [currentContext().orgId, id],
    );
    return row ?? null;
  }

  async markProcessed(id: string, superseded: boolean): Promise<void> {
    await this.unitOfWork.execute(
      'UPDATE webhook_inbox SET processed_at = clock_timestamp(), superseded = $3 WHERE org_id = $1 AND id = $2',
      [currentContext().orgId, id, superseded],
    );
  }

  /** Returns a page of a source's deliveries, newest first. `before` is the last id of the previous page. */
  list(
    sourceId: string,
    status: DeliveryStatus | undefined,
    before: string | null,
    limit: number,
  ): Promise<DeliveryRow[]> {
    const values: unknown[] = [currentContext().orgId, sourceId, limit];
    const conditions = ['i.org_id = $1 AND i.source_id = $2'];
    if (status !== undefined) conditions.push(CONDITIONS[status]);
    if (before !== null) conditions.push(`i.id < $${values.push(before)}`);
    return this.unitOfWork.sql<DeliveryRow>(
      `SELECT i.id, i.message_id AS "messageId", i.received_at AS "receivedAt", i.processed_at AS "processedAt",
              CASE WHEN i.processed_at IS NOT NULL AND i.superseded THEN 'superseded'
                WHEN i.processed_at IS NOT NULL THEN 'processed' WHEN o.state = 'failed' THEN 'failed'
                ELSE 'accepted' END AS status,
              o.error_code AS "errorCode"
         FROM webhook_inbox i LEFT JOIN outbox o ON o.org_id = i.org_id AND o.id = i.outbox_id
        WHERE ${conditions.join(' AND ')} ORDER BY i.id DESC LIMIT $3`,
      values,
    );
  }

  /** Returns whether the organization has this delivery. */
  async exists(id: string): Promise<boolean> {
    const rows = await this.unitOfWork.sql('SELECT 1 FROM webhook_inbox WHERE org_id = $1 AND id = $2', [
      currentContext().orgId,
      id,
    ]);
    return rows.length > 0;
  }

  /** Creates a new job for a failed delivery. Returns false when the delivery has not failed. */
  async replay(id: string, jobId: string): Promise<boolean> {
    const [row] = await this.unitOfWork.sql<{ replayed: boolean }>(
      'SELECT app.replay_webhook($1, $2, $3) AS replayed',
      [id, jobId, currentContext().requestId],
    );
    return row!.replayed;
  }
}
