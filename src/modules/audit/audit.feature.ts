import { defineFeature } from '../../platform/feature/define-feature.js';
import { MANAGER_ROLES } from '../../platform/feature/roles.js';

export const auditFeature = defineFeature({
  name: 'audit',
  description: 'The log of who did what, for compliance officers: search, and the catalog of events.',
  permissions: {
    'audit:read': {
      category: 'Compliance',
      description: 'Search the audit log; every search is logged.',
      scopes: { org: MANAGER_ROLES },
    },
  },
  events: {
    'audit.read': {
      category: 'audit',
      severity: 'notice',
      description: 'The audit log was searched.',
      meta: { filters: 'codes', entries: 'count' },
    },
  },
  jobs: {
    'audit.partitions': {
      description: 'Makes the partitions of the log for the months ahead.',
      attempts: 10,
      backoffSeconds: 30,
      timeoutSeconds: 60,
      concurrency: 1,
    },
  },
  schedules: {
    'audit.partitions': {
      description: 'Keeps a year of partitions ready, so that the log can always be written.',
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
      retention: { reason: 'nothing of the log is removed: seven years is the least it has to be kept' },
    },
    audit_private: {
      kind: 'tenant',
      rows: { select: 'audit:read', insert: 'signed-in' },
      retention: { reason: 'goes with the partition of the log it belongs to' },
    },
  },
  controls: {
    'audit.append-only': {
      claims: ['M5', 'C6'],
      description: 'The database refuses to change or remove an entry of the log, from its owner too.',
    },
    'audit.search': {
      claims: ['M5', 'C6'],
      description: 'Who did what to which record, answered from indexes and itself logged.',
    },
    'audit.no-personal-data': {
      claims: ['E18'],
      description: 'Metadata of entries passes an allowlist of fields and shapes; the rest is stripped with a warning.',
    },
  },
});

declare module '../../platform/feature/registry.js' {
  interface FeatureMap {
    audit: typeof auditFeature;
  }
}
