import type { Columns } from '../../platform/database/columns.js';
import type { Scheme } from './webhook-source.js';

/** A stored source, without the columns that the database fills. */
export interface WebhookSourceEntity {
  orgId: string;
  id: string;
  name: string;
  scheme: Scheme;
  appliesTo: string;
  enabled: boolean;
  limitPerMinute: number;
  /** The event types that the source may send. */
  events: string[];
  /** The membership with whose permissions the source acts; null for the operator. The database sets it. */
  responsible: string | null;
  createdAt: Date;
  updatedAt: Date;
  removedAt: Date | null;
}

export const WEBHOOK_SOURCE_COLUMNS: Columns<WebhookSourceEntity> = {
  orgId: 'org_id',
  id: 'id',
  name: 'name',
  scheme: 'scheme',
  appliesTo: 'applies_to',
  enabled: 'enabled',
  limitPerMinute: 'limit_per_minute',
  events: 'events',
  responsible: 'responsible',
  createdAt: 'created_at',
  updatedAt: 'updated_at',
  removedAt: 'removed_at',
};
