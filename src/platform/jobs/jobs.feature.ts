import { defineFeature } from '../feature/define-feature.js';

/** Tables, events, and retention of the job queue. */
export const jobsFeature = defineFeature({
  name: 'jobs',
  description: 'Jobs that a transaction enqueues when it commits, and the record of scheduled runs.',
  events: {
    'job.failed': {
      category: 'jobs',
      severity: 'warning',
      implicit: true,
      description: 'The worker stopped a job after its last attempt failed. An operator must review it.',
      meta: { job: 'code', error: 'code' },
    },
  },
  retention: {
    'outbox.finished': {
      description: 'Finished jobs',
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
    job: { description: 'A job, identified by its id in the outbox' },
  },
});

declare module '../feature/registry.js' {
  interface FeatureMap {
    jobs: typeof jobsFeature;
  }
}
