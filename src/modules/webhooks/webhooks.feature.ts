import { defineFeature } from '../../platform/feature/define-feature.js';
import { MANAGER_ROLES } from '../../platform/feature/roles.js';

export const webhooksFeature = defineFeature({
  name: 'webhooks',
  description: 'Signed deliveries from partner systems: stored durably, processed exactly once, in order.',
  permissions: {
    'webhook:read': {
      category: 'Integrations',
      description: 'List webhook sources, without their secrets.',
      scopes: { org: [...MANAGER_ROLES, 'staff', 'viewer'] },
    },
    'webhook:create': {
      category: 'Integrations',
      description: 'Add webhook sources.',
      scopes: { org: MANAGER_ROLES },
    },
    'webhook:update': {
      category: 'Integrations',
      description: 'Rename, limit, disable and remove webhook sources, and change their event types.',
      scopes: { org: MANAGER_ROLES },
    },
    'webhook:rotate': {
      category: 'Integrations',
      description: 'Rotate the secret of a webhook source.',
      scopes: { org: MANAGER_ROLES },
    },
    'delivery:read': {
      category: 'Integrations',
      description: 'List deliveries of webhook sources with their status, without the bodies.',
      scopes: { org: [...MANAGER_ROLES, 'staff', 'viewer'] },
    },
    'delivery:replay': {
      category: 'Integrations',
      description: 'Replay failed deliveries.',
      scopes: { org: MANAGER_ROLES },
    },
  },
  events: {
    'webhook_source.created': {
      category: 'integrations',
      severity: 'notice',
      description: 'A member added a webhook source.',
      meta: { scheme: 'code' },
      realtime: { permission: 'webhook:read' },
    },
    'webhook_source.updated': {
      category: 'integrations',
      severity: 'notice',
      description: 'A member changed a webhook source.',
      meta: { fields: 'codes', enabled: 'flag' },
      realtime: { permission: 'webhook:read' },
    },
    'webhook_source.removed': {
      category: 'integrations',
      severity: 'warning',
      description: 'A member removed a webhook source. Its secrets no longer work.',
      realtime: { permission: 'webhook:read' },
    },
    'webhook_secret.rotated': {
      category: 'integrations',
      severity: 'warning',
      description: 'A member rotated the secret of a webhook source.',
      meta: { overlapSeconds: 'count' },
      realtime: { permission: 'webhook:read' },
    },
    'webhook.rejected': {
      category: 'integrations',
      severity: 'warning',
      description:
        'The API rejected deliveries without a valid signature, with an invalid body, or with an event type that the ' +
        'source may not send. Each source gets at most one event per minute, with a count.',
      meta: { reasons: 'codes', count: 'count' },
    },
    'webhook.conflict': {
      category: 'integrations',
      severity: 'warning',
      description: 'The API rejected a delivery, because its message id was used before with another body.',
      meta: { deliveryId: 'id' },
    },
    'webhook.applied': {
      category: 'integrations',
      severity: 'info',
      description: 'The worker processed a delivery and changed the record that it concerns.',
      meta: { event: 'code', sourceId: 'id', recordId: 'id' },
      realtime: { permission: 'delivery:read' },
    },
    'webhook.superseded': {
      category: 'integrations',
      severity: 'info',
      description:
        'The worker did not apply a delivery, because it had already applied a newer event about the same record.',
      meta: { event: 'code', sourceId: 'id' },
      realtime: { permission: 'delivery:read' },
    },
    'webhook.replayed': {
      category: 'integrations',
      severity: 'notice',
      description: 'A member replayed a failed delivery.',
      realtime: { permission: 'delivery:read' },
    },
  },
  errors: {
    webhook_source_not_found: { status: 404, title: 'Webhook source not found' },
    webhook_headers_invalid: { status: 400, title: 'The webhook headers are missing or malformed' },
    webhook_timestamp_out_of_range: { status: 401, title: 'The webhook timestamp is outside the allowed window' },
    webhook_signature_invalid: { status: 401, title: 'No signature of the webhook is valid' },
    webhook_event_not_permitted: { status: 403, title: 'The source may not send this event type' },
    webhook_conflict: { status: 409, title: 'A delivery with this message id and another body exists' },
    webhook_scheme_not_supported: { status: 400, title: 'The webhook scheme is not supported' },
    delivery_not_failed: { status: 409, title: 'Only a failed delivery can be replayed' },
  },
  jobs: {
    'webhooks.apply': {
      description: 'Processes one delivery and changes the record that it concerns.',
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
      description: 'Processed deliveries. Until removal, a repeated message is detected',
      table: 'webhook_inbox',
      ageColumn: 'processed_at',
      days: 400,
      floorDays: 1,
      action: 'delete',
    },
    'webhook_inbox.unprocessed': {
      description: 'Failed deliveries that no member replayed',
      table: 'webhook_inbox',
      ageColumn: 'received_at',
      days: 180,
      floorDays: 30,
      action: 'delete',
      where: 'processed_at IS NULL',
    },
    'webhook_order_marks.unused': {
      description: 'Times of the newest applied event of a record. Until removal, an older event has no effect',
      table: 'webhook_order_marks',
      ageColumn: 'applied_at',
      days: 400,
      floorDays: 1,
      action: 'delete',
    },
    'webhook_secrets.expired': {
      description: 'Expired webhook secrets',
      table: 'webhook_secrets',
      ageColumn: 'expires_at',
      days: 30,
      floorDays: 1,
      action: 'delete',
    },
  },
  personalData: {
    webhook_inbox: { body_enc: { class: 'PII', erasure: 'delete' } },
    webhook_order_marks: { order_key: { class: 'PII', erasure: 'delete' } },
    webhook_sources: { name: { class: 'internal', erasure: 'keep' } },
    webhook_secrets: { secret_enc: { class: 'internal', erasure: 'keep' } },
  },
  tables: {
    webhook_sources: {
      kind: 'tenant',
      resource: 'webhook-source',
      rows: { select: 'webhook:read', insert: 'webhook:create', update: ['webhook:update', 'webhook:rotate'] },
      retention: { reason: 'deliveries and audit events refer to their source; it contains no personal data' },
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
    webhook_order_marks: {
      kind: 'tenant',
      rows: { select: ['retention:preview', 'retention:run'] },
      retention: { policies: ['webhook_order_marks.unused'] },
    },
  },
  controls: {
    'webhooks.signed': {
      claims: ['C7'],
      description:
        'Signatures cover the raw bytes and are valid for five minutes. The database rejects an expired secret.',
    },
    'webhooks.authority': {
      claims: ['C5'],
      description:
        'A source acts with the permissions of one member: the last who added a secret or set the event types. They ' +
        'are checked then, before a delivery is stored, and before it takes effect.',
    },
    'webhooks.exactly-once': {
      claims: ['C7'],
      description:
        'A 202 means that a delivery and its job are stored. One transaction changes the record and the status.',
    },
    'webhooks.newest-wins': {
      claims: ['C7'],
      description:
        'An event that is older than the newest applied event of its source about the same record has no effect.',
    },
  },
});

declare module '../../platform/feature/registry.js' {
  interface FeatureMap {
    webhooks: typeof webhooksFeature;
  }
}
