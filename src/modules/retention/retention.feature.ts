import { defineFeature } from '../../platform/feature/define-feature.js';
import { MANAGER_ROLES } from '../../platform/feature/roles.js';

/** Evidence of deletions is kept as long as the audit log: seven years. */
const SEVEN_YEARS = 2_557;

export const retentionFeature = defineFeature({
  name: 'retention',
  description:
    'Removes expired rows by the retention policies that features declare. Every run is recorded and certified.',
  permissions: {
    'retention:read': {
      category: 'Compliance',
      description: 'List retention policies and their runs.',
      scopes: { org: MANAGER_ROLES },
    },
    'retention:preview': {
      category: 'Compliance',
      description: 'Preview what a retention policy would remove.',
      scopes: { org: MANAGER_ROLES },
    },
    'retention:update': {
      category: 'Compliance',
      description: 'Change the retention periods of the organization.',
      scopes: { org: MANAGER_ROLES },
    },
    'retention:run': {
      category: 'Compliance',
      description: 'Run a retention policy before its schedule.',
      scopes: { org: MANAGER_ROLES },
    },
  },
  events: {
    'retention.requested': {
      category: 'retention',
      severity: 'notice',
      description: 'A member or the schedule requested a run of a retention policy.',
      meta: { policy: 'code', due: 'amount', cutoff: 'time', planHash: 'digest' },
      realtime: { permission: 'retention:read' },
    },
    'retention.days_set': {
      category: 'retention',
      severity: 'notice',
      description: 'A member changed the retention period of a policy.',
      meta: { policy: 'code', days: 'count' },
    },
    'retention.days_reset': {
      category: 'retention',
      severity: 'notice',
      description: 'A member reset the retention period of a policy to its declared value.',
      meta: { policy: 'code' },
    },
    'retention.completed': {
      category: 'retention',
      severity: 'notice',
      description: 'The worker removed the due rows of a retention policy. This event is the certificate.',
      meta: {
        policy: 'code',
        removed: 'amount',
        objects: 'amount',
        batches: 'amount',
        cutoff: 'time',
        planHash: 'digest',
      },
      realtime: { permission: 'retention:read' },
    },
  },
  errors: {
    retention_policy_not_found: { status: 404, title: 'Retention policy not found' },
    retention_below_floor: { status: 409, title: 'The retention period is below the minimum of the policy' },
    retention_plan_changed: { status: 409, title: 'The due rows have changed since the preview' },
  },
  jobs: {
    'retention.nightly': {
      description: 'Plans a run of every retention policy of one organization.',
      attempts: 10,
      backoffSeconds: 30,
      timeoutSeconds: 300,
      concurrency: 1,
      runWhenSuspended: true,
    },
    'retention.run': {
      description: 'Removes the due rows of one planned run in small batches, and certifies the run.',
      attempts: 10,
      backoffSeconds: 30,
      timeoutSeconds: 1_800,
      concurrency: 2,
      runWhenSuspended: true,
      enqueuePermissions: ['retention:run'],
    },
    'retention.remove_object': {
      description: 'Removes a stored object whose row was deleted.',
      attempts: 10,
      backoffSeconds: 30,
      timeoutSeconds: 60,
      concurrency: 2,
      runWhenSuspended: true,
    },
  },
  schedules: {
    'retention.nightly': {
      description: 'Removes due rows in every organization.',
      cron: '15 2 * * *',
      timezone: 'UTC',
      job: 'retention.nightly',
      per: 'organization',
    },
  },
  retention: {
    'retention_runs.old': {
      description: 'Records of retention runs',
      table: 'retention_runs',
      ageColumn: 'created_at',
      days: SEVEN_YEARS,
      floorDays: SEVEN_YEARS,
      action: 'delete',
    },
  },
  tables: {
    retention_overrides: {
      kind: 'tenant',
      rows: {
        select: ['retention:read', 'retention:preview', 'retention:run', 'retention:update'],
        insert: 'retention:update',
        update: 'retention:update',
        delete: 'retention:update',
      },
      retention: { reason: 'a setting of the organization' },
    },
    retention_runs: {
      kind: 'tenant',
      rows: { select: ['retention:read', 'retention:preview', 'retention:run'], insert: ['retention:run'] },
      retention: { policies: ['retention_runs.old'] },
    },
  },
  resources: {
    'retention-policy': { description: 'A retention policy, by its declared name' },
    'retention-run': { description: 'A run of a retention policy' },
  },
  controls: {
    'retention.policies': {
      claims: ['E21'],
      description:
        'Every table has a policy that removes its rows, or a reason to keep them. Floors are checked again at ' +
        'every run.',
    },
    'retention.own-days': {
      claims: ['E21'],
      description:
        'An organization sets its own periods, but not below the minimum. The audit log is kept for seven years.',
    },
    'retention.certified': {
      claims: ['E21'],
      description: 'A run records its counts, its cutoff, and the digest of its plan in the audit log.',
    },
    'retention.once-a-slot': {
      claims: ['E21'],
      description: 'Retention runs once per night, with any number of workers. A missed run takes place later.',
    },
  },
});

declare module '../../platform/feature/registry.js' {
  interface FeatureMap {
    retention: typeof retentionFeature;
  }
}
