import { defineFeature } from '../../platform/feature/define-feature.js';
import { MANAGER_ROLES } from '../../platform/feature/roles.js';

export const auditFeature = defineFeature({
  name: 'audit',
  description: 'The audit log for compliance officers: search, and the catalog of event types.',
  permissions: {
    'audit:read': {
      category: 'Compliance',
      description: 'Search the audit log. Every search is itself recorded.',
      scopes: { org: MANAGER_ROLES },
    },
  },
  events: {
    'audit.read': {
      category: 'audit',
      severity: 'notice',
      description: 'A member searched the audit log.',
      meta: { filters: 'codes', entries: 'amount' },
    },
  },
  jobs: {
    'audit.partitions': {
      description: 'Creates the partitions of the audit log for the next months.',
      attempts: 10,
      backoffSeconds: 30,
      timeoutSeconds: 60,
      concurrency: 1,
    },
  },
  schedules: {
    'audit.partitions': {
      description: 'Keeps one year of partitions ready, so that audit events can always be written.',
      cron: '45 1 * * *',
      timezone: 'UTC',
      job: 'audit.partitions',
      per: 'installation',
    },
  },
  personalData: {
    audit_private: { payload: { class: 'PII', erasure: 'delete' } },
  },
  tables: {
    audit_events: {
      kind: 'tenant',
      rows: { select: 'audit:read', insert: 'signed-in' },
      retention: { reason: 'audit events are never deleted: the minimum retention is seven years' },
    },
    audit_private: {
      kind: 'tenant',
      rows: { select: 'audit:read', insert: 'signed-in' },
      retention: { reason: 'deleted together with the audit log partition that it belongs to' },
    },
  },
  controls: {
    'audit.append-only': {
      claims: ['M5', 'C6'],
      description: 'The database rejects every change and deletion of an audit event, even by the table owner.',
    },
    'audit.search': {
      claims: ['M5', 'C6'],
      description: 'A search by actor, resource, or time uses an index. The audit log records every search.',
    },
    'audit.no-personal-data': {
      claims: ['E18'],
      description: 'Event metadata passes an allowlist of fields and formats. Other fields are removed with a warning.',
    },
  },
});

declare module '../../platform/feature/registry.js' {
  interface FeatureMap {
    audit: typeof auditFeature;
  }
}
