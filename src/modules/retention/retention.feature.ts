import { defineFeature } from '../../platform/feature/define-feature.js';
import { MANAGER_ROLES } from '../../platform/feature/roles.js';

/** Evidence of deletions is kept as long as the log itself: seven years. */
const SEVEN_YEARS = 2_557;

export const retentionFeature = defineFeature({
  name: 'retention',
  description:
    'Rows past their time are removed, by the policies that features declare; every run is recorded and certified.',
  permissions: {
    'retention:read': {
      category: 'Compliance',
      description: 'See retention policies and what they removed.',
      scopes: { org: MANAGER_ROLES },
    },
    'retention:preview': {
      category: 'Compliance',
      description: 'See what a retention policy would remove.',
      scopes: { org: MANAGER_ROLES },
    },
    'retention:update': {
      category: 'Compliance',
      description: 'Change how long the organization keeps what a policy is about.',
      scopes: { org: MANAGER_ROLES },
    },
    'retention:run': {
      category: 'Compliance',
      description: 'Run a retention policy ahead of its schedule.',
      scopes: { org: MANAGER_ROLES },
    },
  },
  events: {
    'retention.requested': {
      category: 'retention',
      severity: 'notice',
      description: 'A run of a retention policy was asked for.',
      meta: { policy: 'code', due: 'count', cutoff: 'time', planHash: 'digest' },
      realtime: { permission: 'retention:read' },
    },
    'retention.days_set': {
      category: 'retention',
      severity: 'notice',
      description: 'The organization set how long it keeps what a policy is about.',
      meta: { policy: 'code', days: 'count' },
    },
    'retention.days_reset': {
      category: 'retention',
      severity: 'notice',
      description: 'The organization went back to the declared time of a policy.',
      meta: { policy: 'code' },
    },
    'retention.completed': {
      category: 'retention',
      severity: 'notice',
      description: 'Certificate: a retention policy removed what was past its time.',
      meta: {
        policy: 'code',
        removed: 'count',
        objects: 'count',
        batches: 'count',
        cutoff: 'time',
        planHash: 'digest',
      },
      realtime: { permission: 'retention:read' },
    },
  },
  errors: {
    retention_policy_not_found: { status: 404, title: 'No such retention policy' },
    retention_below_floor: { status: 409, title: 'The policy has to keep its rows for longer than that' },
    retention_plan_changed: { status: 409, title: 'What is due has changed since the preview' },
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
      description: 'Removes in small batches what one planned run found due, and certifies it.',
      attempts: 10,
      backoffSeconds: 30,
      timeoutSeconds: 1_800,
      concurrency: 2,
      runWhenSuspended: true,
      enqueuePermissions: ['retention:run'],
    },
    'retention.remove_object': {
      description: 'Removes a stored object whose row is gone.',
      attempts: 10,
      backoffSeconds: 30,
      timeoutSeconds: 60,
      concurrency: 2,
      runWhenSuspended: true,
    },
  },
  schedules: {
    'retention.nightly': {
      description: 'Removes what is past its time, in every organization.',
      cron: '15 2 * * *',
      timezone: 'UTC',
      job: 'retention.nightly',
      per: 'organization',
    },
  },
  retention: {
    'retention_runs.old': {
      description: 'The record of retention runs',
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
        'Every table has a policy that removes its rows or a reason to keep them; floors are checked again at ' +
        'every run.',
    },
    'retention.own-days': {
      claims: ['E21'],
      description: 'An organization sets its own times, never below a floor; the log stays seven years.',
    },
    'retention.certified': {
      claims: ['E21'],
      description: 'A run leaves its counts, cutoff and the digest of its plan in the log.',
    },
    'retention.once-a-slot': {
      claims: ['E21'],
      description: 'One run a night whatever the number of workers; a night that was missed is made up for.',
    },
  },
});

declare module '../../platform/feature/registry.js' {
  interface FeatureMap {
    retention: typeof retentionFeature;
  }
}
