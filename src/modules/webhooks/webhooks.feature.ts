import { defineFeature } from '../../platform/feature/define-feature.js';
import { MANAGER_ROLES } from '../../platform/feature/roles.js';

export const webhooksFeature = defineFeature({
  name: 'webhooks',
  description: 'Signed deliveries from partner systems: taken in durably, applied exactly once, in order.',
  permissions: {
    'webhook:read': {
      category: 'Integrations',
      description: 'See webhook sources, never their secrets.',
      scopes: { org: [...MANAGER_ROLES, 'staff', 'viewer'] },
    },
    'webhook:create': {
      category: 'Integrations',
      description: 'Add webhook sources.',
      scopes: { org: MANAGER_ROLES },
    },
    'webhook:update': {
      category: 'Integrations',
      description: 'Rename, limit, disable and remove webhook sources.',
      scopes: { org: MANAGER_ROLES },
    },
    'webhook:rotate': {
      category: 'Integrations',
      description: 'Give a webhook source a new secret.',
      scopes: { org: MANAGER_ROLES },
    },
    'delivery:read': {
      category: 'Integrations',
      description: 'See what webhook sources delivered and what became of it, never the bodies.',
      scopes: { org: [...MANAGER_ROLES, 'staff', 'viewer'] },
    },
    'delivery:replay': {
      category: 'Integrations',
      description: 'Process dead deliveries again.',
      scopes: { org: MANAGER_ROLES },
    },
  },
  events: {
    'webhook_source.created': {
      category: 'integrations',
      severity: 'notice',
      description: 'A webhook source was added.',
      meta: { scheme: 'code' },
      realtime: { permission: 'webhook:read' },
    },
    'webhook_source.updated': {
      category: 'integrations',
      severity: 'notice',
      description: 'A webhook source was changed.',
      meta: { fields: 'codes', enabled: 'flag' },
      realtime: { permission: 'webhook:read' },
    },
    'webhook_source.removed': {
      category: 'integrations',
      severity: 'warning',
      description: 'A webhook source was removed; its secrets open nothing any more.',
      realtime: { permission: 'webhook:read' },
    },
    'webhook_secret.rotated': {
      category: 'integrations',
      severity: 'warning',
      description: 'A webhook source was given a new secret.',
      meta: { overlapSeconds: 'count' },
      realtime: { permission: 'webhook:read' },
    },
    'webhook.rejected': {
      category: 'integrations',
      severity: 'warning',
      description:
        'Deliveries that were not signed as they must be were refused: at most one entry a minute for each ' +
        'source, with their number.',
      meta: { reasons: 'codes', count: 'count' },
    },
    'webhook.conflict': {
      category: 'integrations',
      severity: 'warning',
      description: 'A signed message came again with another body and was refused.',
      meta: { deliveryId: 'id' },
    },
    'webhook.applied': {
      category: 'integrations',
      severity: 'info',
      description: 'The system applied a delivery to the record that it is about.',
      meta: { event: 'code', sourceId: 'id', recordId: 'id' },
      realtime: { permission: 'delivery:read' },
    },
    'webhook.replayed': {
      category: 'integrations',
      severity: 'notice',
      description: 'A dead delivery was handed to the queue again.',
      realtime: { permission: 'delivery:read' },
    },
  },
  errors: {
    webhook_source_not_found: { status: 404, title: 'No such webhook source' },
    webhook_headers_invalid: { status: 400, title: 'The webhook headers are missing or malformed' },
    webhook_timestamp_out_of_range: { status: 401, title: 'The webhook timestamp lies too far from the present' },
    webhook_signature_invalid: { status: 401, title: 'No signature of the webhook is valid' },
    webhook_conflict: { status: 409, title: 'This message id was delivered before with another body' },
    webhook_scheme_not_supported: { status: 400, title: 'This webhook scheme is not offered' },
    delivery_not_failed: { status: 409, title: 'Only a dead delivery can be replayed' },
  },
  jobs: {
    'webhooks.apply': {
      description: 'Applies one delivery to the record it is about.',
      attempts: 5,
      backoffSeconds: 2,
      timeoutSeconds: 30,
      concurrency: 8,
    },
  },
  retention: {
    'webhook_inbox.payload': {
      description: 'Bodies of processed deliveries',
      table: 'webhook_inbox',
      ageColumn: 'processed_at',
      days: 30,
      floorDays: 0,
      action: { clear: ['body_enc'] },
      where: 'has_body',
    },
    'webhook_inbox.processed': {
      description: 'Processed deliveries; until then a message that comes again is recognized',
      table: 'webhook_inbox',
      ageColumn: 'processed_at',
      days: 400,
      floorDays: 1,
      action: 'delete',
    },
    'webhook_inbox.unprocessed': {
      description: 'Deliveries that died and that nobody replayed',
      table: 'webhook_inbox',
      ageColumn: 'received_at',
      days: 180,
      floorDays: 30,
      action: 'delete',
      where: 'processed_at IS NULL',
    },
    'webhook_secrets.expired': {
      description: 'Webhook secrets that have expired',
      table: 'webhook_secrets',
      ageColumn: 'expires_at',
      days: 30,
      floorDays: 1,
      action: 'delete',
    },
  },
  personalData: {
    webhook_inbox: { body_enc: { class: 'PII', erasure: 'delete' } },
    webhook_sources: { name: { class: 'internal', erasure: 'keep' } },
    webhook_secrets: { secret_enc: { class: 'internal', erasure: 'keep' } },
  },
  tables: {
    webhook_sources: {
      kind: 'tenant',
      resource: 'webhook-source',
      rows: { select: 'webhook:read', insert: 'webhook:create', update: ['webhook:update', 'webhook:rotate'] },
      retention: { reason: 'deliveries and log entries name their source; it holds no personal data' },
    },
    webhook_secrets: {
      kind: 'tenant',
      rows: {
        select: ['webhook:read', 'webhook:rotate', 'retention:preview', 'retention:run'],
        insert: ['webhook:create', 'webhook:rotate'],
        update: ['webhook:update', 'webhook:rotate'],
      },
      retention: { policies: ['webhook_secrets.expired'] },
    },
    webhook_inbox: {
      kind: 'tenant',
      resource: 'delivery',
      rows: { select: ['delivery:read', 'delivery:replay', 'retention:preview', 'retention:run'] },
      retention: { policies: ['webhook_inbox.payload', 'webhook_inbox.processed', 'webhook_inbox.unprocessed'] },
    },
  },
  controls: {
    'webhooks.signed': {
      claims: ['C7'],
      description:
        'Deliveries are verified over raw bytes, within five minutes, and shut out by the database when a secret ends.',
    },
    'webhooks.exactly-once': {
      claims: ['C7'],
      description: 'A delivery answered with 202 is stored with its job, and applied in one transaction with its mark.',
    },
  },
});

declare module '../../platform/feature/registry.js' {
  interface FeatureMap {
    webhooks: typeof webhooksFeature;
  }
}
