import { defineFeature } from '../feature/define-feature.js';

/** The queue's own tables and events. */
export const jobsFeature = defineFeature({
  name: 'jobs',
  description: 'Work handed to the queue in the transaction that asks for it, and the record of scheduled runs.',
  events: {
    'job.failed': {
      category: 'jobs',
      severity: 'warning',
      implicit: true,
      description: 'A job failed its last attempt and waits for somebody to look.',
      meta: { job: 'code', error: 'code' },
    },
  },
  retention: {
    'outbox.finished': {
      description: 'Jobs that were done',
      table: 'outbox',
      ageColumn: 'finished_at',
      days: 7,
      floorDays: 1,
      action: 'delete',
      where: "state = 'done'",
    },
    'job_runs.old': {
      description: 'The record of scheduled runs',
      table: 'job_runs',
      ageColumn: 'created_at',
      days: 400,
      floorDays: 365,
      action: 'delete',
      where: "status <> 'queued'",
    },
  },
  tables: {
    outbox: {
      kind: 'tenant',
      rows: { select: ['delivery:read', 'retention:read', 'retention:preview', 'retention:run'] },
      retention: { policies: ['outbox.finished'] },
    },
    job_runs: {
      kind: 'tenant',
      rows: { select: ['retention:preview', 'retention:run'] },
      retention: { policies: ['job_runs.old'] },
    },
  },
  resources: {
    job: { description: 'A job, by its id in the outbox' },
  },
});

declare module '../feature/registry.js' {
  interface FeatureMap {
    jobs: typeof jobsFeature;
  }
}
